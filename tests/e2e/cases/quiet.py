# SPDX-License-Identifier: Apache-2.0
"""Where the agent has nothing to do, it does nothing."""

import signal
import time

from bed import settings, waiting

from .case import case
from .lost import await_status, is_proven, said
from .observation import Observation
from .race import expect_health, run_race, start_agent

OBSERVED = 40.0
QUIET_FOR = 60.0
QUIET_FOR_LONG = 300.0
PROVEN_WITHIN = 30.0
FILES_EVERY = 0.5
LOGGED_AS_JSON = '{"level":"info","msg":"Setting up Secret synchronization"'  # the first lines are text all the same


@case("recovers-alone")
def recovers_alone(bed, agent, report):
    """The operator's container dies while the VIP answers: it recovers by itself, and the agent lets it."""
    bed.heal()
    began = time.monotonic()
    start_agent(agent, report)
    with Observation(bed) as seen:
        bed.operator.signal(signal.SIGKILL)
        waiting.reach(seen.began + OBSERVED)
        expect_no_harm(bed, agent, report, seen, began)


def expect_no_harm(bed, agent, report, seen, began):
    writes = bed.audit.writes(settings.AGENT_USER, began)
    report.figure("writes by the agent", len(writes))
    report.check(not writes, f"the agent writes nothing, not {[str(write) for write in writes[:5]]}")
    report.check(not seen.deleted(), "no copy is deleted")
    report.check(not seen.failed_handshakes(), f"no handshake fails: {seen.failed_handshakes()}")
    report.check(bed.operator.controller_on(), "the Gateway controller is up at the end")
    expect_health(report, agent)


@case("quiet")
def quiet(bed, agent, report):
    """Beside a healthy operator the agent writes nothing at all, neither to the API nor to its own files."""
    bed.heal()
    observe_quiet(bed, agent, report, QUIET_FOR)


def observe_quiet(bed, agent, report, seconds):
    agent.kill()
    began = time.monotonic()
    start_agent(agent, report)
    with Observation(bed) as seen:
        expect_still_files(agent, report, seconds)
        expect_no_harm(bed, agent, report, seen, began)
        reads = [request for request in bed.audit.asked(settings.AGENT_USER, seen.began)]
        report.figure("requests by the agent, a minute", 60 * len(reads) / (time.monotonic() - seen.began))


def expect_still_files(agent, report, seconds):
    """From the first status that says PROVEN on. Sampled, so that a failure can say when."""
    began = time.monotonic()
    status = await_status(agent, is_proven, PROVEN_WITHIN)
    if not report.check(is_proven(status), f"the status becomes PROVEN within {PROVEN_WITHIN} s, not {said(status)}"):
        return
    before, proven, changes = agent.files(), time.monotonic(), []
    report.figure("PROVEN after the healthy status, s", proven - began)
    while (now := time.monotonic()) < proven + seconds:
        after = agent.files()
        changes += [(name, round(now - proven, 1)) for name in {*before, *after} if before.get(name) != after.get(name)]
        before = after
        waiting.reach(now + FILES_EVERY)
    report.figure("files observed", len(before))
    report.figure("changes of the agent's files", len(changes))
    report.check(not changes, f"the agent writes no file: (which, s after PROVEN) {changes[:8]}")


@case("json-log", asked_for=True)
def json_log(bed, agent, report):
    """The race, then quiet, with an operator that logs as JSON: the off line is read, the rest is not misread."""
    run_race(bed, agent, report, log_form="json")
    report.check(LOGGED_AS_JSON in bed.operator.log(), "the operator logs as JSON")
    observe_quiet(bed, agent, report, QUIET_FOR)


@case("quiet-long", asked_for=True)
def quiet_long(bed, agent, report):
    """As quiet, for five minutes with a text log and five with JSON."""
    for form in ("text", "json"):
        bed.heal(log_form=form)
        observe_quiet(bed, agent, report, QUIET_FOR_LONG)
