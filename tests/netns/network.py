# SPDX-License-Identifier: Apache-2.0
"""A switch and some nodes: network namespaces, a veth each, a subnet of either family. Nothing else is in reach."""

import os
import pathlib
import subprocess

PREFIX = "10.77.0."
PREFIX6 = "fd77::"


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


def inside(namespace, *words):
    """The words of a command that runs there."""
    return ["ip", "netns", "exec", namespace, *map(str, words)]


class Network:
    """Each set has the same addresses: it sees no other."""

    def __init__(self, name, count):
        self.switch = f"{name}-switch"
        self.namespaces = {number: f"{name}-node{number}" for number in range(1, count + 1)}
        ip("netns", "add", self.switch)
        # The switch forwards the adverts of either family to every port, as one without snooping does.
        ip("-n", self.switch, "link", "add", "br0", "type", "bridge", "forward_delay", 0, "mcast_snooping", 0)
        ip("-n", self.switch, "link", "set", "br0", "up")
        for number, namespace in self.namespaces.items():
            self.add_node(number, namespace)

    def add_node(self, number, namespace):
        ip("netns", "add", namespace)
        self.run(number, "sysctl", "--quiet", "--write", "net.ipv6.conf.default.accept_dad=0")
        ip("-n", self.switch, "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0",
           "netns", namespace)
        ip("-n", self.switch, "link", "set", f"port{number}", "master", "br0", "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "address", "add", f"{address(number)}/24", "dev", "eth0")
        ip("-n", namespace, "address", "add", f"{address6(number)}/64", "dev", "eth0", "nodad")
        ip("-n", namespace, "link", "set", "eth0", "up")

    def run(self, number, *words):
        return subprocess.run(inside(self.namespaces[number], *words), check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def pull_plug(self, number):
        """The carrier goes, on both ends."""
        ip("-n", self.switch, "link", "set", f"port{number}", "down")

    def drop_adverts(self, number, hook):
        """A firewall on that node: hook is input or output."""
        self.run(number, "nft", f"add table inet lost; add chain inet lost {hook} "
                 f"{{ type filter hook {hook} priority 0; }}; add rule inet lost {hook} meta l4proto 112 drop")

    def pass_adverts(self, number):
        self.run(number, "nft", "delete table inet lost")

    def holders(self, vip):
        """Who has the address on an interface right now."""
        return [number for number in self.namespaces if f" {vip}/" in self.run(number, "ip", "-o", "address")]

    def remove(self):
        for namespace in (self.switch, *self.namespaces.values()):
            ip("netns", "delete", namespace)

    def path(self, number):
        return pathlib.Path("/run/netns", self.namespaces[number])


def address(number):
    return f"{PREFIX}{10 + number}"


def address6(number):
    return f"{PREFIX6}{10 + number}"


def link_local(number, network):
    """The source of IPv6 adverts."""
    text = network.run(number, "ip", "-6", "-o", "address", "show", "dev", "eth0", "scope", "link")
    return text.split(" inet6 ")[1].split("/")[0]


def mount_private_run():
    """In the caller's own mount namespace: names of namespaces, pid files and scratch of this run, gone with it."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    os.makedirs("/run/netns")
