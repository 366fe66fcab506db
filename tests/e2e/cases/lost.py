# SPDX-License-Identifier: Apache-2.0
"""A race that was lost before anybody looked: the operator is off, and no copy is left."""

from bed import settings, waiting

from .race import Race

LOST_WITHIN = 40.0  # of the VIP's answer
SERVERS_OWN = ("uid", "resourceVersion", "creationTimestamp", "managedFields")  # no part of a copy's shape


def lose_race(bed, report):
    """Without an agent. The operator ends cleanly, so that it leads, and deletes, soon after the VIP's answer."""
    race = Race(bed, None, report)
    race.end_cleanly()
    waiting.until(lambda: not bed.copies.present, LOST_WITHIN, "the broken operator to delete every copy")
    last = bed.copies.deleted_since(race.vip_back)[-1].moment
    report.figure("last copy deleted after the VIP's answer, s", last - race.vip_back)
    return race


def originals(bed):
    """The copies as the operator itself makes them, by source: the healthy one is made to write them anew."""
    before = dict(bed.copies.present)
    bed.delete_copies()
    waiting.until(lambda: bed.copies_complete() and not set(before.values()) & set(bed.copies.present.values()), 20,
                  "the healthy operator to create its copies again")
    return shapes(bed)


def shapes(bed):
    return {source: shape(copy) for source, copy in bed.copies_now().items()}


def shape(copy):
    metadata = {name: value for name, value in copy["metadata"].items() if name not in SERVERS_OWN}
    return {**{name: value for name, value in copy.items() if name not in ("kind", "apiVersion")}, "metadata": metadata}


def differences(wanted, found):
    """Where two shapes differ, without a word of what a Secret holds."""
    parts = []
    for part in sorted({*wanted, *found} - {"data"}):
        if wanted.get(part) != found.get(part):
            parts.append(f"{part}: {found.get(part)} and not {wanted.get(part)}")
    keys = {*wanted.get("data", {}), *found.get("data", {})}
    parts += [f"data of {key}" for key in sorted(keys) if wanted["data"].get(key) != found.get("data", {}).get(key)]
    return "; ".join(parts)


class Repair:
    """What the agent does about it, from its start on."""

    def __init__(self, bed, agent, report):
        self.bed, self.agent, self.report = bed, agent, report
        self.began = agent.start()
        self.complete = None

    def await_copies(self, seconds):
        """Returns the moment at which the last copy was there; None if one didn't come. It is that of the API server's
        answer: our own eyes are slower where there are many."""
        try:
            waiting.until(self.bed.copies_complete, seconds, "every copy", 0.02)
        except waiting.TimedOut:
            self.report.check(False, f"the agent creates every copy within {seconds} s; there are only "
                              f"{sorted(self.bed.copies.present)}")
            return None
        there = [write.answered for write in self.creates() if write.status == 201]
        if not self.report.check(there, "the agent creates copies"):
            return None
        self.complete = max(there)
        self.report.figure("first copy there after the agent's start, s", min(there) - self.began)
        self.report.figure("last copy there after the agent's start, s", self.complete - self.began)
        return self.complete

    def expect_complete_within(self, limit, seconds=20):
        """Counted from the moment at which the API server received the first /readyz of the agent's that it answered
        well: earlier the agent can't know that it may ask. False if the copies don't come at all."""
        if self.await_copies(seconds) is None:
            return False
        usable = self.bed.audit.first_ready(settings.AGENT_USER, self.began)
        if self.report.check(usable, "the agent asks for /readyz"):
            delay = self.complete - usable
            self.report.figure("first good /readyz after the agent's start, s", usable - self.began)
            self.report.figure("last copy there after the first good /readyz, s", delay)
            self.report.check(delay <= limit, f"every copy is there within {limit} s of the agent's first good "
                              f"/readyz, not {delay:.2f} s")
        return True

    def creates(self):
        return self.bed.audit.creates(settings.AGENT_USER, self.began, "secrets")

    def expect_creates(self, names):
        """Each of these copies is the agent's work, made at the first attempt, and nobody else's."""
        made = sorted(write.name for write in self.creates() if write.status == 201)
        wanted = sorted(f"{settings.COPIES_NAMESPACE}/{name}" for name in names)
        self.report.figure("copies created by the agent", len(made))
        self.report.check(made == wanted, f"the agent creates each copy once, {made} and not {wanted}")
        others = [str(write) for write in self.creates() if write.status != 201]
        self.report.check(not others, f"each create succeeds at once, not {others}")

    def expect_one_restart(self, limit):
        deletes = self.pod_deletes()
        self.report.figure("pod deletes by the agent", len(deletes))
        self.report.check(len(deletes) == 1, f"the agent deletes one pod, once: {list(map(str, deletes))}")
        if deletes:
            delay = deletes[0].moment - self.began
            self.report.figure("pod deleted after the agent's start, s", delay)
            self.report.check(delay <= limit, f"the pod is deleted within {limit} s of the agent's start, "
                              f"not {delay:.2f} s")

    def expect_no_other_writes(self):
        """All that the agent may write here: copies, and the end of a pod."""
        others = [write for write in self.bed.audit.writes(settings.AGENT_USER, self.began)
                  if (write.verb, write.resource) not in (("create", "secrets"), ("delete", "pods"))]
        self.report.check(not others, f"the agent writes nothing else, not {[str(write) for write in others[:5]]}")

    def pod_deletes(self):
        return [write for write in self.bed.audit.writes(settings.AGENT_USER, self.began)
                if (write.verb, write.resource) == ("delete", "pods")]


def await_status(agent, holds, seconds):
    """The agent's status as JSON once holds(status) is true, and the last one otherwise."""
    try:
        return waiting.until(lambda: (status := agent.status_json()) and holds(status) and status, seconds, "a status",
                             0.25)
    except waiting.TimedOut:
        return agent.status_json()


def is_proven(status):
    return status.get("controller", {}).get("verdict") == "PROVEN"


def said(status):
    """The few words of a status that a failure needs."""
    listeners = {seen["listener"]: seen["verdict"] for seen in status.get("listeners", [])}
    return f"{status.get('controller')}, copies {status.get('copies')}, listeners {listeners}"
