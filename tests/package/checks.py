# SPDX-License-Identifier: Apache-2.0
"""What is looked at in the packages, without installing them."""

import hashlib
import re
import subprocess

from packages import ARCHITECTURES, ROOT, output

PROGRAM_MAX = 300_000  # bytes
CASES = []


def check(function):
    function.suite = None
    CASES.append(function)
    return function


def unpacked(packages, arch):
    folder = packages.scratch / f"unpacked-{arch}"
    if not folder.exists():
        subprocess.run(["dpkg-deb", "--raw-extract", packages.built[arch], folder], check=True)
    return folder


def field(package, name):
    return output("dpkg-deb", "--field", package, name).strip()


@check
def lintian_finds_nothing(packages):
    """lintian finds no error and no warning in either"""
    for package in packages.built.values():
        done = subprocess.run(["lintian", "--allow-root", "--fail-on=error,warning", package],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0 and not done.stdout, f"{package.name}: exit {done.returncode}\n{done.stdout}"


@check
def built_twice_it_is_the_same(packages):
    """built elsewhere, more than a year later, by somebody with other habits, it is the same, bit by bit"""
    sums = []
    for arch in ARCHITECTURES:
        first, second = packages.built[arch].read_bytes(), packages.build_elsewhere(arch).read_bytes()
        assert first == second, f"{arch}: {len(first)} and {len(second)} bytes, not the same"
        sums.append(f"{arch} {len(first)} bytes, sha256 {hashlib.sha256(first).hexdigest()[:16]}")
    return "; ".join(sums)


@check
def both_architectures_have_the_same(packages):
    """amd64 and arm64 have the same files with the same rights, the same scripts, and need the same"""
    lists = [re.sub(r"(?m)^(\S+ \S+) +\d+ ", r"\1 ", output("dpkg-deb", "--contents", packages.built[arch]))
             for arch in ARCHITECTURES]
    assert lists[0] == lists[1], "\n".join(lists)
    for name in ("Version", "Depends", "Recommends", "Section"):
        values = {field(packages.built[arch], name) for arch in ARCHITECTURES}
        assert len(values) == 1, f"{name}: {values}"
    for script in ("postinst", "prerm", "postrm"):
        texts = {(unpacked(packages, arch) / "DEBIAN" / script).read_text() for arch in ARCHITECTURES}
        assert len(texts) == 1, script
    return f"{lists[0].count(chr(10))} files and folders; Depends: {field(packages.first, 'Depends')}"


@check
def all_of_systemd_is_in_it(packages):
    """each file of systemd/ is in the package, once, as it stands there"""
    folder = unpacked(packages, "arm64")
    for source in (ROOT / "systemd").rglob("*"):
        if source.is_dir():
            continue
        found = [path for path in folder.rglob(source.name + "*") if path.name.removesuffix(".gz") == source.name]
        assert len(found) == 1, f"{source.name}: {found}"
        shipped = output("zcat", "-f", found[0])
        assert shipped == source.read_text(), f"{found[0]} is not {source}"


@check
def program_is_small_and_sound(packages):
    """the program has at most 300,000 bytes, no symbols, and is what cross/inspect asks of one for a Pi"""
    sizes = []
    for arch in ARCHITECTURES:
        program = unpacked(packages, arch) / "usr" / "bin" / "gatewake"
        size = program.stat().st_size
        assert size <= PROGRAM_MAX, f"{arch}: {size} bytes"
        sections = output("readelf", "--sections", "--wide", program)
        assert not re.search(r" \.(symtab|debug_info) ", sections), f"{arch}: not stripped"
        sizes.append(f"{arch} {size} bytes")
    done = subprocess.run([ROOT / "cross" / "inspect", program], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    return ", ".join(sizes)
