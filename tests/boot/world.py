# SPDX-License-Identifier: Apache-2.0
"""tests/fakeapi inside the container, as a transient unit, on its loopback."""

import re
import threading

from bed.waiting import until

PATIENCE = 30
HOST_ROOT = "/run/gatewake-host"


class World:
    """Times are the world's: it runs `speed` times as fast as this one."""

    def __init__(self, machine, speed=4):
        self.machine = machine
        self.heard = []  # whole lines, as they came
        self.popen = machine.popen("systemd-run", "--pipe", "--wait", "--quiet", "--unit=fakeapi",
                                   "/usr/libexec/fakeapi", "--tapes", "/usr/share/fakeapi", "--speed", speed)
        threading.Thread(target=self.hear, daemon=True).start()
        ready = self.wait_for("ready ")
        words = re.match(r"ready kubeconfig=(\S+) host-root=(\S+) vip=(\S+)", ready)
        self.kubeconfig, self.host, self.vip = words.groups()
        # The service sees no other process's /tmp.
        machine.write("etc/systemd/system/gatewake.service.d/host.conf",
                      f"[Service]\nBindReadOnlyPaths={self.host}:{HOST_ROOT}\n")
        machine.write("etc/gatewake/config.yaml", f"vip: {self.vip}\nhost-root: {HOST_ROOT}\n")

    def hear(self):
        for line in self.popen.stdout:
            self.heard.append(line.rstrip("\n"))

    def find(self, text, start=0):
        return next((line for line in self.heard[start:] if text in line), None)

    def wait_for(self, text, start=0, seconds=PATIENCE):
        return until(lambda: self.find(text, start), seconds, f"the world's “{text}”, after {self.heard[-5:]}", 0.01)

    def tell(self, command):
        """Returns from where on events are its consequences."""
        start = len(self.heard)
        answer = self.ask(command)
        assert answer == "ok", f"{command}: {answer}"
        return start

    def ask(self, command):
        start = len(self.heard)
        self.popen.stdin.write(command + "\n")
        return until(lambda: next((line for line in self.heard[start:] if not line.startswith("event ")), None),
                     PATIENCE, f"an answer to {command}", 0.005)

    def count(self, text):
        return sum(text in line for line in self.heard)

    def hand_over_kubeconfig(self):
        self.machine.run("install", "-D", "-m", "600", self.kubeconfig, "/etc/gatewake/kubeconfig")
