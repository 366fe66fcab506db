# SPDX-License-Identifier: Apache-2.0
"""tests/fakeapi inside the container, as a transient unit, on its loopback."""

import re

from bed.fake import Fake

HOST_ROOT = "/run/gatewake-host"


class World(Fake):
    """Times are the world's: it runs `speed` times as fast as this one."""

    def __init__(self, machine, speed=4):
        self.machine = machine
        super().__init__(machine.popen("systemd-run", "--pipe", "--wait", "--quiet", "--unit=fakeapi",
                                       "/usr/libexec/fakeapi", "--tapes", "/usr/share/fakeapi", "--speed", speed))
        ready = self.wait_for("ready ")
        words = re.match(r"ready kubeconfig=(\S+) host-root=(\S+) vip=(\S+)", ready)
        self.kubeconfig, self.host, self.vip = words.groups()
        # The service sees no other process's /tmp.
        machine.write("etc/systemd/system/gatewake.service.d/host.conf",
                      f"[Service]\nBindReadOnlyPaths={self.host}:{HOST_ROOT}\n")
        machine.write("etc/gatewake/config.yaml", f"vip: {self.vip}\nhost-root: {HOST_ROOT}\n")

    def hand_over_kubeconfig(self):
        self.machine.run("install", "-D", "-m", "600", self.kubeconfig, "/etc/gatewake/kubeconfig")
