# SPDX-License-Identifier: Apache-2.0
"""Who wrote what, from the API server's audit log."""

import dataclasses
import json

from . import clocks


@dataclasses.dataclass(frozen=True)
class Write:
    moment: float  # when the API server received the request
    verb: str
    resource: str
    name: str
    status: int
    client: str

    def __str__(self):
        return f"{self.verb} {self.resource} {self.name} -> {self.status}"


class Audit:
    def __init__(self, path):
        self.path = path

    def writes(self, user, since):
        """All that USER asked for since that moment, refused or not. Complete: the server logs before it answers."""
        mark = f'"{user}"'  # most lines are not ours, and parsing is what takes time
        with open(self.path) as log:
            entries = [json.loads(line) for line in log if mark in line and line.endswith("\n")]
        writes = [read(entry) for entry in entries
                  if entry["user"]["username"] == user and entry["stage"] == "ResponseComplete"]
        return [write for write in writes if write.moment >= since]


def read(entry):
    target = entry.get("objectRef", {"resource": entry["requestURI"]})
    path = [target.get(part) for part in ("resource", "subresource")]
    place = [target.get(part) for part in ("namespace", "name")]
    return Write(moment=clocks.from_wall(entry["requestReceivedTimestamp"]), verb=entry["verb"],
                 resource="/".join(filter(None, path)), name="/".join(filter(None, place)),
                 status=entry.get("responseStatus", {}).get("code", 0), client=entry.get("userAgent", ""))
