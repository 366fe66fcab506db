# SPDX-License-Identifier: Apache-2.0
"""What the suite sees of the world, each from a thread of its own, each with the moment it was seen."""

import collections
import contextlib
import dataclasses
import socket
import ssl
import threading
import time

from . import settings

COPIES = f"/api/v1/namespaces/{settings.COPIES_NAMESPACE}/secrets"
HANDSHAKE_EVERY = 0.1
LOOK_EVERY = 0.25


@dataclasses.dataclass(frozen=True)
class CopyEvent:
    moment: float
    kind: str
    source: str  # namespace/name
    uid: str
    certificate: str  # as it stands in the copy


class Copies:
    """The Gateway's copies, from one watch that lives as long as the bed."""

    def __init__(self, feed):
        self.feed = feed
        self.events, self.present = [], {}
        self.on_deleted = None

    def follow(self, api):
        threading.Thread(target=self.run, args=(api,), daemon=True).start()

    def run(self, api):
        for kind, secret in api.events(COPIES):
            source = source_of(secret)
            if source:
                moment = time.monotonic()
                self.feed.note_copy(kind, secret)
                self.note(CopyEvent(moment, kind, source, secret["metadata"]["uid"],
                                    secret.get("data", {}).get("tls.crt")))

    def note(self, event):
        self.events.append(event)
        if event.kind != "DELETED":
            self.present[event.source] = event.uid
            return
        self.present.pop(event.source, None)
        if self.on_deleted:
            self.on_deleted()

    def deleted_since(self, moment):
        return [event for event in self.since(moment) if event.kind == "DELETED"]

    def added_since(self, moment):
        """When each copy was first seen since then."""
        moments = {}
        for event in self.since(moment):
            if event.kind == "ADDED":
                moments.setdefault(event.source, event.moment)
        return moments

    def since(self, moment):
        return [event for event in list(self.events) if event.moment >= moment]


def source_of(secret):
    labels = secret["metadata"].get("labels") or {}
    if settings.COPY_OF_NAME in labels:
        return "{}/{}".format(labels.get(settings.COPY_OF_NAMESPACE), labels[settings.COPY_OF_NAME])
    return None


@dataclasses.dataclass(frozen=True)
class Handshake:
    moment: float
    hostname: str
    result: str  # "ok", or how it failed


class Handshakes:
    """Asks Envoy for each hostname ten times a second and compares the certificate that it serves, byte by byte."""

    def __init__(self, address, leaves):
        self.address, self.leaves = address, leaves
        self.seen = []
        self.stopped = threading.Event()
        self.gates = {hostname: threading.Lock() for hostname in leaves}
        self.threads = [threading.Thread(target=self.run, args=(hostname,), daemon=True) for hostname in leaves]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    @contextlib.contextmanager
    def paused(self):
        """Nobody asks while we replace Envoy: a refusal of that moment would be our doing, not a loss."""
        with contextlib.ExitStack() as held:
            for gate in self.gates.values():
                held.enter_context(gate)
            yield

    def run(self, hostname):
        due = time.monotonic()
        while not self.stopped.is_set():
            with self.gates[hostname]:
                began = time.monotonic()
                self.seen.append(Handshake(began, hostname, self.ask(hostname)))
            due = max(due + HANDSHAKE_EVERY, time.monotonic())
            self.stopped.wait(due - time.monotonic())

    def ask(self, hostname):
        try:
            with socket.create_connection((self.address, 443), timeout=2) as plain:
                with self.context.wrap_socket(plain, server_hostname=hostname) as secured:
                    served = secured.getpeercert(binary_form=True)
        except (OSError, ssl.SSLError) as error:
            return name_failure(error)
        return "ok" if served == self.leaves[hostname] else "wrong certificate"

    def results(self, since=0.0):
        return [handshake for handshake in list(self.seen) if handshake.moment >= since]

    def failures(self, since=0.0):
        """How often each kind of failure was seen."""
        return dict(collections.Counter(seen.result for seen in self.results(since) if seen.result != "ok"))


def name_failure(error):
    if isinstance(error, ConnectionResetError):
        return "reset"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "eof"
    if isinstance(error, TimeoutError):
        return "stalled"
    return f"{type(error).__name__}: {error}"


class Controller:
    """When the Gateway controller was seen to come and go."""

    def __init__(self, operator):
        self.operator = operator
        self.changes = []  # (moment, on)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopped.set()
        self.thread.join()

    def run(self):
        while not self.stopped.is_set():
            on = self.operator.controller_on()
            if not self.changes or self.changes[-1][1] != on:
                self.changes.append((time.monotonic(), on))
            self.stopped.wait(LOOK_EVERY)

    def on_since(self, moment):
        """The first moment after the given one at which it was seen to come up; None if it didn't."""
        return next((seen for seen, on in list(self.changes) if on and seen >= moment), None)
