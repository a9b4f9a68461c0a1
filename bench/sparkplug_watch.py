"""A database that takes everything at once and tells how old the records of some edge nodes are when they come.

Edge nodes that give each message the time of the moment (`sparkplug_fleet`) make a record's age the time from its
publishing until the database has it: broker, gateway, commit and request included. Times are in milliseconds, cut off,
so an age is up to one too long.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, NamedTuple

from bench.sparkplug_fleet import LARGE

_SMALL = re.compile(rb"^sparkplug,[^ ]*node=small[^\n]* (\d+)$", re.MULTILINE)
_LARGE = re.compile(rb"^sparkplug,[^ ]*node=%s[^\n]*$" % LARGE.encode(), re.MULTILINE)


class Arrival(NamedTuple):
    """One request.

    Attributes:
        at: When it had come, in seconds of the Unix clock.
        small: How many records of small nodes it had.
        oldest: Age of the oldest of these, in seconds; 0 without any.
        large: How many records of the large node it had.
        bytes: Of its body.
    """

    at: float
    small: int
    oldest: float
    large: int
    bytes: int


class Watch:
    """One that listens.

    Attributes:
        url: What a sink's `url` is to be.
        arrivals: What came, in order.
    """

    def __init__(self, port: int, arrivals: list[Arrival]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.arrivals = arrivals

    def between(self, begin: float, end: float) -> list[Arrival]:
        """Return what came in a time, by the Unix clock."""
        return [arrival for arrival in self.arrivals if begin <= arrival.at < end]

    @property
    def small(self) -> int:
        """Records of small nodes so far."""
        return sum(arrival.small for arrival in self.arrivals)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arrivals: ClassVar[list[Arrival]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        now = time.time()
        times = [int(found) for found in _SMALL.findall(body)]
        oldest = now - min(times) / 1e9 if times else 0.0
        self._answer()
        if body:
            self.arrivals.append(Arrival(now, len(times), oldest, len(_LARGE.findall(body)), len(body)))

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.send_response_only(204)
        self.send_header("X-Influxdb-Version", "1.6.7")
        self.end_headers()


@contextmanager
def watch() -> Iterator[Watch]:
    """Listen, on a free port of 127.0.0.1, until the block ends."""
    arrivals: list[Arrival] = []
    handler = type("_Watching", (_Handler,), {"arrivals": arrivals})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="watch", daemon=True)
        thread.start()
        try:
            yield Watch(server.server_address[1], arrivals)
        finally:
            server.shutdown()
            thread.join()
