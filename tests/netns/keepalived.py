# SPDX-License-Identifier: Apache-2.0
"""The real keepalived on one node, with a configuration of the case's making."""

import contextlib
import dataclasses
import os
import pathlib
import signal

from bed.processes import Process
from bed.waiting import until
from network import inside


@dataclasses.dataclass
class Settings:
    priority: int
    vip: str
    vrid: int = 51
    version: int = 2
    advert_seconds: float = 1
    preempt: bool = True
    password: str = ""
    source: str = ""  # with peers: unicast
    peers: tuple = ()

    @property
    def down_seconds(self):
        """How long a BACKUP waits for the next advert (RFC 5798, Master_Down_Interval)."""
        return 3 * self.advert_seconds + self.skew_seconds

    @property
    def skew_seconds(self):
        """And after a farewell."""
        unit = self.advert_seconds if self.version == 3 else 1
        return unit * (256 - self.priority) / 256

    def text(self):
        lines = ["state BACKUP", "interface eth0", f"virtual_router_id {self.vrid}", f"priority {self.priority}",
                 f"advert_int {self.advert_seconds:g}", f"version {self.version}"]
        if not self.preempt:
            lines.append("nopreempt")
        if self.password:
            lines.append(f"authentication {{\n\t\tauth_type PASS\n\t\tauth_pass {self.password}\n\t}}")
        if self.peers:
            peers = "\n\t\t".join(self.peers)
            lines += [f"unicast_src_ip {self.source}", f"unicast_peer {{\n\t\t{peers}\n\t}}"]
        lines.append(f"virtual_ipaddress {{\n\t\t{self.vip}/{128 if ':' in self.vip else 32} dev eth0\n\t}}")
        return "vrrp_instance gatewake {\n\t" + "\n\t".join(lines) + "\n}\n"


class Keepalived:
    def __init__(self, folder, namespace, settings):
        self.settings = settings
        pathlib.Path(folder, "keepalived.conf").write_text(settings.text())
        self.process = Process(folder / "keepalived.log", inside(
            namespace, "keepalived", "--vrrp", "--dont-fork", "--log-console", "--log-detail", "--no-syslog",
            "--use-file", folder / "keepalived.conf", "--pid", folder / "keepalived.pid",
            "--vrrp_pid", folder / "vrrp.pid"))

    def ask_to_stop(self):
        """It says farewell and takes the address away at once; its processes are there for a second more."""
        self.process.signal(signal.SIGTERM)

    def children(self):
        pid = self.process.popen.pid
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_all(self):
        """As the OOM killer or the end of a cgroup does: nobody is left to clean up."""
        self.process.signal(signal.SIGSTOP)  # else it would start a new child, or the child see it die
        children = self.children()
        for child in children:
            os.kill(child, signal.SIGKILL)
        until(lambda: all(ended(child) for child in children), 5, "the end of keepalived's child", every=0.001)
        self.process.kill()

    def wait(self):
        self.process.popen.wait(5)


def ended(pid):
    with contextlib.suppress(FileNotFoundError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
