# SPDX-License-Identifier: Apache-2.0
"""Who asked the API server for what, from its audit log."""

import dataclasses
import json

from . import clocks

READS = ("get", "list", "watch")


@dataclasses.dataclass(frozen=True)
class Request:
    moment: float  # when the API server received it
    answered: float
    user: str
    verb: str
    resource: str
    name: str
    status: int
    client: str
    uri: str

    def __str__(self):
        return f"{self.verb} {self.resource} {self.name} -> {self.status}"


class Audit:
    """Holds every write, and the agent's reads: the policy is in cluster.py."""

    def __init__(self, path):
        self.path = path
        self.offset, self.unfinished, self.requests = 0, b"", []

    def writes(self, user, since):
        """All that USER asked for since that moment, refused or not. Complete: the server logs before it answers."""
        return [request for request in self.asked(user, since) if request.verb not in READS]

    def creates(self, user, since, resource):
        return [write for write in self.writes(user, since) if (write.verb, write.resource) == ("create", resource)]

    def first_ready(self, user, since):
        """When the API server received USER's first /readyz that it answered with 200; None if there is none."""
        return next((request.moment for request in self.asked(user, since)
                     if request.resource.startswith("/readyz") and request.status == 200), None)

    def watched(self, user, since):
        """What USER has begun to watch since that moment; the log says it when the first answer goes out."""
        with open(self.path) as log:
            begun = [read(entry) for entry in map(json.loads, log) if entry["stage"] == "ResponseStarted"]
        return sorted({request.resource for request in begun
                       if (request.user, request.verb) == (user, "watch") and request.moment >= since})

    def asked(self, user, since):
        self.read_on()
        return [request for request in self.requests if request.user == user and request.moment >= since]

    def read_on(self):
        with open(self.path, "rb") as log:
            log.seek(self.offset)
            lines = (self.unfinished + log.read()).split(b"\n")
            self.offset = log.tell()
        self.unfinished = lines.pop()
        entries = map(json.loads, lines)
        self.requests += [read(entry) for entry in entries if entry["stage"] == "ResponseComplete"]


def read(entry):
    target = entry.get("objectRef", {"resource": entry["requestURI"]})
    path = [target.get(part) for part in ("resource", "subresource")]
    place = [target.get(part) for part in ("namespace", "name")]
    return Request(moment=clocks.from_wall(entry["requestReceivedTimestamp"]),
                   answered=clocks.from_wall(entry["stageTimestamp"]), user=entry["user"]["username"],
                   verb=entry["verb"], resource="/".join(filter(None, path)), name="/".join(filter(None, place)),
                   status=entry.get("responseStatus", {}).get("code", 0), client=entry.get("userAgent", ""), uri=entry["requestURI"])
