# SPDX-License-Identifier: Apache-2.0
"""The nodes of one case, and what is asked of them."""

import json
import secrets
import time

from bed.pki import Authority
from bed.waiting import TimedOut, reach, until
from keepalived import Keepalived, Settings
from network import Network
from node import Agent, Api
from truth import Truth

VIP, VIP6 = "10.77.0.100", "fd77::100"
PRIORITIES = {1: 150, 2: 100, 3: 50}
# From what a host could know to the word of its agent. Not our speed is measured here: one that waits for its next
# look, or for a time-out, is seconds late.
NOTICE = 0.5
# The same for keepalived, on a busy machine.
SLACK = 0.5
SETTLED = 1.5
PATIENCE = 30


def make_identity(folder):
    """One for all API servers of a run: what a client knows of one is good for the next holder of the address."""
    authority = Authority(folder)
    authority.issue("tls", "/CN=kubernetes", f"IP:127.0.0.1,IP:{VIP},IP:{VIP6}")
    (folder / "token").write_text(secrets.token_hex(16) + "\n")
    return folder


class Cluster:
    def __init__(self, parts, name, nodes=3, vip=VIP, agent_before=()):
        """parts: agent (None: without), fakeapi, tapes, identity, scratch."""
        self.vip, self.numbers = vip, tuple(range(1, nodes + 1))
        self.keepalived, self.apis, self.agents = {}, {}, {}
        self.truth = None
        self.network = Network(name, nodes)
        self.folders = {number: parts.scratch / name / f"node{number}" for number in self.numbers}
        for folder in self.folders.values():
            for part in ("run", "state", "api"):
                (folder / part).mkdir(parents=True, mode=0o700)
        try:
            self.fill(parts, agent_before)
        except BaseException:
            self.end()
            raise

    def fill(self, parts, agent_before):
        self.truth = Truth(self.vip, [(number, self.network.path(number), self.folders[number] / "run")
                                      for number in self.numbers])
        for number in self.numbers:
            self.apis[number] = Api(parts.fakeapi, parts.tapes, self.folders[number] / "api",
                                    self.network.namespaces[number], self.vip, parts.identity)
        for number in self.numbers if parts.agent else ():
            self.agents[number] = Agent(parts.agent, self.folders[number], self.network.namespaces[number],
                                        self.apis[number], self.vip, *agent_before)

    def end(self):
        for keepalived in self.keepalived.values():
            if keepalived.process.running:
                keepalived.kill_all()
        for program in (*self.agents.values(), *self.apis.values()):
            program.end()
        if self.truth:
            self.truth.end()
        self.network.remove()

    # --- keepalived ---

    def start(self, number, **settings):
        """Returns when."""
        began = time.monotonic()
        self.keepalived[number] = Keepalived(self.folders[number], self.network.namespaces[number], Settings(
            **{"priority": PRIORITIES[number], "vip": self.vip, "version": 3 if ":" in self.vip else 2, **settings}))
        return began

    def stop(self, number):
        began = time.monotonic()
        self.keepalived[number].ask_to_stop()
        return began

    def kill(self, number):
        began = time.monotonic()
        self.keepalived[number].kill_all()
        return began

    def settings(self, number):
        return self.keepalived[number].settings

    def up(self, *numbers, **settings):
        """Keepalived on these nodes, the first of them holds the address, and all agents are content with it. And so
        for a while: who had it for less than a second is nobody whom it could move from."""
        began = 0.0
        for number in numbers:
            began = self.start(number, **settings)
        first = numbers[0]
        held = self.truth.wait(first, "held", began - 1, self.settings(first).down_seconds + SLACK + 1)
        self.wait_usable(*self.numbers)
        reach(held + SETTLED)
        assert self.network.holders(self.vip) == [first], self.truth.story(began)

    def wait_holder(self, number, since, seconds):
        return self.truth.wait(number, "held", since, seconds + SLACK)

    # --- what the agents say ---

    def expect(self, number, state, since, seconds=NOTICE, source=None, detail=""):
        """The agent of that node says so, `seconds` after a moment at the latest. source: one, or several that would
        do. Returns how long it took."""
        if number not in self.agents:
            return None
        sources = (source,) if isinstance(source, str) else source
        states = (state,) if isinstance(state, str) else state

        def look():
            for at, readiness in self.truth.statuses(number, since):
                holder = readiness["vip"].get("holder", {})
                if holder.get("state") in states and detail in holder.get("detail", "") and \
                        (not sources or holder.get("source") in sources):
                    return max(at - since, 1e-6)
            return None

        wanted = f"node {number}: holder {'|'.join(states)} by {'|'.join(sources or ['any'])} {detail}"
        try:
            took = until(look, max(0.0, since - time.monotonic()) + seconds + 2, "", every=0.01)
        except TimedOut:
            raise AssertionError(f"{wanted}: never said within {seconds + 2:.1f} s; from then on: "
                                 f"{self.truth.story(since)}") from None
        assert took <= seconds, f"{wanted}: said after {took:.3f} s, allowed are {seconds:.2f} s; from then on: " \
                                f"{self.truth.story(since)}"
        return took

    def seconds_in(self, number, states, since, until_moment):
        """For how long that agent said one of those."""
        statuses = self.truth.statuses(number, since, until_moment) if number in self.agents else []
        ends = [at for at, _ in statuses[1:]] + [until_moment]
        return sum(end - max(at, since) for (at, readiness), end in zip(statuses, ends)
                   if readiness["vip"]["holder"]["state"] in states)

    def wait_usable(self, *numbers):
        began = time.monotonic()
        for number in numbers:
            if number in self.agents:
                until(lambda number=number: self.is_usable(number), PATIENCE,
                      f"agent {number} to find the address usable; its lines: {self.agents[number].since(0)}; "
                      f"truth: {self.truth.story(began - 10)}", every=0.02)

    def is_usable(self, number):
        statuses = self.truth.statuses(number, time.monotonic())
        return bool(statuses) and all(statuses[-1][1][way]["layer"] == "usable" for way in ("local", "vip"))

    def expect_quiet(self, number, since, until_moment, moves):
        """So many moves in that time, a line each, and else not a word; and it stays usable."""
        if number not in self.agents:
            return
        lines = self.agents[number].since(since, until_moment)
        moved = [line for line in lines if " moved " in line]
        assert len(moved) == moves and len(lines) == moves, \
            f"node {number}: expected {moves} lines, each of a move, found {lines}{self.truth.story(since)}"
        for at, readiness in self.truth.statuses(number, since, until_moment):
            layers = {way: readiness[way]["layer"] for way in ("local", "vip")}
            assert set(layers.values()) == {"usable"}, f"node {number}: {layers} at +{at - since:.3f} s"

    def expect_line(self, number, since, seconds, *parts):
        """One line of that agent has all of that."""
        if number not in self.agents:
            return None
        try:
            return until(lambda: next((line for line in self.agents[number].since(since)
                                       if all(part in line for part in parts)), None),
                         max(0.0, since + seconds - time.monotonic()), "", every=0.01)
        except TimedOut:
            raise AssertionError(f"node {number}: no line with {parts} within {seconds} s; "
                                 f"found {self.agents[number].since(since)}{self.truth.story(since)}") from None

    def explain(self):
        """All that is known, for a case that failed."""
        text = "".join(f"\n  agent {number}: {line}" for number, agent in self.agents.items()
                       for line in agent.since(0)[-8:])
        for number, agent in self.agents.items():
            path = agent.runtime / "status.json"
            if path.exists():
                text += f"\n  status {number}: {json.dumps(json.loads(path.read_text())['readiness'])}"
        return text
