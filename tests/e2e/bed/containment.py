# SPDX-License-Identifier: Apache-2.0
"""Keeps the bed apart from the host, and makes sure that it ends.

The bed runs in namespaces of its own: network (no port on the host, no address in the way), mounts (nothing left in
/run or /var/lib) and processes. The last one has an init, and when that dies, for whatever reason, the kernel kills
each process that ever came from it: etcd, the kubelet, containers, the agent under test.
"""

import contextlib
import ctypes
import fcntl
import glob
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

LOCK = pathlib.Path("/run/gatewake-e2e.lock")
# The kubelet insists on setting these, which hold for the whole host: it gets copies.
KERNEL_SETTINGS = [pathlib.Path("/proc/sys", name) for name in (
    "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
    "vm/overcommit_memory", "vm/panic_on_oom")]
TIMESYNC = pathlib.Path("/run/systemd/timesync")
SHADOWED = (TIMESYNC, "/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log")

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Busy(Exception):
    pass


class Claim:
    """The one bed of this host, from the lock to the removal of its files.

    The init holds the lock as well, and a namespace's init goes last of all: whoever gets the lock knows that
    nothing of an earlier bed runs any more. What a killed run leaves is then only files and empty cgroups.
    """

    def __init__(self, scratch=None):
        self.file = open(LOCK, "a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"a bed is running already: process {self.read().get('pid', 'not known')}") from None
        self.sweep_leftover()
        self.scratch = self.make_scratch(scratch)
        self.write(scratch=str(self.scratch))

    def read(self):
        self.file.seek(0)
        with contextlib.suppress(ValueError):
            return json.load(self.file)
        return {}

    def write(self, **record):
        self.file.truncate(0)
        json.dump(record, self.file)
        self.file.flush()

    def sweep_leftover(self):
        left = self.read().get("scratch")
        if left and os.path.isdir(left):
            print(f"removing what a killed run left in {left}", file=sys.stderr)
            remove(pathlib.Path(left))

    @staticmethod
    def make_scratch(wanted):
        if not wanted:
            return pathlib.Path(tempfile.mkdtemp(prefix="gatewake-e2e-", dir="/var/tmp"))
        wanted = pathlib.Path(wanted).resolve()
        wanted.mkdir(mode=0o700, parents=True)  # an existing folder may hold something that isn't ours to remove
        return wanted

    def release(self, keep_logs):
        if keep_logs:
            remove_all_but_logs(self.scratch)
        else:
            remove(self.scratch)
        self.write()
        self.file.close()


def remove(scratch):
    remove_cgroups(scratch)
    shutil.rmtree(scratch)


def remove_all_but_logs(scratch):
    remove_cgroups(scratch)
    for entry in scratch.iterdir():
        if entry.name != "log":
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def remove_cgroups(scratch):
    """Cgroups are the one thing of a container that outlives its namespaces. They bear the container's id."""
    for task in scratch.glob("containerd/state/io.containerd.runtime.v2.task/k8s.io/*"):
        for pattern in ("/sys/fs/cgroup/k8s.io", "/sys/fs/cgroup/*/k8s.io"):
            for root in glob.glob(f"{pattern}/{task.name}"):
                remove_cgroup(root)
    for shared in ("/sys/fs/cgroup/k8s.io", *glob.glob("/sys/fs/cgroup/*/k8s.io")):
        with contextlib.suppress(OSError):  # in use by a containerd of the host, or not there
            os.rmdir(shared)


def remove_cgroup(root):
    for folder, _, _ in os.walk(root, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def contain(work, claim):
    """Runs work() in the namespaces and returns its exit status. ^C and SIGTERM end it in order."""
    check(libc.unshare(CLONE_NEWPID))  # counts for children only: this process stays with the host
    init = os.fork()
    if init == 0:
        os._exit(guarded(lambda: run_as_init(work)))
    claim.write(scratch=str(claim.scratch), pid=init)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: kill_quietly(init, signal.SIGTERM))
    _, status = os.waitpid(init, 0)
    return os.waitstatus_to_exitcode(status)


def run_as_init(work):
    die_with_parent()
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET))
    prepare_namespaces()
    worker = os.fork()
    if worker == 0:
        signal.signal(signal.SIGTERM, interrupt)
        return guarded(work)
    signal.signal(signal.SIGTERM, lambda *_: kill_quietly(worker, signal.SIGTERM))
    while True:  # also reaps what orphans leave, as an init has to
        pid, status = os.wait()
        if pid == worker:
            return abs(os.waitstatus_to_exitcode(status))


def guarded(work):
    """What a forked process does instead of returning into the program that its parent runs."""
    # A terminal sends ^C to each of us, and the parent passes it on: once is enough. Not SIG_IGN, which children keep.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return work()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def interrupt(*_):
    raise KeyboardInterrupt


def prepare_namespaces():
    def run(*command):
        subprocess.run(command, check=True)

    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "proc", "proc", "/proc")
    for folder in SHADOWED:
        os.makedirs(folder, exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", folder)
    # A bed's clock is right, as far as its own objects go; what says so on a node is timesyncd.
    (TIMESYNC / "synchronized").touch()
    for setting in KERNEL_SETTINGS:
        private = pathlib.Path("/var/lib/kubelet", setting.name)
        private.write_text(setting.read_text())
        run("mount", "--bind", private, setting)
    run("ip", "link", "set", "lo", "up")


def die_with_parent():
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


def kill_quietly(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
