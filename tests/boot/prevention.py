# SPDX-License-Identifier: Apache-2.0
"""The race that never comes: k3s waits for the address (systemd/k3s-wait-address.conf), and in a pair the address goes
where the API server is usable (systemd/keepalived-vrrp-script.conf)."""

import lan
from bed.waiting import until
from cases import PATIENCE, case, holds, same
from world import World

WAIT_SECONDS = 2
STATE = "var/lib/private/gatewake"


def one_node(box, **keepalived):
    lan.join(box)
    lan.give_keepalived(box, **keepalived)
    lan.give_k3s(box)
    box.write("etc/gatewake/config.yaml", f"vip: {lan.VIP}:6443\n")


def remember_address(box):
    """As the service leaves it, from an earlier boot, where systemd has it for a dynamic user."""
    box.write(f"{STATE}/vip", f"{lan.VIP}:6443\n")
    (box.root / STATE).parent.chmod(0o700)
    (box.root / "var/lib/gatewake").symlink_to("private/gatewake")


def k3s_found(box):
    """Whether the address was there when k3s started."""
    lines = [entry["MESSAGE"] for entry in box.entries(unit="k3s.service")]
    return [line for line in lines if line.startswith("address ")]


def wait_exit(box):
    """How the drop-in's command ended."""
    return box.show("ExecStartPre", "k3s").splitlines()[-1].rpartition("status=")[2].split("/")[0].rstrip(" }")


def wait_lines(box):
    """What the drop-in's command said, in k3s's part of the journal."""
    return [entry["MESSAGE"] for entry in box.entries("SYSLOG_IDENTIFIER=gatewake", unit="k3s.service")]


def started_in_peace(box):
    """Once, without a failure of any unit."""
    same([box.show("ActiveState", "k3s"), box.show("NRestarts", "k3s")], ["active", "0"], "k3s and its restarts")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


def times(box):
    keepalived, k3s = lan.started(box, "keepalived"), lan.started(box, "k3s")
    address = until(lambda: lan.held_since(box), PATIENCE, "the address")
    return k3s - address, f"{address - keepalived:.3f} s after keepalived's start the address was held, " \
        f"{k3s - keepalived:.3f} s after it k3s started"


def waited(box):
    """For how long k3s was held up."""
    return lan.started(box, "k3s") - int(box.show("InactiveExitTimestampMonotonic", "k3s")) / 1e6


@case(repeated=True)
def k3s_waits_for_the_address(box):
    """with the drop-in, k3s starts once keepalived, 3.6 s late, has brought the address"""
    one_node(box)
    lan.give_drop_in(box)
    box.boot()
    same(k3s_found(box), ["address held"], "k3s found")
    same(wait_exit(box), "0", "exit code of the wait")
    after, note = times(box)
    assert after < 1, note
    started_in_peace(box)
    return note


@case(repeated=True)
def k3s_is_too_early_without(box):
    """without the drop-in, k3s starts before the address is there: the race"""
    one_node(box)
    box.boot()
    same(k3s_found(box), ["address absent"], "k3s found")
    after, note = times(box)
    assert after < -2, note
    return note


@case
def address_never_comes(box):
    """a keepalived that ends at once: k3s starts after the time-out, and nothing has failed but keepalived"""
    one_node(box, interface="eth9")
    lan.give_drop_in(box, f"{WAIT_SECONDS}s")
    box.boot()
    same(k3s_found(box), ["address absent"], "k3s found")
    same(wait_exit(box), "1", "exit code of the wait")
    same(len(wait_lines(box)), 1, f"lines of the wait {wait_lines(box)}")
    holds(wait_lines(box)[0], "timed out after 2 s", lan.VIP)
    assert WAIT_SECONDS <= waited(box) < WAIT_SECONDS + 1, f"k3s waited {waited(box):.2f} s"
    same([box.show(name, "k3s") for name in ("ActiveState", "NRestarts", "Result")], ["active", "0", "success"], "k3s")
    same(box.run("systemctl", "--failed", "--no-legend", "--plain").split()[0], "keepalived.service", "failed units")
    return f"k3s waited {waited(box):.2f} s"


@case
def no_address_is_known(box):
    """nobody told it of a virtual address: k3s starts at once, and one line says why"""
    one_node(box)
    box.write("etc/gatewake/config.yaml", "")
    lan.give_drop_in(box)
    box.boot()
    same(k3s_found(box), ["address absent"], "k3s found")
    same(wait_exit(box), "2", "exit code of the wait")
    same(len(wait_lines(box)), 1, f"lines of the wait {wait_lines(box)}")
    assert waited(box) < 1, f"k3s waited {waited(box):.2f} s"
    started_in_peace(box)
    same(box.run("systemd-analyze", "verify", "--man=no", "/etc/systemd/system/k3s.service").strip(), "",
         "systemd-analyze verify")
    return wait_lines(box)[0]


@case
def address_is_remembered(box):
    """nothing is configured: k3s waits for the address that the service remembers from an earlier boot"""
    one_node(box)
    box.write("etc/gatewake/config.yaml", "")
    remember_address(box)
    lan.give_drop_in(box)
    box.boot()
    same(k3s_found(box), ["address held"], "k3s found")
    started_in_peace(box)
    return times(box)[1]


# --- a pair ---

SCRIPT = "/etc/keepalived/gatewake.conf"
TRACK = "\ttrack_script {\n\t\tgatewake_local\n\t}"


@case(machines=2)
def backup_does_not_wait(first, second):
    """a node beside the one that has the address: k3s starts at once, without the address"""
    lan.join(first, second)
    lan.boot_holder(first)
    lan.give_keepalived(second, priority=90)
    lan.give_k3s(second)
    lan.give_drop_in(second)
    remember_address(second)
    second.boot()
    same(k3s_found(second), ["address absent"], "k3s found")
    same(wait_exit(second), "0", "exit code of the wait")
    assert waited(second) < 1, f"k3s waited {waited(second):.2f} s"
    started_in_peace(second)
    return f"k3s waited {waited(second):.2f} s"


def pair_node(box, priority, settings):
    box.write(SCRIPT, box.read(f"{lan.EXAMPLES}/keepalived-vrrp-script.conf"))
    lan.give_keepalived(box, priority, top=f"global_defs {{\n{settings}}}\ninclude {SCRIPT}", inside=TRACK)
    lan.give_k3s(box)
    lan.give_drop_in(box)
    box.write("etc/gatewake/config.yaml", f"vip: {lan.VIP}:6443\n")


def complaints(box):
    """keepalived's about its files. Its exit code says nothing: 2.2.7 kills itself where a script has a user, #2587."""
    return box.run("systemd-run", "--pipe", "--wait", "--quiet", "keepalived", "--config-test", check=False).strip()


def api_of(box):
    world = World(box)
    world.hand_over_kubeconfig()
    world.tell("gate local refused")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", "gatewake")
    return world


def comes_to(box, other, what, seconds=PATIENCE):
    until(lambda: lan.holds(box) and not lan.holds(other), seconds, what, every=0.05)


@case(machines=2)
def address_goes_where_the_api_is_usable(first, second):
    """a pair with vrrp_script and drop-in: k3s starts, the address goes to the node whose API answers and comes back"""
    lan.join(first, second)
    pair_node(first, 100, "")
    pair_node(second, 90, "\tenable_script_security\n")
    for box in (first, second):
        box.boot()
        same(complaints(box), "", "what keepalived says of its configuration")
    same([k3s_found(first), k3s_found(second)], [["address held"], ["address absent"]], "k3s found, on each")
    same([wait_exit(first), wait_exit(second)], ["0", "0"], "exit code of the wait, on each")
    apis = [api_of(box) for box in (first, second)]
    comes_to(first, second, "the address where the priority is higher, while no API answers")
    apis[1].tell("gate local open")
    comes_to(second, first, "the address on the second node, whose API alone answers")
    apis[0].tell("gate local open")
    comes_to(first, second, "the address back on the first node, whose API answers again")
    first.run("systemctl", "stop", "gatewake")
    comes_to(second, first, "the address on the second node, when nobody looks on the first")
