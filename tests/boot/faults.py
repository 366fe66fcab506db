# SPDX-License-Identifier: Apache-2.0
"""What happens to a Pi: a disk that is full or read-only, a /run that is full, credentials that are taken away. The
service goes on, says it once, and does no harm."""

import json
import time

import lan
from account import give_k3s, world_without_account
from bed import waiting
from bed.waiting import until
from cases import (DELETE, LEDGER, PATIENCE, case, dropin, exposure, holds, proven, same, spend_and_kill, start,
                   status_with, wait_for_line, wait_for_restarts, world_of)
from prevention import remember_address
from world import World

STATES = "/var/lib/private"
STATE = f"{STATES}/gatewake"
FULL = "cannot be written (No space left on device)"
STATUS = "/run/gatewake/status.json"
READ_ONLY = "cannot be written (Read-only file system)"
SETUP = "try: sudo gatewake setup"


def example(box, name):
    """As its comment says: the copy of an example."""
    box.write(f"etc/systemd/system/gatewake.service.d/{name}.conf",
              box.read(f"usr/share/doc/gatewake/examples/{name}.conf"))


def said(box, text):
    return [line for line in box.lines() if text in line]


def state_of(box):
    """All that the service keeps, by name."""
    names = box.run("ls", "-A", STATE).split()
    return {name: box.run("cat", f"{STATE}/{name}") for name in names}


def own_disk(box):
    """The service's states on a file system that can be full, or read-only, while systemd's own are not."""
    box.write("etc/fstab", f"tmpfs {STATES} tmpfs size=64k,mode=0700 0 0\n")


def fill(box, folder):
    box.run("dd", "if=/dev/zero", f"of={folder}/full", "bs=4k", "oflag=append", "conv=notrunc", check=False)
    same(box.run("df", "--output=avail", folder).split()[1], "0", f"bytes free in {folder}")


def free(box, folder):
    box.run("rm", f"{folder}/full")


def lose_the_race(box, world):
    """A boot at which the address is late; it ends with the cure."""
    deletes = world.count(DELETE)
    world.tell("reboot 3")
    start(box)
    until(lambda: world.count(DELETE) > deletes, PATIENCE, "the restart of the operator")
    proven(box)
    same(world.count(DELETE), deletes + 1, "deletes carried out")


def never_ended(box):
    same([box.show("NRestarts"), box.show("Result")], ["0", "success"], "restarts by systemd, and why")


# --- the disk ---

def on_its_own_disk(box):
    """A first race is over; the world, and what is on the disk then."""
    own_disk(box)
    world = world_of(box)
    lose_the_race(box, world)
    return world, state_of(box)


@case
def disk_full(box):
    """a full disk: it starts, repairs, proves, says it once, keeps the old ledger whole, writes when it can again"""
    world, before = on_its_own_disk(box)
    holds(" ".join(before), "ledger")
    fill(box, STATES)
    lose_the_race(box, world)
    line = f"/var/lib/gatewake/ledger {FULL}: restarts are counted in memory only"
    same(said(box, "cannot be written"), [line], "what it says of that")
    same(state_of(box), before, "what is on the disk")
    free(box, STATES)
    lose_the_race(box, world)
    now = state_of(box)
    same(sorted(now), sorted(before), "names of what is on the disk")
    assert now["ledger"] != before["ledger"], "it writes no ledger again"
    same(len(said(box, "cannot be written")), 1, "times that it is said")
    never_ended(box)


@case
def killed_with_a_full_disk(box):
    """kill -9 after three restarts in vain that the disk did not take: no fourth delete, the time to wait goes on"""
    own_disk(box)
    world = world_of(box, speed=1)
    box.run("sh", "-c", f"echo gatewake-ledger 1 1 1 0 1 1 1 > {LEDGER}")  # of some boot before
    fill(box, STATES)
    spend_and_kill(box, world)
    box.run("systemctl", "restart", "gatewake")
    status_with(box, "not restarted yet: the last replacements were off as well", ", at most ")
    same(world.count(DELETE), 3, "deletes carried out, after a restart by hand as well")


@case
def disk_turns_read_only(box):
    """an SD card that fails while it runs: it repairs and proves all the same, and says once what it cannot keep"""
    world, before = on_its_own_disk(box)
    box.run("mount", "-o", "remount,ro", STATES)
    world.tell("restart refused 3")
    until(lambda: world.count(DELETE) == 2, PATIENCE, "the restart of the operator")
    proven(box)
    same(said(box, "cannot be written"),
         [f"/var/lib/gatewake/ledger {READ_ONLY}: restarts are counted in memory only"], "what it says of that")
    same(state_of(box), before, "what is on the disk")
    box.run("mount", "-o", "remount,rw", STATES)
    world.tell("restart refused 3")
    until(lambda: world.count(DELETE) == 3, PATIENCE, "one more restart of the operator")
    proven(box)
    assert state_of(box)["ledger"] != before["ledger"], "it writes no ledger again"
    never_ended(box)


def read_only_world(box):
    """Its files are put there from without, as by who mounts the SD card elsewhere."""
    world = World(box)
    box.write("etc/gatewake/kubeconfig", box.run("cat", world.kubeconfig), 0o600)
    return world


@case
def read_only_from_the_start(box):
    """a read-only / without a state: systemd does not start it (238); with the drop-in it works, from memory"""
    box.options = ["--read-only"]
    box.boot()
    until(lambda: box.show("ExecMainStatus") == "238", PATIENCE, "the end with 238/STATE_DIRECTORY")
    world = read_only_world(box)
    example(box, "read-only")
    lose_the_race(box, world)
    same(box.ask("touch", "/etc/x", f"{STATES}/x").returncode, 1, "a file on the disk")
    same(len(said(box, "ledger cannot be written (")), 1, f"times that it is said, in {box.lines()}")
    never_ended(box)


@case
def read_only_with_a_state(box):
    """a read-only / on which it has run before: it needs no drop-in"""
    box.boot()
    uid = int(box.run("stat", "--format=%u", STATE))
    box.reboot("--read-only")
    same(int(box.run("stat", "--format=%u", STATE)), uid, "owner of the state directory")
    world = read_only_world(box)
    lose_the_race(box, world)
    same(len(said(box, f"ledger {READ_ONLY}")), 1, f"times that it is said, in {box.lines()}")
    never_ended(box)


# --- /run ---

@case
def run_full(box):
    """a full /run: status is new, or says that there is none, never old; the service goes on, and says it once"""
    box.write("var/log/journal/.keep", "")  # the journal is not what is looked at
    world = world_of(box)
    start(box)
    proven(box)
    used = int(box.run("df", "--output=used", "-k", "/run").split()[1])
    box.run("mount", "-o", f"remount,size={used + 64}k", "/run")
    fill(box, "/run")
    world.tell("gate vip refused")
    wait_for_line(box, "waiting for vip: ")
    until(lambda: "ECONNREFUSED" in box.ask("gatewake", "status").stdout, PATIENCE, "news in place of the old ones")
    same(said(box, "cannot be written"), [], "what it says of that")
    box.run("rm", STATUS)
    fill(box, "/run")  # its place is another's now
    world.tell("gate vip open")
    line = f"{STATUS} {FULL}: `gatewake status` and `gatewake wait` know nothing until it can"
    wait_for_line(box, line)
    shown = box.ask("gatewake", "status")
    same(shown.stdout, f"gatewake status: the agent has not written {STATUS}: it has just started, or could not; "
         "try: journalctl -u gatewake\n", "what status says")
    same([shown.returncode, box.ask("gatewake", "wait", "vip", "--timeout", "0s").returncode], [3, 1],
         "exit codes of status and of wait")
    world.tell("gate vip refused")
    until(lambda: len(said(box, "waiting for vip: ")) == 2, PATIENCE, "the address to be away once more")
    world.tell("gate vip open")
    until(lambda: len(said(box, "vip: ")) == 5, PATIENCE, f"it to be back, in {said(box, 'vip: ')}")
    same(said(box, "cannot be written"), [line], "what it says of that")
    free(box, "/run")
    until(lambda: box.ask("gatewake", "status").returncode == 0, PATIENCE, "a status that is well")
    never_ended(box)


# --- credentials ---

QUIET_SECONDS = 8
REFUSED_MAX = 10  # a second


def refused_calmly(box, world):
    """Refusals in some seconds: few, and the watchdog, which is shorter than that, is fed."""
    first, began = world.count(" refused "), time.monotonic()
    waiting.reach(began + QUIET_SECONDS)
    rate = (world.count(" refused ") - first) / (time.monotonic() - began)
    assert rate <= REFUSED_MAX, f"{rate:.1f} requests a second are refused"
    never_ended(box)
    return f"{rate:.1f} refused requests a second"


def with_account(box):
    """`gatewake setup` has been run, and the watchdog would bite within the time that is looked on."""
    dropin(box, "watchdog", "[Service]\nWatchdogSec=3\n")
    box.enable("gatewake-reload.path")
    world = world_without_account(box)
    give_k3s(box, world)
    box.run("gatewake", "setup")
    proven(box)
    return world


@case
def token_deleted(box):
    """its token is deleted (401): told once, with what helps; it asks calmly, touches nothing; proven after setup"""
    world = with_account(box)
    life = box.show("InvocationID")
    world.tell("delete secrets kube-system gatewake-token")
    status_with(box, "waiting for local: ", "it does not accept our credentials (HTTP 401)")
    until(lambda: len(said(box, SETUP)) == 2, PATIENCE, "what helps, for each of the two ways")
    holds(box.ask("gatewake", "status").stdout, SETUP)
    note = refused_calmly(box, world)
    lines = said(box, "it does not accept")
    same(sorted(line.split()[2] for line in lines), ["local:", "vip:"], f"the two ways, each told of once, in {lines}")
    same(box.show("InvocationID"), life, "the service's life")
    same(world.count(DELETE) + world.count(" created "), 0, "deletes and copies")
    holds(box.run("gatewake", "setup"), "created    Secret kube-system/gatewake-token", "restarted  gatewake.service")
    proven(box)
    return note


FORBIDDEN = 'answer GET {path} 403 {plural} is forbidden: User "system:serviceaccount:kube-system:gatewake" cannot ' \
    '{verb} resource "{plural}" in API group "{group}" {where}'
CLUSTER, OPERATOR, COPIES = ("at the cluster scope", *(f'in the namespace "{name}"' for name in (
    "kube-system", "cilium-secrets")))
RIGHTS = (("list", "", "nodes", CLUSTER), ("list", "apps", "deployments", CLUSTER),
          ("list", "apps", "replicasets", OPERATOR), ("list", "", "pods", OPERATOR),
          ("get", "", "configmaps", OPERATOR), ("get", "apiextensions.k8s.io", "customresourcedefinitions", CLUSTER),
          ("list", "gateway.networking.k8s.io", "gatewayclasses", CLUSTER),
          ("list", "gateway.networking.k8s.io", "gateways", CLUSTER),
          ("list", "gateway.networking.k8s.io", "referencegrants", CLUSTER),
          ("list", "cilium.io", "ciliumenvoyconfigs", CLUSTER), ("list", "", "secrets", COPIES))


@case
def rights_deleted(box):
    """its rights are deleted (403): told with what helps; it asks calmly, touches nothing; proven with the rights"""
    world = with_account(box)
    life = box.show("InvocationID")
    for verb, group, plural, where in RIGHTS:
        world.tell(FORBIDDEN.format(path=f"/{plural}", verb=verb, group=group, plural=plural, where=where))
    world.tell("watch cut")  # the API server asks for the right when a watch begins
    status_with(box, "the API server refuses to show what gatewake must read: HTTP 403: ", seconds=2 * PATIENCE)
    same(len(said(box, SETUP)), 1, f"times that it says what helps, in {said(box, SETUP)}")
    holds(box.ask("gatewake", "status").stdout, SETUP)
    note = refused_calmly(box, world)
    same(world.count(DELETE) + world.count(" created "), 0, "deletes and copies")
    world.tell("release")
    proven(box)
    same(box.show("InvocationID"), life, "the service's life")
    return note


# --- the adverts, under the service's own sandbox ---

DEAF = "vip: VRRP adverts are not heard (CAP_NET_RAW)"


def holder(box):
    """What the running agent knows of who holds the address."""
    text = box.ask("gatewake", "status", "--json").stdout
    return json.loads(text)["readiness"]["vip"].get("holder", {}) if text.startswith("{") else {}


@case(machines=2)
def adverts_are_heard(first, second):
    """beside the node with the address: without the drop-in it says that it hears no adverts, with it who sends them"""
    lan.join(first, second)
    lan.boot_holder(first)
    world = world_of(second)
    settings = second.read("etc/gatewake/config.yaml")
    second.write("etc/gatewake/config.yaml", settings.replace(f"vip: {world.vip}\n", f"vip: {lan.VIP}:6443\n"))
    start(second)
    until(lambda: holder(second).get("state") == "PEER", PATIENCE, "another host to hold the address")
    assert holder(second)["source"] != "advert", holder(second)
    same(len(said(second, DEAF)), 1, "times that it says that it does not hear")
    example(second, "vrrp")
    start(second)
    until(lambda: holder(second).get("source") == "advert", PATIENCE, "an advert")
    same(holder(second), {"state": "PEER", "source": "advert", "detail": "192.0.2.11, priority 100"}, "who holds it")
    first.run("systemctl", "stop", "keepalived")
    until(lambda: holder(second).get("source") == "farewell", PATIENCE, "its farewell")
    same(len(said(second, DEAF)), 1, "times that it says that it does not hear")
    return exposure(second)


# --- the units beside it ---

SHOP = """\
[Unit]
{needs}=gatewake-wait@{what}.service
After=gatewake-wait@{what}.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/true
"""


def open_shop(box, what, needs="Wants"):
    """A unit of somebody's that needs that; it is asked to start, and not waited for."""
    box.write("etc/systemd/system/shop.service", SHOP.format(what=what, needs=needs))
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "start", "--no-block", "shop")


def states(box, *units):
    return [box.show("ActiveState", unit) for unit in units]


def ended(box, unit):
    until(lambda: states(box, unit)[0] in ("inactive", "failed"), PATIENCE, f"the end of {unit}", every=0.05)
    return [box.show(name, unit) for name in ("Result", "ExecMainStatus")]


@case
def a_unit_waits_for_it(box):
    """a unit after gatewake-wait@served starts once that is so, and asks anew when it is started again"""
    served = "gatewake-wait@served.service"
    world = world_of(box)
    world.tell("gate local refused")
    world.tell("gate vip refused")
    start(box)
    open_shop(box, "served")
    until(lambda: states(box, served) == ["activating"], PATIENCE, "the wait to begin")
    status_with(box, "waiting for local: ")
    same(states(box, served, "shop", "multi-user.target"), ["activating", "inactive", "active"], "while it is not so")
    world.tell("gate local open")
    world.tell("gate vip open")
    until(lambda: states(box, "shop") == ["active"], PATIENCE, "the unit that waits")
    same([states(box, served), ended(box, served)], [["inactive"], ["success", "0"]], "the wait")
    proven(box)
    world.tell("gate local refused")
    world.tell("gate vip refused")
    status_with(box, "waiting for local: ")
    box.run("systemctl", "stop", "shop")
    box.run("systemctl", "start", "--no-block", "shop")
    until(lambda: states(box, served) == ["activating"], PATIENCE, "another wait")
    same(states(box, "shop"), ["inactive"], "the unit, which waits again")


@case
def a_wait_ends(box):
    """whatever never comes: the wait fails after its time, what wants it starts, what requires it does not"""
    wait = "gatewake-wait@local.service"
    box.write(f"etc/systemd/system/{wait}.d/time.conf",
              "[Service]\nExecStart=\nExecStart=/usr/bin/gatewake wait local --timeout 2s\n")
    box.boot()
    open_shop(box, "local")
    until(lambda: states(box, "shop") == ["active"], PATIENCE, "the unit that wants it")
    same(ended(box, wait), ["exit-code", "1"], "the wait")
    box.run("systemctl", "stop", "shop")
    open_shop(box, "local", "Requires")
    until(lambda: states(box, wait) == ["activating"], PATIENCE, "another wait")
    same(ended(box, wait), ["exit-code", "1"], "the wait")
    same(box.run("systemctl", "list-jobs", "--no-legend").strip(), "", "jobs left")
    same(states(box, "shop"), ["inactive"], "the unit that requires it")
    box.run("systemctl", "start", "--no-block", "gatewake-wait@nonsense.service")
    same(ended(box, "gatewake-wait@nonsense.service"), ["exit-code", "2"], "to wait for what is nothing")


@case
def a_wait_needs_no_agent_for_the_address(box):
    """gatewake-wait@address, in its sandbox, reads the address that the service remembers, and sees it come"""
    wait = "gatewake-wait@address.service"
    remember_address(box)
    box.boot()
    box.run("systemctl", "stop", "gatewake")
    box.run("systemctl", "start", "--no-block", wait)
    until(lambda: states(box, wait) == ["activating"], PATIENCE, "the wait to begin")
    box.run("ip", "address", "add", f"{lan.VIP}/32", "dev", "lo")
    same(ended(box, wait), ["success", "0"], f"the wait, which says {box.entries(unit=wait)}")
    same(box.run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/gatewake-wait@.service").strip(),
         "", "systemd-analyze verify")
    return exposure(box, wait)


@case
def a_unit_is_told_of_its_failure(box):
    """with the example's OnFailure= a unit of the owner's starts when systemd has given up, and not after a crash"""
    example(box, "on-failure")
    box.write("etc/systemd/system/gatewake-failed.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/true\n")
    box.boot()

    def told():
        return box.show("InactiveExitTimestampMonotonic", "gatewake-failed.service") != "0"

    box.run("systemctl", "kill", "--signal=KILL", "gatewake")
    wait_for_restarts(box, 1)
    assert not told(), "it is told of a crash, after which the service is started again"
    box.write("etc/gatewake/config.yaml", "vpi: 172.16.101.101\n")
    box.ask("systemctl", "restart", "gatewake")
    until(told, PATIENCE, "the unit of the owner's")
    same(states(box, "gatewake"), ["failed"], "the service")
