# SPDX-License-Identifier: Apache-2.0
"""What runs on one node: an API server, there and at the virtual address, and the agent."""

import json
import re
import subprocess
import threading
import time

from bed.waiting import until
from network import inside

PORT = 6443
PATIENCE = 20


class Spoken:
    """A program whose lines are kept, each with the moment at which it came."""

    def __init__(self, argv, stream):
        self.popen = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, text=True, bufsize=1,
                                      start_new_session=True, **{stream: subprocess.PIPE})
        self.lines = []  # (moment, text)
        threading.Thread(target=self.hear, args=(getattr(self.popen, stream),), daemon=True).start()

    def hear(self, stream):
        for line in stream:
            self.lines.append((time.monotonic(), line.rstrip("\n")))

    def since(self, moment, until_moment=float("inf")):
        return [text for at, text in list(self.lines) if moment <= at < until_moment]

    def end(self):
        self.popen.stdin.close()
        self.popen.terminate()
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class Api(Spoken):
    """tests/fakeapi. Its world is healthy, and stays so."""

    def __init__(self, program, tapes, folder, namespace, vip, identity):
        super().__init__(inside(namespace, program, "--tapes", tapes, "--folder", folder, "--vip", f"{vip}:{PORT}",
                                "--identity", identity, "--connections"), "stdout")
        ready = until(lambda: next(iter(self.since(0)), None), PATIENCE, "the API server's first line", every=0.01)
        self.kubeconfig, self.host_root = re.match(r"ready kubeconfig=(\S+) host-root=(\S+) ", ready).groups()

    def accepted(self, sources, since):
        """When a connection from one of those addresses came first."""
        for _, text in list(self.lines):
            words = text.split()
            if words[2:4] == ["accepted", "vip"] and words[4] in sources and float(words[5]) >= since:
                return float(words[5])
        return None


class Agent(Spoken):
    """gatewake run, as root: it may listen for adverts. It observes only, for this is not about Cilium."""

    def __init__(self, program, folder, namespace, api, vip, *before):
        self.program, self.runtime = program, folder / "run"
        self.began = time.monotonic()
        host = f"[{vip}]" if ":" in vip else vip
        super().__init__(inside(namespace, *before, program, "run", "--mode", "observe", "--vip", f"{host}:{PORT}",
                                "--kubeconfig", api.kubeconfig, "--host-root", api.host_root,
                                "--runtime-dir", self.runtime, "--state-dir", folder / "state"), "stderr")

    def status(self):
        """What `gatewake status --json` prints, and its exit status."""
        done = subprocess.run([self.program, "status", "--json", "--runtime-dir", self.runtime], timeout=5,
                              stdout=subprocess.PIPE, text=True)
        return done.returncode, json.loads(done.stdout or "{}")
