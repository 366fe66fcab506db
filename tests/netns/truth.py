# SPDX-License-Identifier: Apache-2.0
"""What the observer saw, to be asked for."""

import json
import pathlib
import subprocess
import sys
import threading

from bed.waiting import TimedOut, until

HERE = pathlib.Path(__file__).resolve().parent


class Truth:
    def __init__(self, vip, nodes):
        """nodes: (number, path of the network namespace, the agent's runtime directory)"""
        argv = [sys.executable, HERE / "observer.py", vip]
        for number, namespace, runtime in nodes:
            argv += [number, namespace, runtime]
        self.events = []
        self.popen = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        threading.Thread(target=self.hear, daemon=True).start()
        until(lambda: self.events, 10, "the observer", every=0.01)

    def hear(self):
        for line in self.popen.stdout:
            self.events.append(json.loads(line))

    def find(self, node, what, since=0.0, until_moment=float("inf"), **fields):
        """All of those, oldest first."""
        return [event for event in list(self.events)
                if event.get("node") == str(node) and event["what"] == what and since <= event["at"] < until_moment
                and all(event.get(name) == value for name, value in fields.items())]

    def wait(self, node, what, since, seconds, **fields):
        """When it happened first. A bound of the protocol: later is too late."""
        try:
            found = until(lambda: self.find(node, what, since, **fields), seconds, "", every=0.01)[0]
        except TimedOut:
            raise AssertionError(f"node {node}: no {what} {fields or ''} within {seconds:.2f} s of {since:.3f}; "
                                 f"all there was since: {self.story(since)}") from None
        assert found["at"] <= since + seconds, f"node {node}: {what} after {found['at'] - since:.3f} s"
        return found["at"]

    def statuses(self, node, since, until_moment=float("inf")):
        """(moment, readiness): the one that held at `since`, and all that came after it."""
        events = self.find(node, "status", 0.0, until_moment)
        first = max((i for i, event in enumerate(events) if event["at"] <= since), default=0)
        return [(event["at"], event["readiness"]) for event in events[first:]]

    def story(self, since):
        """For the eye: no advert twice in a row."""
        lines, last = [], {}
        for event in list(self.events):
            if event["at"] < since:
                continue
            text = words_of(event)
            if last.get(event.get("node")) != text:
                lines.append(f"\n    {event['at'] - since:8.3f} s  node {event.get('node', '-')}  {text}")
            last[event.get("node")] = text
        return "".join(lines)

    def end(self):
        self.popen.stdin.close()
        self.popen.wait(5)


def words_of(event):
    if event["what"] == "advert":
        return f"hears {event['from']} priority {event['priority']}"
    if event["what"] == "status":
        vip = event["readiness"]["vip"]
        holder = vip.get("holder", {})
        return (f"agent: vip {vip['layer']}, holder {holder.get('state')} by {holder.get('source')}: "
                f"{holder.get('detail')}; local {event['readiness']['local']['layer']}")
    return event["what"]
