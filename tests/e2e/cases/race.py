# SPDX-License-Identifier: Apache-2.0
"""The start-up race: the operator starts while the API server's virtual address is down."""

import signal

from bed import settings, waiting
from bed.processes import Frozen

from .case import case
from .observation import Observation

VIP_AWAY = 8.0  # from the start of the operator's new container to the VIP's first answer
LOSS_EXPECTED = (20.0, 40.0)  # after the container's start: the VIP's 8 s, 15 s of the dead one's Lease, CRDs
LOSS_OBSERVED = 45.0
POD_DELETED_WITHIN = 1.0  # of the VIP's first answer; this and the next two are the product's promise
CONTROLLER_ON_WITHIN = 30.0
FRESH_ENVOY_AFTER = 40.0
OBSERVED_AFTER = 45.0
VERDICT_OFF = "Required GatewayAPI resources are not found"
RACE_LOST = "the operator finds no CRD at its start, and says so"


class Race:
    """One power cut and the boot that follows."""

    def __init__(self, bed, agent, report, name_vip=True):
        self.bed, self.agent, self.report, self.name_vip = bed, agent, report, name_vip
        self.container = self.vip_back = None

    def cut_power(self):
        self.bed.vip.fail(self.bed.operator.fault)
        self.kill_agent()
        old = self.bed.operator.signal(signal.SIGKILL)
        self.boot(old)

    def end_cleanly(self):
        """The operator is told to end while it can still give up its Lease; then the power goes."""
        with Frozen(self.bed.node.kubelet):  # or it would start the next container before the VIP is gone
            old = self.bed.operator.signal(signal.SIGTERM)
            self.report.check(self.bed.operator.leader() == "", "an operator that ends cleanly leaves its Lease empty")
            self.bed.vip.fail(self.bed.operator.fault)
            self.kill_agent()
        self.boot(old)

    def boot(self, old):
        if self.agent:
            self.agent.start(name_vip=self.name_vip)
        self.container = self.bed.operator.next_container(old)
        self.report.check(self.lost(), RACE_LOST)
        waiting.reach(self.container.started + VIP_AWAY)
        self.vip_back = self.bed.vip.forward()
        self.report.figure("VIP back after the container's start, s", self.vip_back - self.container.started)

    def kill_agent(self):
        if self.agent:
            self.agent.kill()

    def lost(self):
        try:
            return waiting.until(lambda: VERDICT_OFF in self.bed.operator.log(), VIP_AWAY - 1, VERDICT_OFF)
        except waiting.TimedOut:
            return False

    def pod_deletes(self):
        writes = self.bed.audit.writes(settings.AGENT_USER, self.container.started)
        return [write for write in writes if write.resource == "pods" and write.verb.startswith("delete")]


def run_race(bed, agent, report, replicas=1, name_vip=True, clean_end=False, log_form="text"):
    bed.heal(replicas, log_form)
    start_agent(agent, report, name_vip)
    race = Race(bed, agent, report, name_vip)
    with Observation(bed) as seen:
        race.end_cleanly() if clean_end else race.cut_power()
        waiting.reach(race.vip_back + FRESH_ENVOY_AFTER)
        seen.fresh_envoy()
        waiting.reach(race.vip_back + OBSERVED_AFTER)
        expect_nothing_lost(report, bed, seen)
        expect_one_restart(report, race)
        expect_controller(report, seen, race)
        expect_health(report, agent)
    return race


def start_agent(agent, report, name_vip=True):
    agent.start(name_vip=name_vip)
    report.check(agent_healthy(agent, 20), "before the fault, `gatewake status` exits 0 within 20 s")


def agent_healthy(agent, seconds):
    try:
        return waiting.until(lambda: agent.status()[0] == 0, seconds, "a healthy status", 0.25)
    except waiting.TimedOut:
        return False


def expect_nothing_lost(report, bed, seen):
    deleted, failed = seen.deleted(), seen.failed_handshakes()
    report.figure("copies deleted", len(deleted))
    report.figure("handshakes", len(seen.handshakes.results()))
    report.figure("failed handshakes", sum(failed.values()))
    report.check(not deleted, f"no copy is deleted: {[event.source for event in deleted]} went")
    report.check(dict(bed.copies.present) == seen.uids, "the copies are the same objects as before, by UID")
    report.check(not failed, f"no handshake fails: {failed}")


def expect_one_restart(report, race):
    deletes = race.pod_deletes()
    report.figure("pod deletes by the agent", len(deletes))
    report.check(len(deletes) == 1 and deletes[0].status < 300,
                 f"the agent deletes one pod, once: {[str(write) for write in deletes]}")
    if deletes:
        delay = deletes[0].moment - race.vip_back
        report.figure("pod deleted after the VIP's answer, s", delay)
        report.check(0 <= delay <= POD_DELETED_WITHIN, "the operator's pod is deleted within "
                     f"{POD_DELETED_WITHIN} s of the VIP's answer, not {delay:.2f} s")


def expect_controller(report, seen, race):
    on = seen.controller.on_since(race.vip_back)
    if not report.check(on, "the Gateway controller comes up"):
        return
    delay = on - race.vip_back
    report.figure("controller on after the VIP's answer, s", delay)
    report.check(delay <= CONTROLLER_ON_WITHIN,
                 f"the Gateway controller is up within {CONTROLLER_ON_WITHIN} s of the VIP's answer, not {delay:.2f} s")


def expect_health(report, agent, seconds=5):
    report.check(agent.running, "the agent still runs")
    report.check(agent_healthy(agent, seconds), f"`gatewake status` exits 0, not {agent.status()}")


@case("reboot-race-no-agent", needs_agent=False)
def reboot_race_no_agent(bed, agent, report):
    """Without an agent the race is lost for good: what the other cases prove would be worth nothing otherwise."""
    bed.heal()
    race = Race(bed, None, report)
    with Observation(bed) as seen:
        race.cut_power()
        waiting.reach(race.container.started + LOSS_OBSERVED)
        expect_loss(report, bed, seen, race)


def expect_loss(report, bed, seen, race):
    deleted = {event.source: event.moment - race.container.started for event in seen.deleted()}
    report.figure("copies deleted", len(deleted))
    if report.check(len(deleted) == len(seen.uids), f"every copy is deleted, not only {list(deleted)}"):
        first, last = min(deleted.values()), max(deleted.values())
        report.figure("first copy deleted after the container's start, s", first)
        report.figure("last copy deleted after the container's start, s", last)
        report.check(LOSS_EXPECTED[0] <= first <= last <= LOSS_EXPECTED[1],
                     f"the copies go {LOSS_EXPECTED} s after the start")
    failed = seen.failed_handshakes()
    report.figure("handshakes", len(seen.handshakes.results()))
    report.figure("failed handshakes", sum(failed.values()))
    report.figure("how they fail", failed)
    hostnames = {shake.hostname for shake in seen.handshakes.results() if shake.result in ("reset", "eof")}
    report.check(hostnames == set(bed.gateway.leaves), f"a fresh Envoy resets each hostname, not only {hostnames}")
    report.check(not seen.controller.on_since(race.vip_back), "the Gateway controller stays off")
    report.check(not bed.serves_all(), "the loss lasts")


@case("reboot-race")
def reboot_race(bed, agent, report):
    """A power cut, the operator loses the race: the agent restarts it in time, and nobody notices anything."""
    run_race(bed, agent, report)


@case("reboot-race-two-replicas")
def reboot_race_two_replicas(bed, agent, report):
    """The same with two replicas, of which one waits for ever: the chart's default on a single node."""
    run_race(bed, agent, report, replicas=2)


@case("reboot-race-clean-end")
def reboot_race_clean_end(bed, agent, report):
    """The same after an orderly end: the Lease is free, so half the time is left. The agent finds the VIP itself."""
    run_race(bed, agent, report, name_vip=False, clean_end=True)
