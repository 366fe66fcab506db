# SPDX-License-Identifier: Apache-2.0
"""What may be copied, and when it has to be copied again. The node is cordoned, so the operator stays off and the agent
is alone with the copies."""

import datetime
import time

from bed import settings, waiting
from bed.gateway import USUAL, Source

from .case import case
from .lost import Repair, await_status, differences, is_proven, lose_race, originals, said, shapes

REPAIR_WITHIN = 20.0
NEVER_FOR = 20.0  # after the others are there
GRANTED_WITHIN = 15.0  # of the grant
OBSERVED_AFTER_RENEWAL = 20.0
NEW_LEAF_WITHIN = 60.0  # of the uncordon
FOREIGN = Source("delta", namespace="vault")
RENEWED = USUAL[0]
RENEWED_DAYS = 77  # unlike all others, so that the status can't mean the old one


@case("cross-namespace")
def cross_namespace(bed, agent, report):
    """A Secret of another namespace is copied with a ReferenceGrant, and never without one."""
    bed.heal()
    bed.gateway.withdraw_grant(FOREIGN.namespace)
    bed.gateway.refer_to(USUAL, beside=[FOREIGN])
    waiting.until(lambda: str(FOREIGN) in bed.copies.present, 30, "the operator to copy without a grant, as it does")
    wanted = shapes(bed)[str(FOREIGN)]
    lose_race_cordoned(bed, report)
    repair = Repair(bed, agent, report)
    if repair.await_copies(REPAIR_WITHIN) is None:
        return
    waiting.reach(repair.complete + NEVER_FOR)
    name = f"{settings.COPIES_NAMESPACE}/{wanted['metadata']['name']}"
    early = [str(write) for write in repair.creates() if write.name == name]
    report.check(not early, f"without a grant the agent doesn't even try: {early}")
    if report.check(str(FOREIGN) not in bed.copies.present, "without a grant the copy stays away: the operator is off"):
        expect_copy_after_grant(bed, report, repair, wanted, name)


def lose_race_cordoned(bed, report):
    bed.node.cordon(True)
    lose_race(bed, report)


def expect_copy_after_grant(bed, report, repair, wanted, name):
    granted = time.monotonic()
    bed.gateway.grant(FOREIGN.namespace)
    try:
        waiting.until(lambda: str(FOREIGN) in bed.copies.present, GRANTED_WITHIN, "the copy", 0.02)
    except waiting.TimedOut:
        report.check(False, f"with the grant the agent creates the copy within {GRANTED_WITHIN} s")
        return
    report.figure("copy there after the grant, s", bed.copies.added_since(granted)[str(FOREIGN)] - granted)
    report.check([write.name for write in repair.creates() if write.status == 201].count(name) == 1,
                 "it is the agent that creates it")
    found = shapes(bed)[str(FOREIGN)]
    report.check(found == wanted, f"as the operator does; it differs in {differences(wanted, found)}")
    report.check(not repair.pod_deletes(), "no pod is deleted while the node is cordoned")
    repair.expect_no_other_writes()


@case("rotated")
def rotated(bed, agent, report):
    """A certificate is renewed while the operator is off: in the end the new one is served, and the status says so."""
    bed.heal()
    wanted = originals(bed)
    lose_race_cordoned(bed, report)
    repair = Repair(bed, agent, report)
    if repair.await_copies(REPAIR_WITHIN) is None:
        return
    await_status(agent, lambda status: status.get("copies", {}).get("present") == len(wanted), 5)
    renewed = time.monotonic()
    certificate = bed.gateway.renew(RENEWED, RENEWED_DAYS)
    waiting.reach(renewed + OBSERVED_AFTER_RENEWAL)
    tell_what_became(bed, report, renewed, certificate)
    uncordoned = bed.node.cordon(False)
    expect_new_leaf(bed, report, repair, uncordoned, certificate)


def tell_what_became(bed, report, renewed, certificate):
    """Not a matter of right and wrong yet: with the operator off, only creating a copy is the agent's to do."""
    events = [event for event in bed.copies.since(renewed) if event.source == str(RENEWED)]
    words = [f"{event.kind}{' (new)' if event.certificate == certificate else ' (old)'} +{event.moment - renewed:.2f} s"
             for event in events]
    report.figure("events of the copy after the renewal", ", ".join(words) or "none")
    report.figure("events of the other copies", len(bed.copies.since(renewed)) - len(events))
    fresh = [event.moment - renewed for event in events if event.kind != "DELETED" and event.certificate == certificate]
    report.figure("new copy there after the renewal, s", fresh[0] if fresh else "not while the operator was off")
    # Where the operator deletes the old copy, it is missing: and missing copies are the agent's.
    if any(event.kind == "DELETED" for event in events):
        report.check(fresh, "the operator deletes the old copy, and the agent creates the new one")


def expect_new_leaf(bed, report, repair, uncordoned, certificate):
    def copied():
        return bed.copies_now().get(str(RENEWED), {}).get("data", {}).get("tls.crt") == certificate
    try:
        waiting.until(copied, NEW_LEAF_WITHIN, "the new certificate to be copied", 0.25)
        waiting.until(bed.operator.controller_on, NEW_LEAF_WITHIN, "the Gateway controller to come up", 0.25)
        report.figure("controller on after the uncordon, s", time.monotonic() - uncordoned)
    except waiting.TimedOut as error:
        report.check(False, str(error))
        return
    bed.envoy.restart()
    report.check(bed.serves_all(), "a fresh Envoy serves the new certificate, and the others")
    status = await_status(repair.agent, says_renewed, 20)
    report.figure("status says so after the uncordon, s", time.monotonic() - uncordoned)
    report.check(says_renewed(status), f"the status is PROVEN and names the new certificate's end, {RENEWED_DAYS} days "
                 f"from now: {said(status)}, {listener_of(status)}")
    repair.expect_no_other_writes()


def says_renewed(status):
    seen = listener_of(status)
    if not (is_proven(status) and seen.get("not_after")):
        return False
    left = datetime.datetime.fromisoformat(seen["not_after"]) - datetime.datetime.now(datetime.timezone.utc)
    return seen["verdict"] == "SERVED" and abs(left - datetime.timedelta(RENEWED_DAYS)) < datetime.timedelta(1)


def listener_of(status):
    return next((seen for seen in status.get("listeners", []) if seen["listener"] == RENEWED.listener), {})
