# SPDX-License-Identifier: Apache-2.0
"""What the agent costs while it has nothing to do. Figures, and the few of them that are promises."""

import os
import re
import statistics
import time

from bed import settings, waiting

from .case import case
from .late import SIXTY
from .lost import await_status, is_proven, said
from .race import start_agent

CROWD = "crowd"
CROWDS = (1000, 10000)
PROVEN_WITHIN = 60.0
STILL_AFTER = 75.0  # the last of what a start brings, and the minute after which the core looks less closely
SAMPLED_EVERY = 5.0
SLICES = 10  # of the time observed: rates are given for each
SLICE_LEAST = 15.0


@case("footprint", asked_for=True)
def footprint(bed, agent, report):
    """Sixty listeners and ever more Secrets: what an agent costs that has nothing to do."""
    bed.heal()
    bed.gateway.refer_to(SIXTY)
    waiting.until(bed.copies_complete, 60, "the operator to copy sixty Secrets")
    bed.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": CROWD}})
    there = 0
    for count in CROWDS:
        for number in range(there, count):
            bed.api.request("POST", f"/api/v1/namespaces/{CROWD}/secrets",
                            {"metadata": {"name": f"s{number}"}, "stringData": {"password": "x" * 64}})
        there = count
        measure(bed, agent, report, f"{count} Secrets")


def measure(bed, agent, report, name):
    agent.kill()
    started = time.monotonic()
    start_agent(agent, report)
    status = await_status(agent, is_proven, PROVEN_WITHIN)
    if not report.check(is_proven(status), f"beside {name} the status becomes PROVEN, not {said(status)}"):
        return
    waiting.reach(time.monotonic() + STILL_AFTER)
    pid, began, files = agent.process.popen.pid, time.monotonic(), agent.files()
    written, woke, observed = bytes_written(pid), wake_ups(pid), Observed(pid)
    observed.until(began + settings.WATCHED_FOR)
    elapsed = time.monotonic() - began
    woke = wake_ups(pid) - woke
    asked, writes = (ask(settings.AGENT_USER, began) for ask in (bed.audit.asked, bed.audit.writes))
    watched = bed.audit.watched(settings.AGENT_USER, started)
    changed = [key for key, value in agent.files().items() if files.get(key) != value]
    report.figure(f"{name}: observed, s", round(elapsed))
    report.figure(f"{name}: listeners", len(status["listeners"]))
    report.figure(f"{name}: watches", f"{len(watched)}: {', '.join(watched)}")
    observed.tell(report, name)
    report.figure(f"{name}: wake-ups a second, on average", woke / elapsed)
    report.figure(f"{name}: requests a minute", 60 * len(asked) / elapsed)
    report.figure(f"{name}: writes to the API", len(writes))
    report.figure(f"{name}: files changed", len(changed))
    report.figure(f"{name}: bytes written to a disk", bytes_written(pid) - written)
    report.check(not writes, f"it writes nothing beside {name}: {[str(write) for write in writes[:3]]}")
    report.check(not changed, f"it changes no file beside {name}: {changed[:3]}")


class Observed:
    """Samples of one process: memory now and then, and how often it woke in each slice of the time."""

    def __init__(self, pid):
        self.pid, self.sizes, self.woke = pid, [], []

    def until(self, end):
        slice_began, before = time.monotonic(), wake_ups(self.pid)
        slice_length = min(max((end - slice_began) / SLICES, SLICE_LEAST), end - slice_began)
        while (now := time.monotonic()) < end:
            self.sizes.append(memory(self.pid))
            waiting.reach(min(now + SAMPLED_EVERY, slice_began + slice_length, end))
            now = time.monotonic()
            if now >= slice_began + slice_length:
                woke = wake_ups(self.pid)
                self.woke.append((woke - before) / (now - slice_began))
                slice_began, before = now, woke

    def tell(self, report, name):
        for kind, meaning in (("Pss", "PSS"), ("Rss", "RSS"), ("Private", "private"), ("Private_Dirty", "written to")):
            report.figure(f"{name}: {meaning}, MiB", spread([size[kind] / 1024 for size in self.sizes]))
        report.figure(f"{name}: wake-ups a second", spread(self.woke))


def spread(values):
    """The least, the median and the most."""
    return [round(value, 2) for value in (min(values), statistics.median(values), max(values))]


def memory(pid):
    """KiB. Private: what nobody else has as well just then, and with it PSS, goes up by a library when the last other
    program that uses that one ends. Of what was written to (heap, stack, data) nothing is ever shared."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        sizes = {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", rollup.read(), re.M)}
    return sizes | {"Private": sizes["Private_Clean"] + sizes["Private_Dirty"]}


def wake_ups(pid):
    """Each time that it had slept of its own accord, of all its threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as status:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", status.read(), re.M)[1])
    return total


def bytes_written(pid):
    """To what has a disk beneath it, so not to /run."""
    with open(f"/proc/{pid}/io") as counts:
        return int(re.search(r"^write_bytes: (\d+)$", counts.read(), re.M)[1])
