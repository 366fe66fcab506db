# SPDX-License-Identifier: Apache-2.0
"""What the agent costs while it has nothing to do. Figures, and the few of them that are promises."""

import os
import re
import time

from bed import settings, waiting

from .case import case
from .late import SIXTY
from .lost import await_status, is_proven, said
from .race import start_agent

CROWD = "crowd"
CROWDS = (1000, 10000)
WATCHED_FOR = (60.0, 600.0)  # beside each crowd
PROVEN_WITHIN = 60.0
SAMPLED_EVERY = 5.0


@case("footprint", asked_for=True)
def footprint(bed, agent, report):
    """Sixty listeners and ever more Secrets: memory, wake-ups, requests and writes of an agent that has nothing to do."""
    bed.heal()
    bed.gateway.refer_to(SIXTY)
    waiting.until(bed.copies_complete, 60, "the operator to copy sixty Secrets")
    bed.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": CROWD}})
    there = 0
    for count, seconds in zip(CROWDS, WATCHED_FOR):
        for number in range(there, count):
            bed.api.request("POST", f"/api/v1/namespaces/{CROWD}/secrets",
                            {"metadata": {"name": f"s{number}"}, "stringData": {"password": "x" * 64}})
        there = count
        measure(bed, agent, report, f"{count} Secrets", seconds)


def measure(bed, agent, report, name, seconds):
    agent.kill()
    start_agent(agent, report)
    status = await_status(agent, is_proven, PROVEN_WITHIN)
    if not report.check(is_proven(status), f"beside {name} the status becomes PROVEN, not {said(status)}"):
        return
    waiting.reach(time.monotonic() + 15)  # the last of what a start brings
    pid, began, files = agent.process.popen.pid, time.monotonic(), agent.files()
    woke, resident = wake_ups(pid), []
    while time.monotonic() < began + seconds:
        resident.append(memory(pid))
        waiting.reach(time.monotonic() + SAMPLED_EVERY)
    elapsed = time.monotonic() - began
    pss, rss = ([sample[kind] / 1024 for sample in resident] for kind in ("Pss", "Rss"))
    writes = bed.audit.writes(settings.AGENT_USER, began)
    report.figure(f"{name}: observed, s", elapsed)
    report.figure(f"{name}: PSS, MiB, least and most", f"{min(pss):.2f} {max(pss):.2f}")
    report.figure(f"{name}: RSS, MiB, least and most", f"{min(rss):.2f} {max(rss):.2f}")
    report.figure(f"{name}: wake-ups a second", (wake_ups(pid) - woke) / elapsed)
    report.figure(f"{name}: requests a minute", 60 * len(list(bed.audit.asked(settings.AGENT_USER, began))) / elapsed)
    report.figure(f"{name}: writes to the API", len(writes))
    report.figure(f"{name}: files changed", sum(files.get(key) != value for key, value in agent.files().items()))
    report.check(not writes, f"it writes nothing beside {name}: {[str(write) for write in writes[:3]]}")
    report.check(agent.files() == files, f"it changes no file beside {name}")


def memory(pid):
    """KiB."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return {name: int(size) for name, size in re.findall(r"^(Pss|Rss):\s+(\d+) kB$", rollup.read(), re.M)}


def wake_ups(pid):
    """Each time that it had slept of its own accord, of all its threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as status:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", status.read(), re.M)[1])
    return total
