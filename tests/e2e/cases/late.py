# SPDX-License-Identifier: Apache-2.0
"""The agent comes when all is lost already."""

import collections
import time

from bed import settings, waiting
from bed.gateway import USUAL, Source
from bed.observers import Controller

from .case import case
from .lost import Repair, await_status, differences, is_proven, lose_race, originals, said, shapes

NOTHING_FOR = 5.0  # how long it is observed that nobody else repairs anything
COPIES_WITHIN = 1.0  # of the agent's first good /readyz; this and the next are the product's promise
SIXTY_WITHIN = 1.5
POD_DELETED_WITHIN = 2.0  # of the agent's start: however many copies there are to see to
CONTROLLER_ON_WITHIN = 45.0  # of the agent's start
SAME_FOR = 60.0  # after the last copy came
SIXTY = USUAL + tuple(Source(f"more-{number:02}") for number in range(60 - len(USUAL)))


@case("late-arrival")
def late_arrival(bed, agent, report):
    """The copies are gone before the agent comes: it creates them, restarts the operator, which takes them over."""
    bed.heal()
    wanted = originals(bed)
    lose_race(bed, report)
    expect_nothing_alone(bed, report)
    controller = Controller(bed.operator)
    repair = Repair(bed, agent, report)
    controller.start()
    try:
        if repair.expect_complete_within(COPIES_WITHIN):
            expect_usable_copies(bed, report, repair, controller, wanted)
            expect_adoption(bed, report, repair, controller, wanted)
    finally:
        controller.stop()


def expect_nothing_alone(bed, report):
    """Without the agent there is no way back: what follows is its doing."""
    bed.envoy.restart()
    report.check(not bed.serves_any(), "a fresh Envoy without copies serves no hostname")
    lost = bed.copies.events[-1]
    waiting.reach(lost.moment + NOTHING_FOR)
    report.check(bed.copies.events[-1] == lost, "nobody touches a copy until the agent comes")
    report.check(not bed.operator.controller_on(), "the Gateway controller is off until the agent comes")


def expect_usable_copies(bed, report, repair, controller, wanted):
    found = shapes(bed)
    repair.expect_creates(copy["metadata"]["name"] for copy in wanted.values())
    for source, copy in wanted.items():
        report.check(found.get(source) == copy, f"the copy of {source} is as the operator's own; it differs in "
                     f"{differences(copy, found.get(source, {}))}")
    bed.envoy.restart()
    served = waiting.until(lambda: bed.serves_all() and time.monotonic(), 10, "a fresh Envoy to serve each hostname")
    report.figure("each hostname served after the agent's start, s", served - repair.began)
    report.check(not controller.on_since(repair.began), "each hostname is served before the Gateway controller is on")


def expect_adoption(bed, report, repair, controller, wanted):
    uids = dict(bed.copies.present)
    on = waiting.until(lambda: controller.on_since(repair.began), CONTROLLER_ON_WITHIN, "the Gateway controller")
    report.figure("controller on after the agent's start, s", on - repair.began)
    waiting.reach(repair.complete + SAME_FOR)
    report.check(dict(bed.copies.present) == uids, f"the copies are the same objects {SAME_FOR} s later, by UID")
    report.check(shapes(bed) == wanted, "and look as the operator's own")
    touched = [event for event in bed.copies.since(repair.complete) if event.kind != "ADDED"]
    report.figure("changes of copies afterwards", len(touched))
    repair.expect_one_restart(POD_DELETED_WITHIN)
    repair.expect_no_other_writes()
    status = await_status(repair.agent, is_proven, 5)
    report.check(is_proven(status), f"the status is PROVEN, not {said(status)}")
    count = len(wanted)
    report.check(status.get("copies", {}).get("needed") == status.get("copies", {}).get("present") == count,
                 f"the status counts {count} copies: {said(status)}")


@case("sixty-listeners", asked_for=True)
def sixty_listeners(bed, agent, report):
    """The same with sixty listeners, and how long the healthy operator itself takes to create sixty copies."""
    bed.heal()
    bed.gateway.refer_to(SIXTY)
    waiting.until(bed.copies_complete, 60, "the operator to copy sixty Secrets")
    own = measure_operator(bed, report)
    lose_race(bed, report)
    bed.envoy.restart()  # one that has nothing to serve, as after a boot
    repair = Repair(bed, agent, report)
    if not repair.expect_complete_within(SIXTY_WITHIN):
        return
    repair.expect_creates(copy["metadata"]["name"] for copy in bed.copies_now().values())
    report.figure("the operator's time by the agent's", own / (repair.complete - repair.began))
    bed.envoy.restart()
    served = waiting.until(lambda: bed.serves_all() and time.monotonic(), 20, "a fresh Envoy to serve each hostname")
    report.figure("each hostname served after the agent's start, s", served - repair.began)
    status = await_status(agent, is_proven, CONTROLLER_ON_WITHIN)
    report.figure("status PROVEN after the agent's start, s", time.monotonic() - repair.began)
    report.check(is_proven(status), f"the status is PROVEN, not {said(status)}")
    repair.expect_one_restart(POD_DELETED_WITHIN)
    verdicts = collections.Counter(seen["verdict"] for seen in status.get("listeners", []))
    report.figure("listeners by verdict in that status", dict(verdicts))
    report.check(verdicts == {"SERVED": len(SIXTY)}, f"the status says of each listener that it is served: {verdicts}")
    repair.expect_no_other_writes()


def measure_operator(bed, report):
    """From the start of a healthy operator that finds no copy to the last of its copies."""
    bed.operator.scale(0)
    waiting.until(lambda: not bed.operator.containers(), 30, "the operator to end")
    bed.delete_copies()
    waiting.until(lambda: not bed.copies.present, 10, "every copy to go")
    bed.operator.scale(1)
    container = waiting.until(bed.operator.container, 30, "the operator's container", 0.02)
    waiting.until(bed.copies_complete, 60, "the operator to copy sixty Secrets", 0.02)
    creates = bed.audit.creates(settings.OPERATOR_USER, container.started, "secrets")
    first, last = min(create.answered for create in creates), max(create.answered for create in creates)
    report.check(len(creates) >= len(SIXTY), f"the operator itself creates them, not only {len(creates)}")
    report.figure("operator: container's start to the last copy, s", last - container.started)
    report.figure("operator: first copy to the last, s", last - first)
    waiting.until(bed.operator.controller_on, 30, "the Gateway controller to come up")
    return last - container.started
