# SPDX-License-Identifier: Apache-2.0
"""Where the agent has nothing to do, it does nothing."""

import signal
import time

from bed import settings, waiting

from .case import case
from .observation import Observation
from .race import expect_health, start_agent

OBSERVED = 40.0


def observe_quiet(bed, agent, report, disturb):
    began = time.monotonic()
    start_agent(agent, report)
    with Observation(bed) as seen:
        disturb()
        waiting.reach(seen.began + OBSERVED)
        writes = bed.audit.writes(settings.AGENT_USER, began)
        report.figure("writes by the agent", len(writes))
        report.check(not writes, f"the agent writes nothing, not {[str(write) for write in writes[:5]]}")
        report.check(not seen.deleted(), "no copy is deleted")
        report.check(not seen.failed_handshakes(), f"no handshake fails: {seen.failed_handshakes()}")
        report.check(bed.operator.controller_on(), "the Gateway controller is up at the end")
        expect_health(report, agent)


@case("recovers-alone")
def recovers_alone(bed, agent, report):
    """The operator's container dies while the VIP answers: it recovers by itself, and the agent lets it."""
    bed.heal()
    observe_quiet(bed, agent, report, lambda: bed.operator.signal(signal.SIGKILL))


@case("never-hurt")
def never_hurt(bed, agent, report):
    """Beside a healthy operator the agent writes nothing at all."""
    bed.heal()
    observe_quiet(bed, agent, report, lambda: None)
