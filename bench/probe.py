"""Numbered messages, and an eye on the database: when could each of them be seen there?

A message is published every 20 ms, with its number as its value. Meanwhile a thread asks the database for the latest
number, again and again, 5 ms after the last answer. Messages of one publisher stay in order all the way, so with a
number all before it are there too.

A message counts as visible when the answer that first showed it, or a later one, has arrived. That is late by up to one
round of asking, and this is what `resolution_ms` tells.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.measured import MeasurementError

INTERVAL = 0.02
ASK_AGAIN = 0.005
TOPIC = "probe/p0/telemetry"
QUERY = "SELECT last(sequence) FROM probe"


class Sight(NamedTuple):
    """An answer that showed a new number.

    Attributes:
        sequence: The latest number there is.
        asked_before: When the question before this one was asked, which did not show it.
        seen: When the answer had arrived. Both are seconds of the monotonic clock.
    """

    sequence: int
    asked_before: float
    seen: float


class Latency(NamedTuple):
    """Times from publish to visible, in milliseconds, and how exactly they are known."""

    samples: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    resolution_ms: float


class Watch:
    """Asks the database in a thread, from `start` to `stop`.

    Attributes:
        sights: What was seen, in order.
    """

    def __init__(self, port: int, database: str) -> None:
        self.sights: list[Sight] = []
        self._path = "/query?" + urlencode({"q": QUERY, "db": database})
        self._port = port
        self._stop = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    @property
    def latest(self) -> int:
        """The latest number that was seen; -1 before the first.

        Raises:
            MeasurementError: The database does not answer.
        """
        if self._failure:
            raise MeasurementError(f"the database cannot be asked: {self._failure}")
        return self.sights[-1].sequence if self.sights else -1

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask until the block ends."""
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _watch(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        latest, asked_before = -1, time.monotonic()
        try:
            while not self._stop.wait(ASK_AGAIN):
                asked = time.monotonic()
                connection.request("GET", self._path)
                answer = json.loads(connection.getresponse().read())
                series = answer["results"][0].get("series")
                sequence = int(series[0]["values"][0][1]) if series else -1
                if sequence > latest:
                    latest = sequence
                    self.sights.append(Sight(sequence, asked_before, time.monotonic()))
                asked_before = asked
        except (OSError, ValueError, KeyError) as error:
            self._failure = repr(error)
        finally:
            connection.close()


def publish(port: int, messages: int) -> list[float]:
    """Publish so many messages, numbered from 0, at QoS 1; return when each was, by the monotonic clock."""
    client = Client(CallbackAPIVersion.VERSION2, "probe", protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    times: list[float] = []
    try:
        began = time.monotonic()
        for number in range(messages):
            time.sleep(max(0.0, began + number * INTERVAL - time.monotonic()))
            payload = json.dumps({"ts": time.time_ns(), "sequence": number})
            times.append(time.monotonic())
            client.publish(TOPIC, payload, qos=1).wait_for_publish(10)
    finally:
        client.disconnect()
        client.loop_stop()
    return times


def latency(times: list[float], sights: list[Sight]) -> Latency:
    """Return how long it took from publish to visible, for messages all of which were seen."""
    taken: list[float] = []
    left = iter(sights)
    sight = next(left)
    for number, published in enumerate(times):
        while sight.sequence < number:
            sight = next(left)
        taken.append((sight.seen - published) * 1000)
    percentiles = statistics.quantiles(taken, n=100)
    resolution = statistics.median(sight.seen - sight.asked_before for sight in sights) * 1000
    figures = (percentiles[49], percentiles[98], max(taken), resolution)
    return Latency(len(taken), *(round(figure, 1) for figure in figures))
