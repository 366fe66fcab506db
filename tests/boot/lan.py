# SPDX-License-Identifier: Apache-2.0
"""Containers on one network segment, with the real keepalived; k3s is played by a unit that notes what it finds."""

import itertools
import subprocess

from bed.fake import PATIENCE
from bed.waiting import until

VIP = "192.0.2.100"
EXAMPLES = "usr/share/doc/gatewake/examples"
NUMBERS = itertools.count(1)

ETH0 = """\
[Unit]
Description=A network with a fixed address
Before=network.target network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ip link set host0 name eth0
ExecStart=/usr/bin/ip address add {address}/24 dev eth0
ExecStart=/usr/bin/ip link set eth0 up
[Install]
WantedBy=multi-user.target
"""

# Each change of an address becomes an entry of the journal, with its time.
ADDRESSES = """\
[Unit]
Description=Watch the addresses
Before=keepalived.service
[Service]
Type=exec
ExecStart=/usr/bin/ip -oneline -4 monitor address
[Install]
WantedBy=multi-user.target
"""

# What k3s's installer writes, as far as it bears on when k3s starts.
K3S_UNIT = """\
[Unit]
Description=Lightweight Kubernetes, played
Wants=network-online.target
After=network-online.target
[Service]
Type=notify
NotifyAccess=all
KillMode=process
Delegate=yes
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/libexec/k3s
[Install]
WantedBy=multi-user.target
"""

K3S = f"""\
#!/bin/sh
[ -z "$(ip -4 -oneline address show to {VIP})" ] && found=absent || found=held
echo "address $found"
systemd-notify --ready
exec sleep infinity
"""

KEEPALIVED = """\
{top}
vrrp_instance api {{
	state BACKUP
	interface {interface}
	virtual_router_id 51
	priority {priority}
	advert_int 1
	virtual_ipaddress {{
		{vip}/32
	}}
{inside}
}}
"""


def join(*boxes):
    """One segment for these, and nothing else on it. The bridge ends with the run."""
    bridge = f"lan{next(NUMBERS)}"
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    subprocess.run(["ip", "link", "set", bridge, "up"], check=True)
    for number, box in enumerate(boxes, 11):
        box.network = f"--network-bridge={bridge}"
        box.unit("eth0.service", ETH0.format(address=f"192.0.2.{number}"))
        box.unit("addresses.service", ADDRESSES)


def give_keepalived(box, priority=100, interface="eth0", top="", inside=""):
    box.write("etc/keepalived/keepalived.conf", KEEPALIVED.format(
        vip=VIP, priority=priority, interface=interface, top=top, inside=inside))


def give_k3s(box):
    box.write("usr/libexec/k3s", K3S, 0o755)
    box.unit("k3s.service", K3S_UNIT)


def give_drop_in(box, timeout="60s"):
    """The one that is shipped, with another time where a test can't wait for so long."""
    text = box.read(f"{EXAMPLES}/k3s-wait-address.conf")
    assert text.count("--timeout 60s\n") == 1, text
    text = text.replace("--timeout 60s\n", f"--timeout {timeout}\n")
    box.write("etc/systemd/system/k3s.service.d/gatewake.conf", text)


# --- times, in seconds of the monotonic clock ---

def started(box, unit):
    return int(box.show("ExecMainStartTimestampMonotonic", unit)) / 1e6


def held_since(box):
    """When the address came; None: it did not."""
    for entry in box.entries(unit="addresses.service"):
        if f" inet {VIP}/" in entry["MESSAGE"]:
            return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
    return None


def holds(box):
    return VIP in box.run("ip", "-4", "-oneline", "address", "show", "to", VIP)


def boot_holder(box):
    """Returns once it has the address."""
    give_keepalived(box)
    box.boot()
    until(lambda: holds(box), PATIENCE, f"the address on {box.name}", every=0.05)
