# SPDX-License-Identifier: Apache-2.0
"""tests/fakeapi on the machine, as a unit that starts before the service; its virtual address is keepalived's. Of its
host the service sees the containers and the boot's id, and all else is the machine's own: no host-root."""

VIP, PORT = "10.66.0.100", 6443
FOLDER = "/run/fakeapi"

UNIT = """[Unit]
Description=The fake API server of the tests
Before=gatewake.service

[Service]
RuntimeDirectory=fakeapi
ExecStartPre=mkdir {folder}/world
ExecStartPre=mkfifo {folder}/control
ExecStart=sh -c 'exec /usr/libexec/fakeapi {flags} <> {folder}/control > {folder}/said'
ExecStartPost=sh -c 'until grep -q "^event .* rebooted" {folder}/said; do sleep 0.1; done'
ExecStartPost=install -D -m 600 {folder}/world/kubeconfig /etc/gatewake/kubeconfig

[Install]
WantedBy=multi-user.target
"""


def seen_at(folder):
    """Lines of a unit that sees that host."""
    return "".join(f"BindReadOnlyPaths={folder}{path}:{path}\n"
                   for path in ("/sys/fs/cgroup", "/proc/sys/kernel/random/boot_id"))


class World:
    """Boots with its machine: the virtual address answers so many seconds after that. issued: the certificates'."""

    def __init__(self, machine, vip_seconds, issued):
        self.machine = machine
        flags = (f"--tapes /usr/share/fakeapi --folder {FOLDER}/world --vip {VIP}:{PORT} --issued {issued} "
                 f'--at 0 "reboot {vip_seconds}"')
        machine.write("etc/systemd/system/fakeapi.service", UNIT.format(folder=FOLDER, flags=flags))
        machine.write("etc/gatewake/config.yaml", f"vip: {VIP}:{PORT}\n")
        seen = seen_at(f"{FOLDER}/world/host")
        machine.write("etc/systemd/system/gatewake.service.d/host.conf", f"[Service]\n{seen}")
        machine.enable("fakeapi.service")

    def said(self):
        return self.machine.run(f"cat {FOLDER}/said").splitlines()

    def count(self, *parts):
        """Lines that have all of that."""
        return sum(all(part in line for part in parts) for line in self.said())
