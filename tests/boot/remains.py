# SPDX-License-Identifier: Apache-2.0
"""What is left of a private key: the forms in which it may be found, and the places where it is looked for.

A form is cut into overlapping pieces, so that a part of it is found as well: any that is as long as PIECE + STEP."""

import base64
import os
import pathlib
import re

PIECE, STEP = 16, 8
UNREADABLE = (["[vvar]"], ["[vvar_vclock]"], ["[vsyscall]"])  # the kernel's, not the process's


# --- a key in its forms ---

def pieces(form):
    form = form.strip(b"\n")
    return [form[at:at + PIECE] for at in range(0, len(form) - PIECE + 1, STEP)]


def children(der, start, end):
    """(tag, start of the content, its end) of what stands there in a row."""
    found = []
    while start < end:
        tag, length, start = der[start], der[start + 1], start + 2
        if length & 0x80:
            count = length & 0x7f
            length, start = int.from_bytes(der[start:start + count], "big"), start + count
        found.append((tag, start, start + length))
        start += length
    return found


def secret_numbers(der):
    """Where the private numbers of a PKCS#8 key are: RSA's d, p, q, dp, dq and qinv, or EC's scalar."""
    outer = children(der, *children(der, 0, len(der))[0][1:])
    inner = children(der, *children(der, *outer[2][1:])[0][1:])
    numbers = inner[3:9] if len(inner) == 9 else inner[1:2]
    return [(end - len(der[start:end].lstrip(b"\0")), end) for _, start, end in numbers]


def digits(text_at, first, last):
    """Of the bytes first..last of what was encoded, the digits that hold nothing else. text_at: each digit's place."""
    return text_at[-(-first * 4 // 3)], text_at[last * 4 // 3 - 1] + 1


def forms_of(pem):
    """{name: pieces}: all that must not be left. What a certificate or any other key has as well is not in it."""
    text = "".join(re.findall(r"^[^-\n]+$", pem, re.M))
    der = base64.b64decode(text)
    numbers = secret_numbers(der)
    places = [found.start() for found in re.finditer(r"[A-Za-z0-9+/=]", pem) if found.start() >= pem.index("\n")]
    first, last = digits(places, numbers[0][0], numbers[-1][1])
    forms = {f"number {n} {order}": der[start:end][::way]
             for n, (start, end) in enumerate(numbers) for order, way in (("big-endian", 1), ("little-endian", -1))}
    forms |= {f"PEM line {n}": line.encode() for n, line in enumerate(pem[first:last].split("\n"))}
    wire = base64.b64encode(pem.encode())  # as it is in the Secret's JSON
    forms["base64 of the PEM"] = wire[slice(*digits(range(len(wire)), first, last))]
    return {name: pieces(form) for name, form in forms.items() if len(form) >= PIECE}


# --- where it is looked for ---

def search(data, keys):
    """{(key, form)} of those of which a piece is in the data; keys: {name: {form: pieces}}."""
    return {(key, form) for key, forms in keys.items() for form, parts in forms.items()
            if any(part in data for part in parts)}


def mappings(pid):
    """(line of smaps, start, end) of what a process can read, but for what holds nothing that is not in a file: of a
    private mapping no page was written to."""
    for text in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", pathlib.Path(f"/proc/{pid}/smaps").read_text(), flags=re.M)[1:]:
        line = text.partition("\n")[0]
        span, access, _, _, inode, *name = line.split(maxsplit=5)
        is_as_its_file = access[3] == "p" and inode != "0" and re.search(r"^Anonymous: +0 kB$", text, re.M)
        if access[0] == "r" and not is_as_its_file and name not in UNREADABLE:
            yield line, *(int(part, 16) for part in span.split("-"))


def without_gaps(data):
    """The same without its long runs of zeros, which are the most of it."""
    return bytes(PIECE).join(part for part in data.split(bytes(4 * PIECE)) if part)


def search_memory(pid, keys):
    """{(key, form): [mappings]} of a process, and how much was looked at: all of it, or it raises."""
    found, size = {}, 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line, start, end in mappings(pid):
            data = os.pread(memory.fileno(), end - start, start)
            assert len(data) == end - start, f"{line}: {len(data)} bytes were read"
            size += len(data)
            for hit in search(without_gaps(data), keys):
                found.setdefault(hit, []).append(line)
    return found, size


def search_files(root, folders, keys):
    """{file: {(key, form)}} of the regular files below, and which were looked into."""
    found, seen = {}, []
    for folder in folders:
        for path in pathlib.Path(root, folder).rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                hits = search(without_gaps(path.read_bytes()), keys)
            except FileNotFoundError:  # gone meanwhile
                continue
            seen.append(f"/{path.relative_to(root)}")
            if hits:
                found[seen[-1]] = hits
    return found, seen
