# SPDX-License-Identifier: Apache-2.0
"""An emulated ARM64 board, and its disk: one made of a tree and of the files that a test adds, or a card for a Pi."""

import base64
import json
import pathlib
import socket
import subprocess
import time

from bed.tree import Tree
from bed.waiting import until

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHELL = "gatewake-shell.service"
PORT = "gatewake"
SHARED = "shared"  # what a machine mounts it by
BRIDGE = "br0"
HOST = "10.66.0.1"  # this side of the machines' network
BOOT_SECONDS = 300  # emulated: 15 s on an idle host, and no host is idle
END_SECONDS = 120
SPARE_BYTES = 256 << 20
SECTOR = 512
CARD_BYTES = 4 << 30


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


def prepare_host():
    """The machines' network, in the caller's own network namespace: it ends with it, and leads nowhere else."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "add", f"{HOST}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")


class Shell:
    """The other end of tests/vm/shell: one command after the other."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.unread = b""
        self.count = 0

    def ask(self, command, seconds):
        self.count += 1
        text = base64.b64encode(command.encode()).decode()
        self.socket.sendall(f"{self.count} {seconds} {text}\n".encode())
        end = time.monotonic() + seconds + 10  # the guest ends it before
        while True:
            number, status, output = (self.line(end, command) + " ").split(" ")[:3]
            if number == str(self.count):  # else it is of one that was given up
                return int(status), base64.b64decode(output).decode(errors="replace").removesuffix("\n")

    def line(self, end, command):
        while b"\n" not in self.unread:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                got = self.socket.recv(1 << 16)
            except TimeoutError:
                raise AssertionError(f"no answer to “{command}”") from None
            if not got:
                raise AssertionError(f"the machine went off during “{command}”")
            self.unread += got
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()


class Machine(Tree):
    """image: the folder with kernel, initrd and tree (tests/vm/build). rtc: where its hardware clock begins."""

    count = 0

    def __init__(self, image, scratch, name, rtc="utc", memory=1024, cpus=2):
        Machine.count += 1
        self.number, self.image = Machine.count, pathlib.Path(image)
        self.address, self.tap = f"{HOST.removesuffix('.1')}.{10 + self.number}", f"vm{self.number}"
        self.mac = f"52:54:00:66:00:{self.number:02x}"
        self.rtc, self.memory, self.cpus = rtc, memory, cpus
        self.shared = None  # a folder of this host, for the machine to mount
        super().__init__(self.image / "tree", pathlib.Path(scratch, name))
        self.disk = self.folder / "disk"
        self.kernel, self.initrd = self.image / "kernel", self.image / "initrd"
        self.append = "quiet panic=5 net.ifnames=0 console=ttyAMA0"
        self.qemu = self.shell = None
        self.install(HERE / "shell", f"usr/libexec/{SHELL.removesuffix('.service')}")
        self.install(HERE / "shell.service", f"usr/lib/systemd/system/{SHELL}", 0o644)
        self.enable(SHELL)

    # --- life ---

    def boot(self):
        """Returns the seconds that it took until systemd had nothing more to start."""
        self.make_disk()
        self.plug_in()
        self.power_on()
        return self.wait_for_boot()

    def make_disk(self):
        used = int(subprocess.run(["du", "--summarize", "--bytes", self.root], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout.split()[0])
        with open(self.disk, "wb") as disk:
            disk.truncate((2 * used + SPARE_BYTES) & -4096)
        run("mke2fs", "-q", "-t", "ext4", "-d", self.root, self.disk)

    def plug_in(self):
        run("ip", "tuntap", "add", self.tap, "mode", "tap")
        run("ip", "link", "set", self.tap, "master", BRIDGE, "up")

    def power_on(self):
        """Also again after a power cut: what is on the disk stays."""
        port = self.folder / "port"
        port.unlink(missing_ok=True)
        self.began = time.monotonic()
        self.qemu = subprocess.Popen([
            "qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", str(self.cpus),
            "-m", str(self.memory), "-accel", "tcg,thread=multi", "-nodefaults", "-no-user-config", "-display", "none",
            "-rtc", f"base={self.rtc}", "-serial", f"file:{self.folder / 'console'}",
            "-kernel", self.kernel, "-initrd", self.initrd, "-append", self.append, "-no-reboot",
            "-drive", f"if=none,id=disk,file={self.disk},format=raw,cache=unsafe",
            "-device", "virtio-blk-pci,drive=disk",
            "-netdev", f"tap,id=net,ifname={self.tap},script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=net,mac={self.mac},romfile=",
            "-chardev", f"socket,id=shell,path={port},server=on,wait=off", "-device", "virtio-serial-pci",
            "-device", f"virtserialport,chardev=shell,name={PORT}", "-device", "virtio-rng-pci", *self.share(),
        ], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "qemu", "wb"))
        until(lambda: port.exists() or self.qemu.poll() is not None, 10, "qemu", every=0.02)
        if self.qemu.poll() is not None:
            raise AssertionError(f"qemu: {(self.folder / 'qemu').read_text()}")
        self.shell = Shell(port)

    def share(self):
        return ["-virtfs", f"local,path={self.shared},mount_tag={SHARED},security_model=none,readonly=on"] \
            if self.shared else []

    def wait_for_boot(self):
        state = self.run("systemctl is-system-running --wait", check=False, seconds=BOOT_SECONDS)
        if state != "running":
            raise AssertionError(f"the boot ended as “{state}”:\n{self.run('systemctl list-jobs; systemctl --failed')}")
        return time.monotonic() - self.began

    def power_off(self):
        self.run("systemctl --no-block poweroff")
        self.qemu.wait(END_SECONDS)

    def cut_power(self):
        self.qemu.kill()
        self.qemu.wait()

    def end(self):
        if self.qemu and self.qemu.poll() is None:
            self.cut_power()
        self.remove()

    # --- commands inside ---

    def ask(self, command, seconds=60):
        """(exit status, what it printed), of a line for bash."""
        return self.shell.ask(command, seconds)

    def run(self, command, check=True, seconds=60):
        """What it prints; it must end well."""
        status, output = self.ask(command, seconds)
        if check and status:
            raise AssertionError(f"{command}: exit {status}: {output}")
        return output

    def show(self, name, unit):
        return self.run(f"systemctl show --value --property {name} {unit}")

    def entries(self, unit, *matches):
        """A unit's own journal entries, oldest first."""
        text = self.run(f"journalctl --output=json --quiet _SYSTEMD_UNIT={unit} {' '.join(matches)}", check=False)
        return [json.loads(line) for line in text.splitlines()]


class Card(Machine):
    """The image of a card for a Pi (cross/image), with PACKAGE in it, and with the test's files. It boots its own
    kernel and initrd; its own command line gets the emulated board's console, which the Pi does not have."""

    def __init__(self, package, scratch, name, **settings):
        self.package = package
        empty = pathlib.Path(scratch, name + "-nothing")
        (empty / "tree").mkdir(parents=True)
        super().__init__(empty, scratch, name, **settings)

    def make_disk(self):
        subprocess.run([ROOT / "cross" / "image", "--files", self.root, self.package, self.disk], check=True,
                       stdout=subprocess.DEVNULL)
        first = json.loads(subprocess.run(["sfdisk", "--json", self.disk], check=True, stdout=subprocess.PIPE,
                                          text=True).stdout)["partitiontable"]["partitions"][0]
        run("mcopy", "-i", f"{self.disk}@@{first['start'] * SECTOR}", "::*", self.folder)
        settings = dict(line.replace(" ", "=", 1).split("=", 1) for line in
                        (self.folder / "config.txt").read_text().splitlines() if line and not line.startswith("#"))
        self.kernel, self.initrd = self.folder / settings["kernel"], self.folder / settings["initramfs"]
        self.append = (self.folder / "cmdline.txt").read_text().strip() + " panic=5 console=ttyAMA0"
        with open(self.disk, "r+b") as disk:  # a card that is larger than the image
            disk.truncate(CARD_BYTES)
