#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""observer VIP NODE NETNS RUNTIME-DIR [NODE NETNS RUNTIME-DIR]... - the ground truth, from outside what is tested.

A process of its own, that waits in one place: what it prints bears the time at which it was there to be read, on
CLOCK_MONOTONIC. A line of JSON for each thing that happens:
  held, gone       the virtual address came to, went from an interface of that node (rtnetlink)
  up, down         the node's eth0 has a carrier, or none (rtnetlink)
  advert           a VRRP advert that came in on the wire, before any firewall: from, vrid, priority, addresses
  status           status.json, as the agent wrote it anew (inotify)
It ends with its stdin."""

import ctypes
import ipaddress
import json
import os
import pathlib
import select
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR = 0x1, 0x10, 0x100
RTM_NEWLINK, RTM_NEWADDR, RTM_DELADDR = 16, 20, 21
IFA_ADDRESS, IFA_LOCAL, IFLA_IFNAME = 1, 2, 3
IFF_LOWER_UP = 0x10000
IN_MOVED_TO, IN_NONBLOCK = 0x80, 0o4000
ETH_P_IP, ETH_P_IPV6, SO_ATTACH_FILTER = 0x0800, 0x86DD, 26
IPPROTO_VRRP = 112
BUFFER = 1 << 20


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


class Observer:
    def __init__(self, vip):
        self.vip = ipaddress.ip_address(vip)
        self.poll = select.poll()
        self.readers = {}
        self.sockets = []  # kept open
        self.carrier = {}

    def watch(self, fd, reader):
        self.readers[fd] = reader
        self.poll.register(fd, select.POLLIN)

    def add_node(self, node, namespace, runtime):
        with open(namespace) as file:
            check(libc.setns(file.fileno(), CLONE_NEWNET))  # a socket stays where it was made
        self.add_netlink(node)
        self.add_vrrp(node)
        self.add_status(node, pathlib.Path(runtime))

    def run(self):
        self.watch(sys.stdin.fileno(), None)
        print(json.dumps({"at": time.monotonic(), "what": "ready"}), flush=True)
        while True:
            ready = self.poll.poll()
            at = time.monotonic()
            for fd, _ in ready:
                if not self.readers[fd]:
                    return
                self.readers[fd](at)

    @staticmethod
    def tell(at, node, what, **more):
        print(json.dumps({"at": at, "node": node, "what": what, **more}), flush=True)

    # --- rtnetlink ---

    def add_netlink(self, node):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sock.bind((0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
        self.sockets.append(sock)
        self.watch(sock.fileno(), lambda at: self.read_netlink(at, node, sock))

    def read_netlink(self, at, node, sock):
        data = sock.recv(1 << 16)  # an overrun raises: a truth with holes is none
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            body = data[16:length]
            if kind in (RTM_NEWADDR, RTM_DELADDR):
                found = attributes(body[8:])
                if found.get(IFA_LOCAL, found.get(IFA_ADDRESS)) == self.vip.packed:
                    self.tell(at, node, "held" if kind == RTM_NEWADDR else "gone")
            elif kind == RTM_NEWLINK:
                self.see_link(at, node, body)
            data = data[(length + 3) & ~3:]

    def see_link(self, at, node, body):
        _, _, _, flags, _ = struct.unpack_from("=BxHiII", body)
        up = bool(flags & IFF_LOWER_UP)
        if attributes(body[16:]).get(IFLA_IFNAME) == b"eth0\0" and self.carrier.get(node) != up:
            self.carrier[node] = up
            self.tell(at, node, "up" if up else "down")

    # --- VRRP. It joins no group: the agent that forgets to is not to hear by our doing. ---

    def add_vrrp(self, node):
        for protocol, next_header in ((ETH_P_IP, 9), (ETH_P_IPV6, 6)):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
            attach_filter(sock, next_header)
            sock.bind(("eth0", protocol))
            self.sockets.append(sock)
            self.watch(sock.fileno(), lambda at, sock=sock: self.read_vrrp(at, node, sock))

    def read_vrrp(self, at, node, sock):
        data = sock.recv(2048)
        if data[0] >> 4 == 4:
            source, data, size = data[12:16], data[(data[0] & 15) * 4:], 4
        else:
            source, data, size = data[8:24], data[40:], 16
        addresses = [str(ipaddress.ip_address(data[8 + i * size:8 + (i + 1) * size])) for i in range(data[3])]
        self.tell(at, node, "advert", vrid=data[1], priority=data[2], addresses=addresses,
                  **{"from": str(ipaddress.ip_address(source))})

    # --- what the agent says ---

    def add_status(self, node, runtime):
        fd = check(libc.inotify_init1(IN_NONBLOCK))
        check(libc.inotify_add_watch(fd, os.fsencode(runtime), IN_MOVED_TO))
        self.watch(fd, lambda at: self.read_status(at, node, fd, runtime / "status.json"))

    def read_status(self, at, node, fd, path):
        os.read(fd, 1 << 16)
        self.tell(at, node, "status", readiness=json.loads(path.read_text())["readiness"])


def attach_filter(sock, offset):
    """Lets pass what has VRRP's number there."""
    program = b"".join(struct.pack("=HBBI", *words) for words in (
        (0x30, 0, 0, offset), (0x15, 0, 1, IPPROTO_VRRP), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)))
    kept = ctypes.create_string_buffer(program, len(program))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(kept)))


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def main():
    observer = Observer(sys.argv[1])
    # Before others on a busy machine: a late look would be a wrong time.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    words = sys.argv[2:]
    for i in range(0, len(words), 3):
        observer.add_node(*words[i:i + 3])
    observer.run()


if __name__ == "__main__":
    main()
