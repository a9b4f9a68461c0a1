"""A proxy before a database that spoils writes: answers in its place, swallows its answers, or changes them.

    with HttpProxy(influxd.port) as proxy:
        proxy.spoil(Answer(503, headers={"Retry-After": "1"}), times=3)     # the next three, not forwarded
        proxy.spoil(Answer(429), every=4)                                   # each fourth, until told otherwise
        proxy.spoil(Silence(), forward=True)                                # written, and never confirmed
        proxy.spoil(Silence(seconds=0.5), forward=True, times=1)            # the same, and then closed
        proxy.spoil(Answer(503), forward=True, times=1)                     # written, and 503 all the same
        proxy.spare()                                                       # no more of it

What the network can do (`proxy.Proxy`) it can do besides. Requests that are no writes always pass. If the database
cannot be connected to, it answers 502, as a reverse proxy does; use `refuse` for a database whose port is closed.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from http.client import responses
from typing import NamedTuple, TypeAlias

from tests.servers.links import Link
from tests.servers.proxy import Direction, Proxy

_NO_BODY = (204, 304)


class Answer(NamedTuple):
    """What the client is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}

    def packed(self) -> bytes:
        """Return it as HTTP."""
        headers = {**self.headers}
        if self.status not in _NO_BODY:
            headers["Content-Length"] = str(len(self.body))
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "\r\n"]).encode() + self.body


class Silence(NamedTuple):
    """No answer; after so many seconds the connection is closed, or never, until the client goes away."""

    seconds: float | None = None


Reply: TypeAlias = Answer | Silence


class Write(NamedTuple):
    """A write request that arrived whole.

    Attributes:
        number: From 1 on, in order of arrival.
        path: With its query.
        body: Uncompressed.
        forwarded: Whether it is passed on to the database.
    """

    number: int
    path: str
    body: bytes
    forwarded: bool


class _Spoiling(NamedTuple):
    reply: Reply
    forward: bool
    every: int
    times: int | None
    least: int


class _Packet(NamedTuple):
    """A request or an answer: its first line, its fields by name in lower case, and all of its bytes."""

    start: str
    fields: Mapping[str, str]
    head: bytes
    body: bytes


class HttpProxy(Proxy):
    """A proxy that knows HTTP 1.1.

    Args:
        target_port: Of the database, on 127.0.0.1.
        on_write: Called with each write, in order of arrival and before it is passed on, in the proxy's thread.

    Attributes:
        writes: Write requests that arrived whole.
        spoiled: How many of them got another answer than the database's, or none.
        confirmed: How many the database answered 204, which was passed on.
    """

    def __init__(self, target_port: int, on_write: Callable[[Write], None] = lambda _: None) -> None:
        super().__init__(target_port)
        self.writes = self.spoiled = self.confirmed = 0
        self._on_write = on_write
        self._spoiling: _Spoiling | None = None
        self._candidates = 0

    def spoil(
        self, reply: Reply, *, forward: bool = False, every: int = 1, times: int | None = None, least: int = 0
    ) -> None:
        """Give this reply to writes instead of the database's.

        Args:
            reply: What the client gets.
            forward: Whether the database gets the write all the same, and has answered before the client is replied.
            every: Of so many writes only the last is spoilt.
            times: After so many it ends by itself; None: never.
            least: Writes of fewer bytes pass.
        """
        self._run(self._set(_Spoiling(reply, forward, every, times, least)))

    def spare(self) -> None:
        """Let all writes pass."""
        self._run(self._set(None))

    async def _set(self, spoiling: _Spoiling | None) -> None:
        self._spoiling, self._candidates = spoiling, 0

    def _take(self, request: _Packet, path: str) -> _Spoiling | None:
        """Note a write that arrived, and return how it is to be spoiled."""
        self.writes += 1
        zipped = request.fields.get("content-encoding") == "gzip"
        body = gzip.decompress(request.body) if zipped else request.body
        spoiling = self._next_spoiling(len(body))
        self._on_write(Write(self.writes, path, body, spoiling is None or spoiling.forward))
        return spoiling

    def _next_spoiling(self, size: int) -> _Spoiling | None:
        spoiling = self._spoiling
        if spoiling is None or size < spoiling.least:
            return None
        self._candidates += 1
        if self._candidates % spoiling.every:
            return None
        if spoiling.times is not None and self._candidates // spoiling.every >= spoiling.times:
            self._spoiling = None
        self.spoiled += 1
        return spoiling

    async def _serve(self, link: Link) -> None:
        while (request := await _read(link.client.reader)) is not None:
            method, path, _ = request.start.split(" ", 2)
            is_write = method == "POST" and path.partition("?")[0].endswith(("/write", "/write_lp"))
            spoiling = self._take(request, path) if is_write else None
            if spoiling is None:
                answer = await self._ask(link, request)
                self.confirmed += is_write and answer.start.split(" ")[1] == "204"
                await self._forward(link, link.client, answer.head + answer.body, Direction.TO_CLIENT)
                continue
            if spoiling.forward:
                await self._ask(link, request)
            if not await self._reply(link, spoiling.reply):
                return

    async def _reply(self, link: Link, reply: Reply) -> bool:
        """Give the client this reply; return whether its connection goes on."""
        if isinstance(reply, Answer):
            await self._forward(link, link.client, reply.packed(), Direction.TO_CLIENT)
            return True
        try:
            async with asyncio.timeout(reply.seconds):
                await link.client.reader.read()
        except TimeoutError:
            pass
        return False

    async def _ask(self, link: Link, request: _Packet) -> _Packet:
        """Pass a request on and return the answer.

        Raises:
            OSError: The connection broke; whether the request had an effect is not known.
        """
        server = link.server
        if server is None or server.reader.at_eof() or server.reader.exception() is not None:
            if server is not None:
                await server.closed()
            try:
                server = await self._connect(link)
            except OSError:
                return _Packet("HTTP/1.1 502 Bad Gateway", {}, Answer(502, b"the database is away").packed(), b"")
        await self._forward(link, server, request.head + request.body, Direction.TO_SERVER)
        answer = await _read(server.reader)
        if answer is None:
            raise ConnectionResetError("the database closed the connection without an answer")
        return answer


async def _read(reader: asyncio.StreamReader) -> _Packet | None:
    """Read a request or an answer; None at the end of the connection.

    Raises:
        EOFError: It ended in the middle.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if fields.get("transfer-encoding") == "chunked":
        return _Packet(start, fields, head, await _read_chunks(reader))
    return _Packet(start, fields, head, await reader.readexactly(int(fields.get("content-length", "0"))))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a body in chunks as it stands (RFC 9112, 7.1), without trailers."""
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        body += line + await reader.readexactly(size + len(b"\r\n"))
        if not size:
            return body
