# SPDX-License-Identifier: Apache-2.0
"""What happens to a host: install, upgrade, remove, purge. Each case gets a container of its own, not booted yet."""

import functools
import hashlib
import os
import pathlib
import re
import subprocess
import time

from cases import DELETE, holds, same, start, status_with
from machine import environment
from packages import ROOT
from world import World

KUBECONFIG = "/etc/gatewake/kubeconfig"
STATE = "/var/lib/private/gatewake"
VRRP = "etc/systemd/system/gatewake.service.d/vrrp.conf"
# Of systemd and dpkg, not of gatewake: their logs, and what each rebuilds for itself.
FOREIGN = ("/var/log", "/var/lib/dpkg", "/var/lib/systemd/catalog", "/var/lib/systemd/random-seed")
CASES = []


def case(suite):
    def add(function):
        function.suite = suite
        CASES.append(function)
        return function

    return add


def files(root):
    """Each file below root that a package or a service could leave: kind and rights, owner, and a link's target or the
    digest of a file's bytes."""
    found = {}
    for folder, folders, names in os.walk(root):
        here = "/" + os.path.relpath(folder, root).removeprefix(".")
        folders[:] = [name for name in folders if os.path.join(here, name) not in FOREIGN]
        for name in folders + names:
            path = pathlib.Path(folder, name)
            about = path.lstat()
            content = ""
            if path.is_symlink():
                content = os.readlink(path)
            elif path.is_file():
                content = hashlib.blake2b(path.read_bytes()).digest()
            if os.path.join(here, name) not in FOREIGN:
                found[os.path.join(here, name)] = (oct(about.st_mode), about.st_uid, about.st_gid, content)
    return found


def difference(before, after):
    return sorted(f"{'new' if name not in before else 'gone' if name not in after else 'changed'}: {name}"
                  for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def install(box, name):
    return box.run("dpkg", "--install", f"/srv/{name}.deb", seconds=60)


def running(box):
    return [box.show(name) for name in ("ActiveState", "UnitFileState", "NRestarts")]


def state_of(box):
    return {path.name: path.read_text() for path in (box.root / STATE.lstrip("/")).iterdir()}


@case("bookworm")
def install_starts_the_service(box, packages):
    """after the install the service runs, is enabled, and says what it needs; the journal knows its words"""
    box.boot()
    install(box, "first")
    same(running(box), ["active", "enabled", "0"], "the service")
    holds(box.status(), "no credentials yet", f"put one into {KUBECONFIG}")
    same(box.run("gatewake", "--version").split()[1], packages.version, "the program's version")
    holds(box.run("journalctl", "--list-catalog"), "gatewake: The Gateway controller is on")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")
    same(box.run("stat", "--format=%a %U", "/etc/gatewake").strip(), "755 root", "the rights of /etc/gatewake")


def chroot(box, *argv):
    """As one who makes an image does it: nothing runs there."""
    done = subprocess.run(["chroot", box.root, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=environment())
    assert done.returncode == 0, f"{' '.join(argv)}: exit {done.returncode}: {done.stdout}"
    return done.stdout


@case("bookworm")
def installed_it_wins_the_race(box, packages):
    """installed before the boot, as into an image: it runs, takes a kubeconfig that comes, wins the race, and proves"""
    chroot(box, "dpkg", "--install", "/srv/first.deb")
    box.boot()
    same(running(box), ["active", "enabled", "0"], "the service")
    holds(box.status(), "no credentials yet")
    world = World(box)
    box.run("systemctl", "daemon-reload")
    world.tell("reboot 3")
    life = box.show("InvocationID")
    world.hand_over_kubeconfig()
    status_with(box, "listeners proven, controller on")
    assert box.show("InvocationID") != life, "the service was not restarted for its kubeconfig"
    same(world.count(DELETE), 1, "restarts of the operator")
    same(world.count(" copy deleted "), 0, "copies lost")
    same(running(box), ["active", "enabled", "0"], "the service")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")
    return box.status()


@case("bookworm")
def upgrade_while_it_waits(box, packages):
    """an upgrade while it waits for the API: the new program goes on where the old one was, and ends well"""
    box.boot()
    install(box, "first")
    world = World(box)
    world.hand_over_kubeconfig()
    world.tell("reboot 3")
    start(box)
    status_with(box, "listeners proven, controller on")
    world.tell("gate local refused")
    world.tell("gate vip refused")
    waits = "waiting for local: "
    status_with(box, waits)
    pid, state, settings = box.show("MainPID"), state_of(box), files(box.root / "etc" / "gatewake")
    assert state, "the service remembers nothing"
    began = time.monotonic()
    said = install(box, "second")
    seconds = time.monotonic() - began
    same(running(box), ["active", "enabled", "0"], "the service")
    assert box.show("MainPID") != pid, f"it was not restarted: {said}"
    same(box.run("readlink", f"/proc/{box.show('MainPID')}/exe").strip(), "/usr/bin/gatewake", "what runs")
    same(box.run("gatewake", "--version").split()[1], packages.next, "the program's version")
    status_with(box, waits)
    same(state_of(box), state, "what it remembers")
    same(difference(settings, files(box.root / "etc" / "gatewake")), [], "/etc/gatewake")
    world.tell("gate local open")
    world.tell("gate vip open")
    status_with(box, "listeners proven, controller on")
    same(running(box), ["active", "enabled", "0"], "the service")
    return f"dpkg took {seconds:.1f} s; remembered: {', '.join(sorted(state))}"


@case("bookworm")
def what_was_switched_off_stays_off(box, packages):
    """an upgrade leaves a service alone that its owner has disabled and stopped"""
    box.boot()
    install(box, "first")
    box.run("systemctl", "--quiet", "disable", "--now", "gatewake")
    install(box, "second")
    same(running(box), ["inactive", "disabled", "0"], "the service")


@case("bookworm")
def purge_leaves_nothing(box, packages):
    """remove keeps credentials and memory, purge of a running service leaves no file, unit or process behind"""
    box.boot()
    box.write("srv/k3s.yaml", "not the package's\n", 0o600)
    before = files(box.root)
    install(box, "first")
    box.write(KUBECONFIG, "nothing of use\n", 0o600)
    box.write("etc/gatewake/config.yaml", "mode: observe\n")
    box.run("ln", "-s", "/srv/k3s.yaml", "/etc/gatewake/other")
    box.run("touch", f"{STATE}/ledger")
    box.run("systemctl", "--quiet", "enable", "--now", "gatewake-setup.path")
    box.write(VRRP, (ROOT / "systemd" / "vrrp.conf").read_text())  # as setup does
    start(box)
    box.run("dpkg", "--remove", "gatewake")
    same(box.show("LoadState"), "not-found", "the unit, after remove")
    same(box.read(KUBECONFIG), "nothing of use\n", "the kubeconfig, after remove")
    left = files(box.root)
    for name in (KUBECONFIG, "/etc/gatewake/config.yaml", f"{STATE}/ledger"):
        assert name in left, f"{name} went with remove"
    assert "/usr/bin/gatewake" not in left, left
    install(box, "first")
    same(running(box), ["active", "enabled", "0"], "the service, installed again")
    said = box.run("dpkg", "--purge", "gatewake")
    assert "warning" not in said, said
    same(difference(before, files(box.root)), [], "files, before and after")
    same(box.run("find", "/run", "/tmp", "/sys/fs/cgroup", "-name", "*gatewake*").strip(), "", "left in /run and /tmp")
    same(box.run("systemctl", "list-units", "--all", "--no-legend", "gatewake*").strip(), "", "units")
    same(box.ask("pgrep", "--exact", "gatewake").stdout, "", "processes")
    assert "gatewake" not in box.run("journalctl", "--list-catalog"), "the catalog still has its words"


@case("trixie")
def trixie_takes_it(box, packages):
    """what was built on bookworm installs on trixie, without systemd, runs, is upgraded, and goes without a trace"""
    run = functools.partial(chroot, box)
    before = files(box.root)
    run("dpkg", "--install", "/srv/first.deb")
    said = run("gatewake", "--version")
    same(said.split()[1], packages.version, "the program's version")
    run("dpkg", "--install", "/srv/second.deb")
    same(run("gatewake", "--version").split()[1], packages.next, "the program's version, after the upgrade")
    said = run("dpkg", "--purge", "gatewake")
    assert "warning" not in said, said
    same(difference(before, files(box.root)), [], "files, before and after")
    return re.sub(r"\s+", " ", run("dpkg-query", "--show", "libcurl4t64", "libssl3t64"))
