# SPDX-License-Identifier: Apache-2.0
"""The image of a card for a Pi: as it comes, and what becomes of it."""

import base64
import contextlib
import re

from bed.waiting import until
from cases import GATEWAKE, PATIENCE, case, one_line, same, since_boot, status
from machine import BOOT_SECONDS
from outside import dhcp_server, world_outside
from world import VIP

OWN = "/etc/gatewake/kubeconfig"
WAITS = "no credentials yet"
GIB = 1 << 30


def word(box):
    return box.show("StatusText", GATEWAKE)


def is_as_installed(box):
    """The package is there whole, its units are enabled, nobody can log in, and the card is used to its end."""
    same(box.run("dpkg-query -Wf '${db:Status-Status} ${Architecture}' gatewake"), "installed arm64", "the package")
    same(box.ask("dpkg --verify gatewake"), (0, ""), "what dpkg finds changed")
    same(box.ask("dpkg --audit"), (0, ""), "what dpkg finds half done")
    same(box.run("systemctl is-enabled gatewake gatewake-reload.path gatewake-setup.path").split(), ["enabled"] * 3,
         "its units")
    same(box.run("systemctl is-active gatewake gatewake-reload.path gatewake-setup.path").split(), ["active"] * 3,
         "its units, now")
    same(box.run("systemctl --failed --no-legend --plain"), "", "failed units")
    same(box.run("ls -A /etc/gatewake").split(), ["config.yaml"], "what /etc/gatewake has")  # the test's
    same(box.run("passwd --status root").split()[1], "L", "root's password")
    same(box.ask("systemctl is-active ssh")[1], "inactive", "sshd")
    same(box.run("ls /etc/ssh/ssh_host_* 2> /dev/null | wc -l"), "0", "host keys that all cards would share")
    size = int(box.run("findmnt --bytes --noheadings --output SIZE /"))
    assert size > 3 * GIB, f"the root file system has {size} bytes, on a card of 4 GiB"
    same(box.run("findmnt --noheadings --output FSTYPE /boot/firmware"), "vfat", "/boot/firmware")
    return box.run("dpkg --status gatewake | grep ^Version")


def is_without_rights(box):
    """Returns user and exposure."""
    pid = box.show("MainPID", GATEWAKE)
    seen = dict(line.split(":", 1) for line in box.run(f"cat /proc/{pid}/status").splitlines())
    users = seen["Uid"].split()
    assert "0" not in users, f"it runs as root: {seen}"
    same({int(seen[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")}, {0}, "capabilities")
    same([seen["NoNewPrivs"].strip(), seen["Seccomp"].strip()], ["1", "2"], "no new privileges, and a filter")
    line = box.run("systemd-analyze security --no-pager gatewake.service").splitlines()[-1]
    exposure = float(re.search(r"gatewake.service: ([0-9.]+)", line)[1])
    assert exposure <= 1.2, line
    return users[0], exposure


def memory_of(box):
    """Beside all that else runs on such a card: figures, for the note of the case."""
    rollup = box.run(f"cat /proc/{box.show('MainPID', GATEWAKE)}/smaps_rollup")
    return ", ".join(f"{name} {int(re.search(rf'^{name}: +([0-9]+) kB', rollup, re.M)[1]) / 1024:.2f} MiB"
                     for name in ("Pss", "Rss", "Private_Dirty"))


def hand_over(box, world):
    """As an owner does: a file that appears by a rename. Nothing is restarted by hand."""
    text = base64.b64encode(open(world.kubeconfig, "rb").read()).decode()
    box.run(f"umask 077; echo {text} | base64 -d > {OWN}.new; mv {OWN}.new {OWN}")


def proven(box, seconds=PATIENCE):
    until(lambda: box.ask("gatewake status --json")[0] == 0 and status(box)["controller"]["verdict"] == "PROVEN",
          seconds, "the proof")
    return status(box)


def waits_for_address(box):
    """Its words, once it has asked."""
    return until(lambda: (re.findall(f"waiting for vip: {VIP}(?!.*not asked yet).*", word(box)) or [""])[0], PATIENCE,
                 "the wait for the address")


def served(seen):
    return sorted(listener["verdict"] for listener in seen["listeners"])


@case(rtc="utc", card=True)
def image_to_proven(box):
    """the image for a Pi: waits for credentials, takes them, late, and repairs; after a power cut it wins the race"""
    with contextlib.ExitStack() as stack:
        stack.enter_context(dhcp_server(box))
        world = stack.enter_context(world_outside(box, box.native / "fakeapi"))
        booted = box.boot()
        version = is_as_installed(box)
        user, exposure = is_without_rights(box)
        same(box.run("ip -4 -oneline address show dev eth0 scope global").split()[3].split("/")[0], box.address,
             "the address by DHCP")
        assert WAITS in word(box), f"its status is “{word(box)}”"
        first = box.show("InvocationID", GATEWAKE)
        repaired = credentials_come_late(box, world)
        assert first != box.show("InvocationID", GATEWAKE), "the service was not restarted by its path unit"
        won = race_after_power_cut(box, world)
        memory = memory_of(box)
    return f"{version}, user {user}, exposure {exposure}; boot {booted:.1f} s; {repaired}; {won}; {memory}"


def credentials_come_late(box, world):
    """The operator has lost the race and deleted the copies. When credentials come the address is away once more."""
    start = world.tell("reboot 4")
    until(lambda: len(world.find("copy deleted", start=start)) == 3, PATIENCE, "the copies' end")
    same(world.find("write", start=start), [], "writes without credentials")
    world.tell("gate vip refused")
    start = len(world.heard)
    hand_over(box, world)
    until(lambda: len(world.find("write POST", "/secrets", start=start)) == 3, PATIENCE, "the copies' return")
    waited = waits_for_address(box)
    same(world.find("write DELETE", start=start), [], "restarts while the address is away")
    world.hold_address()
    seen = proven(box)
    same(len(world.find("write DELETE", "/pods/", start=start)), 1, "restarts of the operator")
    same(len(world.find("write", start=start)), 4, "writes in all")
    same([seen["restarts"]["failed"], seen["copies"]["created"]], [0, 3], "restarts in vain, and copies created")
    same(served(seen), ["SERVED"] * 3, "listeners")
    same(box.show("NRestarts", GATEWAKE), "0", "restarts by systemd")
    done = box.entries(GATEWAKE, "GATEWAKE_VERDICT=PROVEN")[0]
    return f"“{waited}”, proven {since_boot(done):.1f} s after the boot"


def race_after_power_cut(box, world):
    """Power goes, for the machine and for the world. The agent is there before the address is."""
    box.run("journalctl --sync; sync")
    box.cut_power()
    world.give_up_address()
    start = len(world.heard)
    box.power_on()
    # Its shell is there before the service. The world boots in between: earlier, and its operator crashes meanwhile.
    box.run("true", seconds=BOOT_SECONDS)
    same(box.show("ActiveState", GATEWAKE), "inactive", "the service, when the world boots")
    world.tell("reboot 600")
    booted = box.wait_for_boot()
    waits_for_address(box)
    world.hold_address()
    seen = proven(box)
    same(world.find("copy deleted", start=start), [], "copies that the operator deleted")
    same(len(world.find("write DELETE", "/pods/", start=start)), 1, "restarts of the operator")
    same(len(world.find("write", start=start)), 1, "writes in all")
    same([served(seen), seen["copies"]["created"]], [["SERVED"] * 3, 0], "listeners, and copies created")
    usable = one_line(box, "the address is usable", "--boot", "GATEWAKE_ENDPOINT=vip", "GATEWAKE_LAYER=usable")
    done = box.entries(GATEWAKE, "--boot", "GATEWAKE_VERDICT=PROVEN")[0]
    off = box.entries(GATEWAKE, "--boot", "GATEWAKE_VERDICT=CONTROLLER_OFF")
    assert off, "the race was not lost: nothing was won"
    took = since_boot(done) - since_boot(usable)
    return f"boot {booted:.1f} s after the power cut, proven {took:.1f} s after the address"
