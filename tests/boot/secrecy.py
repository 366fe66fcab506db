# SPDX-License-Identifier: Apache-2.0
"""No private key outlives its use: not in the service's memory, so in no core either, nor where it writes. The token it
has to keep in memory; it is nowhere else."""

import base64
import json
import re
import subprocess
import sys

import remains
from account import OWN
from cases import case, dropin, holds, measure_into, metrics_of, proven, same, start, world_of

SOURCES = {"alpha": ("rsa", "applied"), "beta": ("applied",), "gamma": ("renew",)}
CREATED = "write POST /api/v1/namespaces/cilium-secrets/secrets"
DELETED = "write DELETE /api/v1/namespaces/kube-system/pods/"
KEEP = "import signal, sys; kept = sys.stdin.buffer.read(); print(flush=True); signal.pause()"
COMMANDS = ("doctor", "doctor --json", "sync --dry-run", "rbac", "setup")


def lose_and_recover(box, world):
    """The copies are lost, the controller is off: the agent reads the sources, writes copies, restarts, proves. One of
    the keys is RSA, two are in an annotation as well, which comes back with each look at the copies."""
    for name, changes in SOURCES.items():
        for change in changes:
            world.tell(f"source {name} {change}")
    world.tell("restart refused 3")
    world.tell("copies delete")
    start(box)
    proven(box)
    same([world.count(CREATED), world.count(DELETED)], [len(SOURCES), 1], "copies written, restarts of the controller")


def pems_of(world):
    shown = {name: world.ask(f"show secrets default {name}-tls").partition(" ")[2] for name in SOURCES}
    return {name: base64.b64decode(json.loads(text)["data"]["tls.key"]).decode() for name, text in shown.items()}


def found_in(box, unit, keys):
    """What is found in the memory of a unit's process, and how much was looked at."""
    return remains.search_memory(box.outer_pid(box.show("MainPID", unit)), keys)


# --- what shows that it would be found ---

def all_is_found(pems, keys):
    """A process has each key in each form."""
    texts = [pem.encode() for pem in pems.values()]
    ders = [base64.b64decode("".join(re.findall("^[^-].*$", pem, re.M))) for pem in pems.values()]
    kept = b"".join([*texts, *map(base64.b64encode, texts), *ders, *(der[::-1] for der in ders)])
    with subprocess.Popen([sys.executable, "-c", KEEP], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        try:
            keeper.stdin.write(kept)
            keeper.stdin.close()
            keeper.stdout.readline()
            found = remains.search_memory(keeper.pid, keys)[0]
        finally:
            keeper.kill()
    same({(key, form) for key, forms in keys.items() for form in forms} - set(found), set(), "not found where it is")


def world_has_them(box, keys):
    """The API server has each key as it sent it."""
    found = found_in(box, "fakeapi", keys)[0]
    same({key for key, form in found if form == "base64 of the PEM"}, set(keys), "keys in the API server's memory")


# --- the cases ---

@case
def no_key_is_freed(box):
    """a service that keeps whatever it frees as it is has freed no part of a private key"""
    world = world_of(box)
    dropin(box, "hoard", "[Service]\nExecStart=\nExecStart=/usr/libexec/gatewake-hoard run\nMemoryMax=1G\n")
    lose_and_recover(box, world)
    keys = {name: remains.forms_of(pem) for name, pem in pems_of(world).items()}
    found, size = found_in(box, "gatewake", keys)
    same(found, {}, "in the service's memory")
    return f"{size / 1e6:.0f} MB of memory searched"


@case
def no_key_is_left(box):
    """copies written, handshakes proven: no part of a private key in memory or files, no token in files or output"""
    world = world_of(box)
    measure_into(box, "/run/gatewake")
    lose_and_recover(box, world)
    metrics_of(box, "/run/gatewake")
    pems = pems_of(world)
    keys = {name: remains.forms_of(pem) for name, pem in pems.items()}
    all_is_found(pems, keys)
    world_has_them(box, keys)
    found, size = found_in(box, "gatewake", keys)
    same(found, {}, "in the service's memory")
    limits = box.run("cat", f"/proc/{box.show('MainPID')}/limits")
    same(re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.M).groups(), ("0", "0"), "limits of a core")
    files = no_file_has_them(box, world, keys)
    no_command_tells(box, world, keys)
    return f"{size / 1e6:.0f} MB of memory and {files} files searched"


def token_of(box):
    token = re.search(r"token: (\S+?)}?$", box.read(OWN), re.M)[1]
    return {"token": {"text": remains.pieces(token.encode())}}


def no_file_has_them(box, world, keys):
    """Of all files that anything here wrote, the three with the kubeconfig hold the token, and none a key."""
    found, seen = {}, []
    for root, folders in ((f"/proc/{box.leader}/root", ("run", "tmp")), (box.folder / "upper", ("etc", "root", "var"))):
        hits, files = remains.search_files(root, folders, keys | token_of(box))
        found, seen = found | hits, seen + files
    same(set(found), {OWN, world.kubeconfig, "/run/credentials/gatewake.service/kubeconfig"}, "files with a secret")
    same({key for hits in found.values() for key, _ in hits}, {"token"}, "what is in them")
    for part in ("/run/gatewake/status.json", "/run/gatewake/gatewake.prom", "/var/lib/private/gatewake/ledger",
                 "system.journal"):
        assert any(path.endswith(part) for path in seen), f"{part} is not among {sorted(seen)}"
    journal = box.run("journalctl", "--output=export", "--boot").encode()
    assert b"\nGATEWAKE_COPY_NAME=" in journal
    same(remains.search(journal, keys | token_of(box)), set(), "in the journal")
    return len(seen)


def no_command_tells(box, world, keys):
    """Neither the token that each of them uses nor the new one that setup makes."""
    secrets = keys | token_of(box)
    said = [box.run("gatewake", *words) for words in (["status"], ["status", "--json"])]
    box.run("mv", OWN, "/root/kubeconfig")
    flags = ["--host-root", world.host, "--kubeconfig", "/root/kubeconfig"]
    said += [box.run("gatewake", *words.split(), *flags) for words in COMMANDS]
    holds(said[-1], f"wrote      {OWN}")
    secrets["new token"] = token_of(box)["token"]
    same(remains.search("".join(said).encode(), secrets), set(), "in what the commands say")
