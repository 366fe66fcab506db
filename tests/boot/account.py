# SPDX-License-Identifier: Apache-2.0
"""`gatewake setup` on a host with a systemd: what it puts there, what it restarts, and the units around it."""

from bed.waiting import until
from cases import PATIENCE, case, holds, proven, same, start, status_with
from world import World

OWN = "/etc/gatewake/kubeconfig"
K3S = "/etc/rancher/k3s/k3s.yaml"
DROPIN = "/etc/systemd/system/gatewake.service.d/vrrp.conf"
NET_RAW = 1 << 13


def give_k3s(box, world):
    box.run("install", "-D", "-m", "600", world.kubeconfig, K3S)


def life(box):
    """Another one after each start of the service."""
    return box.show("InvocationID")


def world_without_account(box):
    box.boot()
    world = World(box)
    start(box)  # it knows its world now, and has no credentials
    return world


@case
def setup_by_hand(box):
    """as the one who owns the Pi runs it: the service goes on with the new account, a second run changes nothing"""
    world = world_without_account(box)
    give_k3s(box, world)
    before = life(box)
    said = box.run("gatewake", "setup")
    holds(said, "created    ServiceAccount kube-system/gatewake", f"wrote      {OWN}", "restarted  gatewake.service")
    assert "vrrp" not in said, f"keepalived is installed here, and does nothing: {said}"
    same(box.run("stat", "--format=%a %U:%G", OWN).strip(), "600 root:root", "mode and owner")
    proven(box)
    after = life(box)
    assert after != before, "the service was not restarted"
    said = box.run("gatewake", "setup")
    assert "restarted" not in said and "created" not in said and "wrote" not in said, said
    same(life(box), after, "the service, after a second run")
    assert "vrrp" not in said, said


@case
def setup_by_the_path_unit(box):
    """an image: the account is made once k3s is there, tried again until that can be done, and not a second time"""
    box.enable("gatewake-setup.path")
    world = world_without_account(box)
    same(box.show("ActiveState", "gatewake-setup.path"), "active", "the path unit")
    same(box.show("ActiveState", "gatewake-setup.service"), "inactive", "setup, before k3s is there")
    box.write("etc/systemd/system/gatewake-setup.service.d/soon.conf", "[Service]\nRestartSec=1\n")
    start(box)
    world.tell("answer PATCH /serviceaccounts/ 503 not yet")
    give_k3s(box, world)
    until(lambda: int(box.show("NRestarts", "gatewake-setup.service") or 0) >= 2, PATIENCE, "two tries in vain")
    same(box.ask("test", "-e", OWN).returncode, 1, "the kubeconfig, before it could be made")
    said = [str(entry.get("MESSAGE")) for entry in box.entries(unit="gatewake-setup.service")]
    same([line.split()[0] for line in said[:2]] + said[4:5],
         ["created", "created", "gatewake setup: ServiceAccount kube-system/gatewake: HTTP 503: not yet"],
         "what the first try says, in order")
    world.tell("release")
    proven(box)
    same(box.show("ActiveState", "gatewake-setup.service"), "active", "setup, done")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


@case
def setup_where_there_is_an_account(box):
    """at the next boot of such an image nothing is tried"""
    box.enable("gatewake-setup.path")
    box.write(OWN, "\n", 0o600)
    box.boot()
    same(box.show("ActiveState", "gatewake-setup.path"), "inactive", "the path unit")
    same(box.show("ConditionResult", "gatewake-setup.path"), "no", "its condition")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


@case
def setup_after_another_hand(box):
    """where somebody else gave it an account before k3s was there, the path unit rests, and nothing has failed"""
    box.enable("gatewake-setup.path")
    world = world_without_account(box)
    world.hand_over_kubeconfig()
    before = box.read(OWN)
    give_k3s(box, world)
    until(lambda: box.show("ActiveState", "gatewake-setup.service") == "active" or
          box.show("ActiveState", "gatewake-setup.path") == "failed", PATIENCE, "the path unit to see k3s")
    same(box.show("SubState", "gatewake-setup.path"), "running", "the path unit")
    same(box.show("SubState", "gatewake-setup.service"), "exited", "setup, with nothing to do")
    same(box.read(OWN), before, "the kubeconfig")
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


@case
def another_kubeconfig_restarts_the_service(box):
    """with gatewake-reload.path a kubeconfig that comes, or changes, is taken without a hand"""
    box.enable("gatewake-reload.path")
    world = world_without_account(box)
    world.hand_over_kubeconfig()  # by a rename, as setup does
    proven(box)
    first = life(box)
    box.run("sh", "-c", f"echo '# another' >> {OWN}")
    until(lambda: life(box) != first, PATIENCE, "another life of the service")
    proven(box)
    same(box.run("systemctl", "--failed", "--no-legend").strip(), "", "failed units")


@case
def keepalived_is_heard(box):
    """where keepalived is enabled, setup lets the service hear its adverts, says so, and undo takes that back"""
    world = world_without_account(box)
    give_k3s(box, world)
    box.write("etc/keepalived/keepalived.conf", "")
    box.run("systemctl", "enable", "keepalived")
    holds(box.run("gatewake", "setup"), f"wrote      {DROPIN}: keepalived runs here", "(CAP_NET_RAW)")
    same(box.read(DROPIN), box.read("usr/share/doc/gatewake/examples/vrrp.conf"), "the drop-in")
    proven(box)
    status = box.run("cat", f"/proc/{box.show('MainPID')}/status")
    same(int(status.split("CapEff:")[1].split()[0], 16), NET_RAW, "its capabilities")
    holds(box.run("gatewake", "setup", "--undo"), f"deleted    {DROPIN}", f"deleted    {OWN}",
          "restarted  gatewake.service")
    status_with(box, "no credentials yet")
    same(box.ask("test", "-e", DROPIN).returncode, 1, "the drop-in, after undo")
    same(box.ask("test", "-e", OWN).returncode, 1, "the kubeconfig, after undo")


@case
def units_of_setup_are_sound(box):
    """systemd finds nothing to complain of in them"""
    box.boot()
    for name in ("gatewake-setup.path", "gatewake-setup.service", "gatewake-reload.path", "gatewake-reload.service"):
        same(box.run("systemd-analyze", "verify", "--man=no", f"/usr/lib/systemd/system/{name}").strip(), "", name)
