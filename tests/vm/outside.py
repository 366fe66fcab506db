# SPDX-License-Identifier: Apache-2.0
"""What is outside a machine, on this side of its network: an API server, its virtual address, and DHCP. Of its host the
machine sees the containers and the boot's id as that world has them: it mounts their folder."""

import contextlib
import pathlib
import re
import subprocess

from bed.fake import PATIENCE, Fake
from machine import BRIDGE, HOST, SHARED, run
from world import VIP, seen_at

PORT = 7443
TAPES = pathlib.Path(__file__).resolve().parent.parent / "unit" / "tapes"
PLACE = "/run/world"

MOUNT = f"""[Unit]
Description=The host's facts, of the tests' world

[Mount]
What={SHARED}
Where={PLACE}
Type=9p
Options=trans=virtio,version=9p2000.L,ro,cache=none
"""

DROPIN = f"""[Unit]
RequiresMountsFor={PLACE}

[Service]
{seen_at(PLACE)}"""


class World(Fake):
    """Healthy until it is told otherwise. Its virtual address answers ARP only while it is held."""

    def __init__(self, machine, fakeapi):
        self.machine = machine
        folder = machine.folder / "world"
        folder.mkdir(mode=0o755)
        super().__init__(subprocess.Popen(
            [fakeapi, "--tapes", TAPES, "--folder", folder, "--address", HOST, "--vip", f"{VIP}:{PORT}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1))
        ready = self.wait_for("ready ")
        self.kubeconfig, machine.shared = re.match(r"ready kubeconfig=(\S+) host-root=(\S+) ", ready).groups()
        machine.write("etc/systemd/system/run-world.mount", MOUNT)
        machine.write("etc/systemd/system/gatewake.service.d/host.conf", DROPIN)
        machine.write("etc/gatewake/config.yaml", f"vip: {VIP}:{PORT}\n")

    def hold_address(self):
        run("ip", "address", "add", f"{VIP}/32", "dev", BRIDGE)
        return self.tell("gate vip open")

    def give_up_address(self):
        run("ip", "address", "del", f"{VIP}/32", "dev", BRIDGE)
        return self.tell("gate vip refused")

    def end(self):
        self.popen.stdin.close()
        self.popen.wait(PATIENCE)


@contextlib.contextmanager
def world_outside(machine, fakeapi):
    world = World(machine, fakeapi)
    try:
        yield world
    finally:
        world.end()


@contextlib.contextmanager
def dhcp_server(machine):
    """Gives the machine its address."""
    path = machine.folder / "udhcpd"
    path.write_text(f"start {machine.address}\nend {machine.address}\ninterface {BRIDGE}\n"
                    f"lease_file {path}.leases\npidfile {path}.pid\nopt subnet 255.255.255.0\n"
                    f"static_lease {machine.mac} {machine.address}\n")
    pathlib.Path(f"{path}.leases").touch()
    with open(f"{path}.log", "wb") as log:
        popen = subprocess.Popen(["udhcpd", "-f", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        popen.terminate()
        popen.wait()
