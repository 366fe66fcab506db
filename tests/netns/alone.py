# SPDX-License-Identifier: Apache-2.0
"""One run at a time on this host, in namespaces of its own: mounts, processes and networks end with it, whatever
ends it."""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from bed import lock
from network import mount_private_run

CONTAINED = "GATEWAKE_NETNS"
LOCK = "/run/gatewake-netns.lock"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRATCH = pathlib.Path("/run/scratch")  # of the private /run
PROGRAMS = {"keepalived": "keepalived", "nft": "nftables", "ip": "iproute2", "setpriv": "util-linux",
            "openssl": "openssl", "sysctl": "procps"}


def refuse(reason):
    print(f"{sys.argv[0]}: {reason}", file=sys.stderr)
    return 2


def parser_of(text):
    """What all programs here can be told."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--agent", metavar="PATH", type=pathlib.Path, default=ROOT / "build" / "gatewake",
                        help="the program under test (default: build/gatewake)")
    parser.add_argument("--fakeapi", metavar="PATH", type=pathlib.Path, default=ROOT / "build" / "fakeapi",
                        help="the API server (default: build/fakeapi)")
    parser.set_defaults(tapes=ROOT / "tests" / "unit" / "tapes", scratch=SCRATCH)
    return parser


def alone(work, options):
    """Runs work() there, and returns its exit status."""
    binaries = [path for path in (options.agent, options.fakeapi) if path]
    if CONTAINED in os.environ:
        mount_private_run()
        SCRATCH.mkdir()
        return as_init(work)
    if os.geteuid() != 0:
        return refuse("needs root: it makes network namespaces")
    missing = [str(path) for path in binaries if not os.access(path, os.X_OK)]
    if missing:
        return refuse(f"no {', '.join(missing)}: run make")
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing and not install(missing):
        return refuse(f"needs {', '.join(missing)}: apt-get install {' '.join(missing)}")
    if not lock.claim(LOCK):
        return refuse("another run is under way")
    os.environ[CONTAINED] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


def as_init(work):
    """Reaps what orphans leave, as an init has to: keepalived takes a zombie in its pid file for a live one."""
    worker = os.fork()
    if worker == 0:
        return work()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(worker, signal.SIGTERM))
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the worker as well
    while True:
        pid, status = os.wait()
        if pid == worker:
            return abs(os.waitstatus_to_exitcode(status))


def install(packages):
    """On Debian only. keepalived's service doesn't start without a configuration, and there is none."""
    if not shutil.which("apt-get"):
        return False
    print(f"installing: {' '.join(packages)}", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", "-qq", *words], stdout=subprocess.DEVNULL, env=environment).returncode:
            return False
    return True
