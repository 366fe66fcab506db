# SPDX-License-Identifier: Apache-2.0
"""The program under test, run as the service would be."""

import json
import os
import re
import shlex
import subprocess
import time

from . import settings
from .processes import Process


UNIT = settings.HERE.parent.parent / "systemd" / "gatewake.service"


def environment():
    """What the unit adds to it."""
    lines = re.findall(r"^Environment=(.*)$", UNIT.read_text(), re.M)
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


class Agent:
    """Each start is the first of a new node: nothing is remembered but what the cluster holds."""

    def __init__(self, program, kubeconfig, scratch):
        self.program, self.kubeconfig, self.scratch = program, kubeconfig, scratch
        self.starts = 0
        self.process = None
        self.log = None
        self.runtime = self.state = None

    def start(self, name_vip=True):
        """Returns the moment from which on it may have asked anything."""
        self.starts += 1
        folder = self.scratch / f"agent-{self.starts}"
        self.runtime, self.state = folder / "run", folder / "state"
        for directory in (folder, self.runtime, self.state):
            directory.mkdir(mode=0o700)
        self.log = self.scratch / "log" / f"agent-{self.starts}.log"
        command = [self.program, "run", "--kubeconfig", self.kubeconfig,
                   "--runtime-dir", self.runtime, "--state-dir", self.state]
        if name_vip:
            command += ["--vip", "{}:{}".format(*settings.VIP)]
        began = time.monotonic()
        self.process = Process(self.log, command, env=environment())
        return began

    @property
    def running(self):
        return self.process is not None and self.process.running

    def kill(self):
        if self.process:
            self.process.kill()
            self.process = None

    def status(self):
        """The exit status and the words of `gatewake status`."""
        code, words, complaint = self.ask_status()
        return code, (words + complaint).strip()

    def status_json(self):
        """What `gatewake status --json` prints; {} if that is no JSON."""
        try:
            return json.loads(self.ask_status("--json")[1])
        except ValueError:
            return {}

    def verdict(self):
        return self.status_json().get("controller", {}).get("verdict")

    def ask_status(self, *flags):
        try:
            result = subprocess.run([self.program, "status", *flags, "--runtime-dir", self.runtime], timeout=5,
                                    capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            return None, "", "no answer within 5 s"
        return result.returncode, result.stdout, result.stderr

    def files(self):
        """Each file and folder of the agent's, with all that a write would change."""
        found = {}
        for root in (self.runtime, self.state):
            for path in (root, *root.rglob("*")):
                try:
                    seen = os.stat(path)
                except FileNotFoundError:
                    continue
                name = str(path.relative_to(root.parent))
                found[name] = (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        return found

    def said(self):
        return self.log.read_text(errors="replace") if self.log else ""
