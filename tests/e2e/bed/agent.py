# SPDX-License-Identifier: Apache-2.0
"""The program under test, run as the service would be."""

import subprocess

from . import settings
from .processes import Process


class Agent:
    """Each start is the first of a new node: nothing is remembered but what the cluster holds."""

    def __init__(self, program, kubeconfig, scratch):
        self.program, self.kubeconfig, self.scratch = program, kubeconfig, scratch
        self.starts = 0
        self.process = None
        self.log = None
        self.runtime = None

    def start(self, name_vip=True):
        self.starts += 1
        folder = self.scratch / f"agent-{self.starts}"
        self.runtime, state = folder / "run", folder / "state"
        for directory in (folder, self.runtime, state):
            directory.mkdir(mode=0o700)
        self.log = self.scratch / "log" / f"agent-{self.starts}.log"
        command = [self.program, "run", "--kubeconfig", self.kubeconfig,
                   "--runtime-dir", self.runtime, "--state-dir", state]
        if name_vip:
            command += ["--vip", "{}:{}".format(*settings.VIP)]
        self.process = Process(self.log, command)

    @property
    def running(self):
        return self.process is not None and self.process.running

    def kill(self):
        if self.process:
            self.process.kill()
            self.process = None

    def status(self):
        """The exit status and the words of `gatewake status`."""
        try:
            result = subprocess.run([self.program, "status", "--runtime-dir", self.runtime], timeout=5,
                                    capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            return None, "no answer within 5 s"
        return result.returncode, (result.stdout + result.stderr).strip()

    def said(self):
        return self.log.read_text(errors="replace") if self.log else ""
