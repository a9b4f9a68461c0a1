"""A database that takes everything at once and keeps nothing but counts, where a real one's work would disturb.

    python -m bench.null_sink PORT

To every request it answers 204, as InfluxDB 1 does to a write, and it counts the lines of the body. `GET /counts` is
answered with a JSON object: `records` and `requests` so far, and `first`, when the first records came (Unix time; 0
before).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from tests.servers import free_port, running

_END_OF_HEAD = b"\r\n\r\n"
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.6.7\r\n\r\n"


class Counts(NamedTuple):
    """What has come so far.

    Attributes:
        records: Lines.
        requests: Requests that had any.
        first: When the first records came, in seconds of the Unix clock; 0 before.
    """

    records: int = 0
    requests: int = 0
    first: float = 0.0


class NullSink:
    """One that runs in a process of its own.

    Attributes:
        url: What a sink's `url` is to be.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def counts(self) -> Counts:
        """Return what has come so far."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", "/counts")
            return Counts(**json.loads(connection.getresponse().read()))
        finally:
            connection.close()


@contextmanager
def null_sink(folder: Path) -> Iterator[NullSink]:
    """Run one until the block ends."""
    port = free_port()
    with running([sys.executable, "-m", "bench.null_sink", str(port)], folder / "null_sink.log", [port]):
        yield NullSink(port)


class Connection(asyncio.Protocol):
    """One connection: requests with a Content-Length, one after the other."""

    counts = Counts()
    """Of all connections."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = 0
        self._lines = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Count the lines of bodies, and answer when one is whole."""
        while data:
            if self._left:
                part, data = data[: self._left], data[self._left :]
                self._lines += part.count(b"\n")
                self._left -= len(part)
                if not self._left:
                    self._answer()
                continue
            head, found, data = (self._head + data).partition(_END_OF_HEAD)
            if not found:
                self._head = head
                return
            self._head = b""
            self._begin(head)

    def _begin(self, head: bytes) -> None:
        request, *lines = head.split(b"\r\n")
        headers = {name.strip().lower(): value for name, _, value in (line.partition(b":") for line in lines)}
        self._left, self._lines = int(headers.get(b"content-length", b"0")), 0
        if request.startswith(b"GET /counts"):
            body = json.dumps(Connection.counts._asdict()).encode()
            self._write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        elif not self._left:
            self._answer()

    def _answer(self) -> None:
        if self._lines:
            records, requests, first = Connection.counts
            Connection.counts = Counts(records + self._lines, requests + 1, first or time.time())
        self._write(_NO_CONTENT)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def main(port: int) -> None:
    """Listen for ever."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A database that takes everything and keeps nothing.")
    parser.add_argument("port", type=int)
    asyncio.run(main(parser.parse_args().port))
