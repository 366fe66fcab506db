# SPDX-License-Identifier: Apache-2.0
"""What is looked at. Each case gets containers of its own, not booted yet; it ends well or raises."""

import re
import time

from bed.fake import PATIENCE
from bed.waiting import until
from world import World

LEDGER = "/var/lib/private/gatewake/ledger"
DELETE = "write DELETE /api/v1/namespaces/kube-system/pods/"
HELD = "held DELETE /api/v1/namespaces/kube-system/pods/"
CASES = {}


def case(function=None, *, machines=1, repeated=False):
    """How many containers it gets, and whether it is about luck, so that one boot says too little (--boots)."""
    def add(function):
        function.machines, function.repeated = machines, repeated
        CASES[function.__name__] = function
        return function

    return add(function) if function else add


# --- small parts ---

def same(found, expected, what):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


def holds(text, *parts):
    for part in parts:
        assert part in text, f"no “{part}” in “{text}”"


def status_with(box, *parts, seconds=PATIENCE):
    """The status line, once it has all of that."""
    seen = [""]

    def look():
        seen[0] = box.status()
        return all(part in seen[0] for part in parts)

    try:
        until(look, seconds, "")
    except Exception:
        raise AssertionError(f"the status line never had {parts}; it is “{seen[0]}”") from None
    return seen[0]


def wait_for_line(box, text, seconds=PATIENCE):
    return until(lambda: next((line for line in box.lines() if text in line), None), seconds,
                 f"“{text}” in the journal")


def wait_for_restarts(box, count, seconds=PATIENCE):
    def look():
        shown = dict(line.split("=", 1) for line in box.run(
            "systemctl", "show", "--property=NRestarts,ActiveState", "gatewake").splitlines())
        return int(shown["NRestarts"]) >= count and shown["ActiveState"] == "active"

    until(look, seconds, f"restart {count} by systemd", every=0.05)
    same(box.show("NRestarts"), str(count), "restarts by systemd")


def dropin(box, name, text):
    box.write(f"etc/systemd/system/gatewake.service.d/{name}.conf", text)


def world_of(box, speed=4):
    """Boots, and puts an API server and its kubeconfig beside the service, which knows them once it starts again."""
    box.boot()
    world = World(box, speed)
    world.hand_over_kubeconfig()
    return world


def start(box):
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", "gatewake")


def proven(box):
    return status_with(box, "listeners proven, controller on")


# --- the cases ---

@case
def start_without_credentials(box):
    """READY=1 without a kubeconfig, the boot goes on, and the status line says what to do"""
    box.boot()  # it ends only if the boot does
    same(box.run("systemctl", "is-active", "multi-user.target", "gatewake").split(), ["active", "active"],
         "multi-user.target and gatewake")
    same(box.show("WatchdogUSec"), "30s", "the watchdog's time")
    pid = box.show("MainPID")
    box.run("systemctl", "reload", "gatewake")
    same([box.show("MainPID"), box.show("NRestarts")], [pid, "0"], "process and restarts, after a reload")
    holds(box.status(), "no credentials yet", "sudo gatewake setup; or put one into /etc/gatewake/kubeconfig",
          "sudo systemctl restart gatewake")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


@case
def status_names_layer_and_address(box):
    """while the API is away, the status line names the way, the address and the layer, and counts"""
    world = world_of(box)
    local = re.search(r"server: https://(\S+)", box.run("cat", "/etc/gatewake/kubeconfig"))[1]
    world.tell("gate local refused")
    world.tell("gate vip stall")
    start(box)
    first = status_with(box, f"waiting for local: {local} the port is closed (ECONNREFUSED after ", " s), ")
    counted = [int(re.search(r", (\d+) s$", first)[1])]
    until(lambda: counted.append(int(re.search(r", (\d+) s$", box.status())[1])) or counted[-1] >= counted[0] + 2,
          10, "two more seconds in the status line", every=0.2)
    entry = until(lambda: box.entries("GATEWAKE_ENDPOINT=vip", "GATEWAKE_LAYER=tls"), PATIENCE, "the vip's entry")[0]
    same(entry["GATEWAKE_ADDRESS"], world.vip, "the vip's address")
    entry = box.entries("GATEWAKE_ENDPOINT=local", "GATEWAKE_LAYER=tcp")[0]
    same(entry["GATEWAKE_ADDRESS"], local, "the local address")
    same(box.show("NRestarts"), "0", "restarts")
    world.tell("gate local open")
    world.tell("restart refused 60")
    status_with(box, "Gateway controller OFF: restart waits for the API server's virtual address",
                f"; waiting for vip: {world.vip} the port is closed (ECONNREFUSED after ")


@case
def watchdog_ends_a_lost_transfer(box):
    """a transfer whose end is lost: the journal names the order, systemd restarts, the ledger is kept"""
    world = world_of(box)
    dropin(box, "swallow", "[Service]\nExecStart=\nExecStart=/usr/libexec/gatewake-swallow run\nWatchdogSec=3\n")
    box.run("touch", "/run/gatewake-swallow")
    world.tell("hold DELETE /pods/")
    world.tell("reboot 3")
    start(box)
    world.wait_for(HELD)
    ledger = box.read(LEDGER)
    wait_for_line(box, "overdue: no end of the restart by its deadline; the watchdog is not fed any more")
    same(box.show("NRestarts"), "0", "restarts before that")
    box.run("rm", "/run/gatewake-swallow")
    wait_for_restarts(box, 1)
    said = box.systemd_lines()
    assert any("Watchdog timeout (limit 3s)!" in line for line in said), said
    assert any("Failed with result 'watchdog'" in line for line in said), said
    until(lambda: world.count(HELD) >= 2, PATIENCE, "the same delete once more")
    same(box.read(LEDGER), ledger, "the ledger")
    world.tell("release")
    proven(box)
    same(world.count(DELETE), 1, "deletes carried out")
    same(box.show("NRestarts"), "1", "restarts in all")


@case
def killed_between_order_and_act(box):
    """kill -9 between the ledger and the delete: restarted, and the same delete is repeated for free"""
    world = world_of(box)
    world.tell("hold DELETE /pods/")
    world.tell("reboot 3")
    start(box)
    world.wait_for(HELD)
    ledger = box.read(LEDGER)
    box.run("systemctl", "kill", "--signal=KILL", "gatewake")
    wait_for_restarts(box, 1)
    until(lambda: world.count(HELD) >= 2, PATIENCE, "the same delete once more")
    same(box.read(LEDGER), ledger, "the ledger")
    world.tell("release")
    proven(box)
    same(world.count(DELETE), 1, "deletes carried out")


@case
def killed_with_the_budget_spent(box):
    """kill -9 after three restarts in vain: no fourth delete, and the time to wait goes on"""
    spend_and_kill(box, world_of(box, speed=1))


def spend_and_kill(box, world):
    """Three restarts in vain, then kill -9; whatever the disk holds of them."""
    world.tell("restart refused 1")
    start(box)
    for count in range(1, 4):
        until(lambda: world.count(DELETE) >= count, PATIENCE, f"delete {count}", every=0.01)
        world.tell("gate vip refused 2")  # the replacement loses the race as well
    line = status_with(box, "not restarted yet: the last replacements were off as well", ", at most ")
    left, at = int(re.search(r"at most (\d+) s more", line)[1]), time.monotonic()
    assert 200 < left <= 301, line
    ledger = box.run("cat", LEDGER)
    box.run("systemctl", "kill", "--signal=KILL", "gatewake")
    wait_for_restarts(box, 1)
    line = status_with(box, "not restarted yet: the last replacements were off as well", ", at most ")
    still = int(re.search(r"at most (\d+) s more", line)[1])
    assert abs(still - (left - (time.monotonic() - at))) < 3, f"{left} s, then {line}"
    same(box.run("cat", LEDGER), ledger, "the ledger")
    same(world.count(DELETE), 3, "deletes carried out")


@case
def stops_at_once(box):
    """SIGTERM ends it within a second, well, even in the middle of a request"""
    world = world_of(box)
    world.tell("gate local silent")
    world.tell("gate vip silent")
    start(box)
    status_with(box, "waiting for local: ")
    began = time.monotonic()
    box.run("systemctl", "stop", "gatewake")
    seconds = time.monotonic() - began
    shown = box.run("systemctl", "show", "--property=Result,ExecMainCode,ExecMainStatus,ActiveState", "gatewake")
    same(sorted(shown.split()), ["ActiveState=inactive", "ExecMainCode=1", "ExecMainStatus=0", "Result=success"], "end")
    assert seconds < 1, f"it took {seconds:.2f} s"


@case
def kubeconfig_comes_late(box):
    """a kubeconfig that comes later is taken by the very command that the journal names"""
    box.boot()
    line = wait_for_line(box, "no credentials yet")
    path, command = re.search(r"put one into (\S+), then: sudo (.+)$", line).groups()
    world = World(box)
    world.tell("reboot 3")
    same(path, "/etc/gatewake/kubeconfig", "where to put it")
    world.hand_over_kubeconfig()
    box.run("systemctl", "daemon-reload")
    box.run(*command.split())
    proven(box)


@case
def wrong_key_is_one_line_and_the_end(box):
    """a wrong key in config.yaml: one line with file and line, exit 2, and no restart"""
    box.write("etc/gatewake/config.yaml", "mode: recover\nvpi: 172.16.101.101\n")
    box.boot()
    until(lambda: box.show("ActiveState") == "failed", PATIENCE, "the end of the service", every=0.05)
    shown = box.run("systemctl", "show", "--property=Result,ExecMainStatus,NRestarts,SubState", "gatewake")
    same(sorted(shown.split()), ["ExecMainStatus=2", "NRestarts=0", "Result=exit-code", "SubState=failed"], "end")
    lines = box.lines()
    same(len(lines), 1, f"lines of gatewake in the journal {lines}")
    holds(lines[0], 'gatewake run: /etc/gatewake/config.yaml:2: unknown key "vpi"; allowed: vip, mode')
    same(box.entries()[0]["PRIORITY"], "3", "its priority")


@case
def catalog_explains_an_entry(box):
    """journalctl -x shows the catalog's text, with its fields filled in"""
    world = world_of(box)
    box.run("journalctl", "--update-catalog")
    world.tell("gate local refused")
    start(box)
    entry = until(lambda: box.entries("GATEWAKE_ENDPOINT=local", "GATEWAKE_LAYER=tcp"), PATIENCE, "the entry")[0]
    text = box.run("journalctl", "-x", "-u", "gatewake")
    holds(text, f'Subject: API server by way "local" ({entry["GATEWAKE_ADDRESS"]}): tcp',
          "Defined-By: gatewake", "Documentation: man:gatewake(8)",
          f'far as the layer "tcp". {entry["GATEWAKE_DETAIL"]}')
    world.tell("restart refused 60")
    world.tell("gate local open")
    until(lambda: box.entries("GATEWAKE_CAUSE=vip-not-usable"), PATIENCE, "the verdict's entry")
    text = box.run("journalctl", "-x", "-u", "gatewake")
    holds(text, "Subject: The restart waits for the virtual address", "The Gateway controller of kube-system/cilium-")
    left = sorted(set(re.findall(r"@[A-Z_]+@", text)))
    same(left, [], "fields that were not filled in")


def exposure(box, unit="gatewake.service"):
    """What systemd sums up of a unit's sandbox: a line that ends with the figure."""
    report = box.run("systemd-analyze", "security", "--no-pager", unit)
    return re.search(rf"Overall exposure level for {re.escape(unit)}: [0-9.]+", report)[0]


@case
def sandbox_is_tight(box):
    """systemd finds nothing to complain of in the unit, exposure is at most 1.2, and it runs as nobody in particular"""
    box.boot()
    same(box.run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/gatewake.service").strip(), "",
         "systemd-analyze verify")
    level = exposure(box)
    assert float(level.split()[-1]) <= 1.2, level
    status = box.run("cat", f"/proc/{box.show('MainPID')}/status")
    uids = set(re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split())
    same(len(uids), 1, f"user ids {uids}")
    assert 61184 <= int(uids.pop()) <= 65519, "it is no dynamic user"
    for field in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        same(re.search(rf"^{field}:\s+(\S+)$", status, re.M)[1].strip("0"), "", field)
    same(re.search(r"^NoNewPrivs:\s+(\S+)$", status, re.M)[1], "1", "NoNewPrivs")
    same(re.search(r"^Seccomp:\s+(\S+)$", status, re.M)[1], "2", "Seccomp")
    return f"exposure {exposure}"


# --- metrics ---

def measure_into(box, folder):
    """The key, and a service that stays dead once it was killed, so that what systemd removes is seen."""
    text = box.read("etc/gatewake/config.yaml")
    box.write("etc/gatewake/config.yaml", f"{text}metrics-dir: {folder}\n")
    dropin(box, "once", "[Service]\nRestart=no\n")


def metrics_of(box, folder, seconds=PATIENCE):
    """As one reads them who is nobody in particular, once they say that all is proven."""
    argv = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat", f"{folder}/gatewake.prom"]
    until(lambda: 'gatewake_verdict{verdict="PROVEN"} 1\n' in box.run(*argv, check=False), seconds,
          f"PROVEN in {folder}/gatewake.prom", every=0.1)
    return box.run(*argv)


def end_and_look(box, folder, *argv):
    box.run(*argv)
    until(lambda: box.show("ActiveState") in ("inactive", "failed"), PATIENCE, "the service's end", every=0.05)
    same(box.run("find", folder, "-name", "gatewake.prom*", check=False).strip(),
         "" if box.ask("test", "-e", folder).returncode == 0 else f"find: ‘{folder}’: No such file or directory",
         f"metrics in {folder} after {' '.join(argv)}")


@case
def metrics_in_its_own_folder(box):
    """metrics-dir: /run/gatewake needs no drop-in, everybody may read, and no file outlives the service"""
    world_of(box)
    measure_into(box, "/run/gatewake")
    start(box)
    holds(metrics_of(box, "/run/gatewake"), "gatewake_last_proof_timestamp_seconds ",
          'gatewake_endpoint_usable{endpoint="vip"} 1\n')
    end_and_look(box, "/run/gatewake", "systemctl", "stop", "gatewake")
    box.run("systemctl", "start", "gatewake")
    metrics_of(box, "/run/gatewake")
    end_and_look(box, "/run/gatewake", "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "gatewake")


@case
def metrics_in_a_folder_of_others(box):
    """without leave it says so and goes on; with the drop-in of the examples it writes, and no file outlives it"""
    folder = "/var/lib/prometheus/node-exporter"
    world_of(box)
    box.run("groupadd", "--system", "prometheus")
    measure_into(box, folder)
    start(box)
    wait_for_line(box, f"{folder}/gatewake.prom cannot be written (No such file or directory): no metrics")
    box.run("install", "-d", "-g", "prometheus", "-m", "0775", folder)
    start(box)
    line = f"{folder}/gatewake.prom cannot be written (Read-only file system): no metrics"
    wait_for_line(box, line)
    proven(box)
    same(box.lines().count(line), 1, "times that it is said")
    box.run("cp", "/usr/share/doc/gatewake/examples/metrics.conf", "/etc/systemd/system/gatewake.service.d/")
    start(box)
    metrics_of(box, folder)
    end_and_look(box, folder, "systemctl", "stop", "gatewake")
    box.run("systemctl", "start", "gatewake")
    metrics_of(box, folder)
    end_and_look(box, folder, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "gatewake")
    box.run("rm", "-r", folder)
    box.run("systemctl", "start", "gatewake")
    proven(box)
    return exposure(box)
