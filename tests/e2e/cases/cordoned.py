# SPDX-License-Identifier: Apache-2.0
"""A node that takes no new pods: a deleted operator would not come back."""

import re

from bed import waiting

from .case import case
from .observation import Observation
from .race import Race, agent_healthy, expect_health, start_agent

HELD_FOR = 12.0  # after the VIP's answer, and before the copies go
DELETED_WITHIN = 20.0  # of the uncordon
HEALTHY_WITHIN = 60.0


@case("cordoned")
def cordoned(bed, agent, report):
    """On a cordoned node the agent waits, says why, and goes to work once the node takes pods again."""
    bed.heal()
    start_agent(agent, report)
    race = Race(bed, agent, report)
    with Observation(bed) as seen:
        bed.node.cordon(True)
        race.cut_power()
        waiting.reach(race.vip_back + HELD_FOR)
        expect_restraint(report, agent, race)
        uncordoned = bed.node.cordon(False)
        expect_repair(report, bed, agent, race, seen, uncordoned)


def expect_restraint(report, agent, race):
    deletes = race.pod_deletes()
    report.check(not deletes, f"no pod is deleted while the node is cordoned: {[str(write) for write in deletes]}")
    words = agent.said() + agent.status()[1]
    report.check(re.search("cordon", words, re.IGNORECASE), "log or status names the cordon")


def expect_repair(report, bed, agent, race, seen, uncordoned):
    try:
        deletes = waiting.until(race.pod_deletes, DELETED_WITHIN, "the agent to delete the pod")
    except waiting.TimedOut as error:
        report.check(False, str(error))
        return
    report.figure("pod deleted after the uncordon, s", deletes[0].moment - uncordoned)
    report.check(deletes[0].moment >= uncordoned, "the pod is deleted after the uncordon")
    report.check(agent_healthy(agent, HEALTHY_WITHIN), f"the agent reports health: {agent.status()}")
    try:  # the agent knows from the operator's log, well before the process leads
        on = waiting.until(lambda: seen.controller.on_since(race.vip_back), HEALTHY_WITHIN, "the Gateway controller")
        report.figure("controller on after the uncordon, s", on - uncordoned)
    except waiting.TimedOut as error:
        report.check(False, str(error))
    report.check(len(race.pod_deletes()) == 1, "the agent deletes one pod, once")
    seen.fresh_envoy()
    report.check(bed.copies_complete() and bed.serves_all(), "each hostname is served")
    expect_health(report, agent)
