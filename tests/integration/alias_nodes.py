"""Edge nodes that name their metrics in births only, and number what they say: no value can be taken for another.

Every value tells which edge node, which metric and which number it is (`value_of`), and its time is the number in ms.
Aliases change with every connection, unless they are constant: who resolves one by an old birth stores it under
another name.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from adapters.sparkplug.codec import DataType, Metric, Payload, write
from tests.servers import wait_until

GROUP = "G"
METRICS = ("Temperature", "Line 1/Speed", "Line 1/Torque", "Pressure")
START_MS = time.time_ns() // 1_000_000 - 3_600_000
PACE_SECONDS = 0.02
SECONDS = 30.0
_ALIASES = 64
"""Aliases are shifted by one with each connection, and are what they were after so many."""


def value_of(node: int, metric: int, number: int) -> int:
    """Return the one value that this metric of this edge node has at this number."""
    return (node * len(METRICS) + metric) * 1_000_000 + number


def parts_of(value: int) -> tuple[int, int, int]:
    """Return edge node, metric and number of a value."""
    which, number = divmod(value, 1_000_000)
    return *divmod(which, len(METRICS)), number


class Publication(NamedTuple):
    """A message to publish."""

    topic: str
    payload: bytes


class Words:
    """What one edge node says; no I/O.

    Args:
        index: Its number, which is in its values and in its name.
        constant: Whether its aliases are the same in all connections.
    """

    def __init__(self, index: int, *, constant: bool = False) -> None:
        self.index, self.name = index, f"n{index}"
        self._constant = constant
        self.number = 0
        self._bdseq = -1
        self._seq = 0
        self._aliases: Sequence[int] = ()

    def connect(self) -> Publication:
        """Return the Will of a new connection, with which bdSeq and aliases are others."""
        self._bdseq += 1
        shift = 0 if self._constant else self._bdseq + self.index
        self._aliases = [(metric + shift) % _ALIASES for metric in range(len(METRICS))]
        return self.death()

    def death(self) -> Publication:
        """Return the end of this connection."""
        return self._publication("NDEATH", Payload(timestamp=START_MS, metrics=[self._bdseq_metric()]))

    def birth(self) -> Publication:
        """Return the birth, with the last values."""
        self._seq = 0
        control = Metric(name="Node Control/Rebirth", timestamp=START_MS, datatype=DataType.BOOLEAN, value=False)
        named = [
            one._replace(name=METRICS[metric], datatype=DataType.INT64) for metric, one in enumerate(self._metrics())
        ]
        return self._publication("NBIRTH", self._counted([*named, control, self._bdseq_metric()]))

    def data(self) -> Publication:
        """Return the next number of each metric, by alias."""
        self.number += 1
        return self._publication("NDATA", self._counted(self._metrics()))

    def _metrics(self) -> list[Metric]:
        return [
            Metric(
                alias=self._aliases[metric],
                timestamp=START_MS + self.number,
                datatype=DataType.INT64,
                value=value_of(self.index, metric, self.number),
            )
            for metric in range(len(METRICS))
        ]

    def _bdseq_metric(self) -> Metric:
        return Metric(name="bdSeq", timestamp=START_MS, datatype=DataType.INT64, value=self._bdseq)

    def _counted(self, metrics: Sequence[Metric]) -> Payload:
        seq, self._seq = self._seq, (self._seq + 1) % 256
        return Payload(timestamp=time.time_ns() // 1_000_000, seq=seq, metrics=metrics)

    def _publication(self, kind: str, payload: Payload) -> Publication:
        return Publication(f"spBv1.0/{GROUP}/{kind}/{self.name}", write(payload))


class AliasNode:
    """One edge node with a connection of its own, which keeps publishing until it is stopped.

    Attributes:
        index: Its number.
        published: Number and time (monotonic seconds) of what it has said.
    """

    def __init__(self, port: int, index: int, qos: int, *, constant: bool) -> None:
        self.index = index
        self.published: list[tuple[int, float]] = []
        self._words = Words(index, constant=constant)
        self._port, self._qos = port, qos
        self._stopped = threading.Event()
        self._asked = threading.Event()
        self._connected = threading.Event()
        # It alone speaks, so that sequence numbers go out in their order.
        self._thread = threading.Thread(target=self._keep_publishing)

    def start(self) -> None:
        """Connect, and begin to publish."""
        self._thread.start()
        assert self._connected.wait(SECONDS), "it is not connected"

    def stop(self) -> None:
        """Publish no more, and disconnect."""
        self._stopped.set()
        self._thread.join()

    def reconnect(self) -> None:
        """End this session with a death, and begin a new one, whose aliases are others unless they are constant."""
        self._connected.clear()
        assert self._connected.wait(SECONDS), "it is not connected again"

    def _keep_publishing(self) -> None:
        while not self._stopped.is_set():
            with self._session() as client:
                self._connected.set()
                while self._connected.is_set() and not self._stopped.wait(PACE_SECONDS):
                    if self._asked.is_set():
                        self._asked.clear()
                        client.publish(*self._words.birth(), self._qos)
                    client.publish(*self._words.data(), self._qos)
                    self.published.append((self._words.number, time.monotonic()))

    @contextmanager
    def _session(self) -> Iterator[Client]:
        client = Client(CallbackAPIVersion.VERSION2)
        client.will_set(*self._words.connect(), qos=1)
        client.on_message = lambda *_: self._asked.set()
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        wait_until(client.is_connected, "the edge node is connected")
        client.subscribe(f"spBv1.0/{GROUP}/NCMD/{self._words.name}", 1)
        client.publish(*self._words.birth(), self._qos)
        yield client
        client.publish(*self._words.death(), 1).wait_for_publish(SECONDS)
        client.disconnect()
        client.loop_stop()


class Fleet:
    """Many edge nodes over one connection, which say something only when they are told to.

    Attributes:
        asked: When each was asked for a rebirth (monotonic seconds).
        deaf: Names of those that do not answer.
    """

    def __init__(self, client: Client, count: int) -> None:
        self._client = client
        self._nodes = {words.name: words for words in map(Words, range(count))}
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.deaf: set[str] = set()
        for words in self._nodes.values():
            words.connect()
        client.message_callback_add(f"spBv1.0/{GROUP}/NCMD/+", self._commanded)
        client.subscribe(f"spBv1.0/{GROUP}/NCMD/+", 1)

    @property
    def names(self) -> Sequence[str]:
        """Of all of them."""
        return list(self._nodes)

    @property
    def numbers(self) -> int:
        """How many numbers they have said until now, each for all metrics."""
        return sum(words.number for words in self._nodes.values())

    def births(self) -> None:
        """Let all be born."""
        for words in self._nodes.values():
            self._say(words.birth())

    def data(self) -> None:
        """Let each say its next number."""
        for words in self._nodes.values():
            self._say(words.data())

    def requests(self) -> Counter[str]:
        """Return how often each was asked for a rebirth."""
        return Counter({name: len(times) for name, times in self.asked.items()})

    def _commanded(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        name = message.topic.rsplit("/", 1)[1]
        self.asked[name].append(time.monotonic())
        if name not in self.deaf:
            self._say(self._nodes[name].birth())

    def _say(self, publication: Publication) -> None:
        self._client.publish(*publication, qos=1)


@contextmanager
def publishing(port: int, count: int, *, constant: bool = False) -> Iterator[Sequence[AliasNode]]:
    """Let edge nodes publish until the block ends, half of them at QoS 0, half at QoS 1."""
    nodes = [AliasNode(port, index, qos=index % 2, constant=constant) for index in range(count)]
    started = []
    try:
        for node in nodes:
            node.start()
            started.append(node)
        yield nodes
    finally:
        for node in started:
            node.stop()
