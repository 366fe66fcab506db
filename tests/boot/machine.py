# SPDX-License-Identifier: Apache-2.0
"""One container that boots a systemd of its own, from a fresh overlay over the cached tree."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from bed import lock
from bed.tree import Tree
from bed.waiting import TimedOut, until

BOOT_SECONDS = 30
UNIT = "gatewake.service"
ENTER_CGROUPS = 'for folder in $CGROUPS; do echo 0 > "$folder/cgroup.procs" || exit; done; exec "$0" "$@"'
HOST_HAS_SYSTEMD = os.path.isdir("/run/systemd/system")
LOCK = "/run/gatewake-boot.lock"


def claim():
    """No other run that boots containers is under way: what an earlier one left is nobody's then."""
    return lock.claim(LOCK)


def contain(variable, value, program):
    """The program again, told so by the variable, in namespaces of its own: its mounts and bridges end with it, and
    so does whatever came from it."""
    argv = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", sys.executable, program]
    if HOST_HAS_SYSTEMD:
        argv = ["systemd-run", "--quiet", "--scope", "--property=Delegate=yes", *argv]
    os.environ[variable] = value
    os.execvp(argv[0], argv + sys.argv[1:])


def own_cgroups():
    """Below which this program may make some. Where the host's init is systemd, it has been told so (run)."""
    if HOST_HAS_SYSTEMD:
        mine = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        return [pathlib.Path("/sys/fs/cgroup" + line[3:]) for line in mine if line.startswith("0::/")]
    return [path for path in map(pathlib.Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"))
            if path.is_dir()]


HIERARCHIES = own_cgroups()


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def prepare_host(scratch):
    """In the caller's own mount namespace: what is mounted here ends with it."""
    mount("-t", "tmpfs", "-o", "mode=700", "tmpfs", scratch)
    os.makedirs("/run/systemd/nspawn", exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run/systemd/nspawn")  # it refuses to tidy up on a disk


def sweep():
    """What a killed run left: empty cgroups, and empty folders on which its scratch was mounted."""
    for hierarchy in HIERARCHIES:
        for cgroup in hierarchy.glob("gatewake-boot-*"):
            remove_cgroup(cgroup)
    for folder in pathlib.Path("/var/tmp").glob("gatewake-boot.*"):
        with contextlib.suppress(OSError):
            folder.rmdir()


def remove_cgroup(cgroup):
    for folder, _, _ in os.walk(cgroup, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


class Machine(Tree):
    numbers = itertools.count(1)  # cases run at the same time

    def __init__(self, tree, scratch, name):
        self.name = f"gatewake-boot-{next(Machine.numbers)}"
        super().__init__(tree, pathlib.Path(scratch, name))
        self.leader = self.nspawn = None
        self.network = "--private-network"  # nothing but loopback; or a bridge (lan)
        self.options = []  # of nspawn, beside the usual ones

    # Its files can be reached before and after the boot; what is in /run and /tmp only through run().

    def unit(self, name, text):
        """Puts a unit there, and enables it."""
        self.write(f"etc/systemd/system/{name}", text)
        self.enable(name)

    # --- life ---

    def boot(self):
        """Returns when systemd says that it is up, which it does once multi-user.target is reached."""
        notify = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(str(notify))
            heard.setblocking(False)
            self.nspawn = self.start(notify)
            try:
                until(lambda: self.is_up(heard), BOOT_SECONDS, "the boot", every=0.01)
            except TimedOut:
                jobs = self.run("systemctl", "list-jobs", "--no-legend", check=False) if self.leader else "nspawn"
                raise AssertionError(f"not up after {BOOT_SECONDS} s; still to come:\n{jobs}") from None

    def is_up(self, heard):
        if self.nspawn.poll() is not None:
            raise AssertionError(f"nspawn ended with {self.nspawn.returncode}")
        try:
            lines = heard.recv(4096).decode().splitlines()
        except BlockingIOError:
            return False
        for line in lines:
            if line.startswith("X_NSPAWN_LEADER_PID="):
                self.leader = int(line.partition("=")[2])
        return "READY=1" in lines

    def start(self, notify):
        argv = ["systemd-nspawn", "--quiet", "--boot", "--directory", self.root, "--machine", self.name,
                "--register=no", "--keep-unit", "--settings=no", self.network, "--console=pipe",
                "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--notify-ready=yes",
                *self.options]
        for hierarchy in HIERARCHIES:
            (hierarchy / self.name).mkdir()
        with open(self.folder / "console", "wb") as console:
            return subprocess.Popen(["sh", "-c", ENTER_CGROUPS, *[str(word) for word in argv]],
                                    stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                                    env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                                         "NOTIFY_SOCKET": str(notify), "CGROUPS": self.cgroups()})

    def cgroups(self):
        return " ".join(str(hierarchy / self.name) for hierarchy in HIERARCHIES)

    def power_off(self):
        """The power goes."""
        if self.leader and self.nspawn.poll() is None:
            os.kill(self.leader, signal.SIGKILL)
        if self.nspawn:
            self.nspawn.wait(10)
        until(self.cgroups_gone, 10, f"the end of {self.name}", every=0.02)

    def reboot(self, *options):
        """The power goes and comes back; what is on the disk stays."""
        self.power_off()
        self.leader = None
        self.options = list(options)
        (self.folder / "notify").unlink()
        self.boot()

    def end(self):
        self.power_off()
        self.remove()

    def cgroups_gone(self):
        for hierarchy in HIERARCHIES:
            remove_cgroup(hierarchy / self.name)
        return not any((hierarchy / self.name).exists() for hierarchy in HIERARCHIES)

    # --- commands inside ---

    def words(self, *argv):
        return ["nsenter", "--all", "--target", str(self.leader), "--wd=/", *map(str, argv)]

    def outer_pid(self, pid):
        """By what number this program knows a process of the container."""
        inside = pathlib.Path(f"/proc/{self.leader}/ns/pid").readlink()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                numbers = re.search(r"^NSpid:\s+(.*)$", (folder / "status").read_text(), re.M)[1].split()
                if numbers[-1] == str(pid) and (folder / "ns" / "pid").readlink() == inside:
                    return int(folder.name)
        raise AssertionError(f"no process {pid} in {self.name}")

    def popen(self, *argv):
        return subprocess.Popen(self.words(*argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, bufsize=1, env=environment())

    def ask(self, *argv, seconds=30):
        return subprocess.run(self.words(*argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds, env=environment())

    def run(self, *argv, check=True, seconds=30):
        """What it prints; it must end well."""
        done = self.ask(*argv, seconds=seconds)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stdout.strip()}")
        return done.stdout

    def show(self, name, unit=UNIT):
        return self.run("systemctl", "show", "--value", "--property", name, unit).strip()

    def status(self):
        """What `systemctl status gatewake` shows as Status."""
        return self.show("StatusText")

    def entries(self, *matches, unit=UNIT):
        """The journal entries of a unit's own processes, gatewake's if no other is named, oldest first."""
        text = self.run("journalctl", "--output=json", "--quiet", f"_SYSTEMD_UNIT={unit}", *matches, check=False)
        return [json.loads(line) for line in text.splitlines()]

    def lines(self):
        return [str(entry.get("MESSAGE")) for entry in self.entries()]

    def systemd_lines(self):
        """What systemd says of the unit."""
        return self.run("journalctl", "--output=cat", "--quiet", "_PID=1", f"UNIT={UNIT}").splitlines()


def environment():
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0",
            "TERM": "dumb"}
