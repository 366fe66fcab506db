# SPDX-License-Identifier: Apache-2.0
"""The virtual address: a TCP front of the API server that fails as it is told, and forwards as it is told."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time

MESSAGES = {"500": "etcdserver: leader changed", "503": "apiserver not ready"}
FAULTS = ("refused", "eof", "stall", "silent", "401", "403", "404", "429", "500", "503", "504")


class Vip:
    """Each change closes the listener and resets every connection: an address that goes takes them along."""

    def __init__(self, listen, target, certificate, key):
        self.listen, self.target = listen, target
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(str(certificate), str(key))
        self.server, self.connections = None, set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def forward(self):
        """Returns the moment from which on it accepts."""
        return self.change(self.pass_on)

    def fail(self, fault):
        if fault not in FAULTS:
            raise ValueError(fault)
        if fault == "refused":
            return self.change(None)
        if fault in ("eof", "stall"):
            return self.change({"eof": self.hang_up, "stall": self.say_nothing}[fault])
        answer = None if fault == "silent" else status_answer(fault)
        return self.change(lambda reader, writer: self.answer(reader, writer, answer), self.tls)

    def change(self, serve, tls=None):
        return asyncio.run_coroutine_threadsafe(self.serve_with(serve, tls), self.loop).result(5)

    async def serve_with(self, serve, tls):
        if self.server:
            self.server.close()
        for writer in list(self.connections):
            reset(writer)
        self.server = serve and await asyncio.start_server(self.tracked(serve), *self.listen, ssl=tls)
        return time.monotonic()

    def tracked(self, serve):
        async def handle(reader, writer):
            self.connections.add(writer)
            try:
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass
            finally:
                self.connections.discard(writer)
                writer.transport.abort()
        return handle

    async def pass_on(self, reader, writer):
        upstream_reader, upstream_writer = await asyncio.open_connection(*self.target)
        ways = [asyncio.ensure_future(pump(*ends))
                for ends in ((reader, upstream_writer), (upstream_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            upstream_writer.close()

    async def hang_up(self, _reader, writer):
        writer.close()
        await writer.wait_closed()

    async def say_nothing(self, _reader, _writer):
        await asyncio.sleep(3600)

    async def answer(self, reader, writer, answer):
        await reader.readuntil(b"\r\n\r\n")
        if not answer:
            await self.say_nothing(reader, writer)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def reset(writer):
    """Without lingering the kernel says RST where it would say goodbye."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # closed already, only nobody has noticed yet
        if connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass


def status_answer(code):
    """What the API server sends with that code: its Status object."""
    body = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": int(code),
                       "message": MESSAGES.get(code, "fault of the bed")}).encode()
    head = (f"HTTP/1.1 {code} Fault", "Content-Type: application/json", f"Content-Length: {len(body)}",
            "Connection: close", "", "")
    return "\r\n".join(head).encode() + body
