"""Says what is in a file on a broker, message by message: with the pauses of the file, faster, or without any.

Topics, payloads, QoS, retain flags and the order are those of the file, and so are the user properties over MQTT 5.
Times within payloads are what they were. What a lost connection leaves unacknowledged is said again, in its place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.broker import Broker
from simulators.delivery.client import WINDOW, Client, Protocol, watch
from simulators.delivery.file import FileError, Recorded, read
from simulators.messages import Publication

_NOT_IN_TOPICS = "+#\0"
_MAX_TOPIC = 65_535
_SECOND_NS = 1_000_000_000


class Contents(NamedTuple):
    """What is in a file.

    Attributes:
        messages: How many.
        begin_ns: Time of the first, in nanoseconds since 1970.
        end_ns: Time of the last.
    """

    messages: int
    begin_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """From the first message to the last."""
        return (self.end_ns - self.begin_ns) / _SECOND_NS


def examine(path: Path) -> Contents:
    """Read a whole file, so that nothing is said before it is known to be sound; return what is in it.

    Raises:
        FileError: It cannot be read, a line is no message or cannot be published, or there is none.
    """
    begin_ns = end_ns = 0
    number = 0
    for number, (time_ns, publication) in enumerate(read(path), 1):
        topic = publication.topic
        if not topic or any(sign in topic for sign in _NOT_IN_TOPICS) or len(topic.encode()) > _MAX_TOPIC:
            raise FileError(f"{path}, line {number}: nobody can publish to the topic {topic[:80]!r}")
        begin_ns, end_ns = (begin_ns if number > 1 else time_ns), time_ns
    if not number:
        raise FileError(f"{path}: it holds no message")
    return Contents(number, begin_ns, end_ns)


class Replayer:
    """Replays a file on a broker.

    Attributes:
        published: Messages handed to a connection, each once.
        acknowledged: Those among them that the broker has acknowledged, or, at QoS 0, that have left. aiomqtt does not
            say whether an acknowledgement is a refusal.
        repeated: Those that were sent again, since a connection was lost.
        late: How many seconds the latest message was behind its time.

    Args:
        broker: Where.
        protocol: Version of MQTT.
        speed: Seconds of the file in a second; None: as fast as the broker takes it.
        window: Messages on their way at a time; within the broker's receive maximum.
        tell: Called with a sentence when a connection is lost.
        advance: Called with the number of messages that are acknowledged.
    """

    def __init__(
        self,
        broker: Broker,
        protocol: Protocol,
        *,
        speed: float | None = 1.0,
        window: int = WINDOW,
        tell: Callable[[str], None],
        advance: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.published = self.acknowledged = self.repeated = 0
        self.late = 0.0
        self._client = Client(broker, protocol, tell=tell, window=window)
        self._speed = speed
        self._window = window
        self._advance = advance
        self._properties = protocol is Protocol.MQTT_5
        self._messages: Iterator[Recorded] = iter(())
        self._upcoming: Recorded | None = None
        self._unacknowledged: dict[int, Publication] = {}
        self._begin_ns = 0
        self._began = 0.0

    @property
    def connections(self) -> int:
        """How often a connection was made."""
        return self._client.connections

    def stop(self) -> None:
        """Hand on nothing more: `replay` returns as soon as what is on its way is acknowledged."""
        self._client.stop()

    async def replay(self, path: Path) -> None:
        """Say all messages of a file, or those until it is stopped.

        Raises:
            FileError: The file cannot be read, or a line is no message.
            BrokerRefusedError: The broker does not let this client in.
            ConnectionLostError: No broker answers.
        """
        self._messages = read(path)
        self._upcoming = next(self._messages, None)
        await self._client.run(self._session)

    async def _session(self, client: aiomqtt.Client) -> None:
        """Say what is left over one connection, and wait for the last acknowledgement.

        Raises:
            ExceptionGroup: Of MqttError: the connection is lost.
        """
        if self._upcoming is not None and not self._began:
            self._begin_ns, self._began = self._upcoming.time_ns, time.monotonic()
        window = asyncio.Semaphore(self._window)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch(client), name="watch the connection")
            for number, publication in list(self._unacknowledged.items()):
                await window.acquire()
                self.repeated += 1
                group.create_task(self._publish(client, number, publication, window))
            while (upcoming := self._upcoming) is not None:
                await self._until_due(upcoming.time_ns)
                await window.acquire()
                if self._client.is_stopping:
                    window.release()
                    break
                self._upcoming = next(self._messages, None)
                self.published += 1
                self._unacknowledged[self.published] = upcoming.publication
                # Tasks begin in the order in which they are created, and so the messages leave in theirs.
                group.create_task(self._publish(client, self.published, upcoming.publication, window))
            for _ in range(self._window):
                await window.acquire()
            watching.cancel()

    async def _until_due(self, time_ns: int) -> None:
        if self._speed is None:
            return
        due = self._began + (time_ns - self._begin_ns) / _SECOND_NS / self._speed
        if (pause := due - time.monotonic()) > 0:
            await self._client.rest(pause)
        else:
            self.late = max(self.late, -pause)

    async def _publish(
        self, client: aiomqtt.Client, number: int, publication: Publication, window: asyncio.Semaphore
    ) -> None:
        properties = None
        if publication.properties and self._properties:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has types, but here none
            properties.UserProperty = list(publication.properties)
        await client.publish(
            publication.topic,
            publication.payload,
            qos=publication.qos,
            retain=publication.retain,
            properties=properties,
        )
        del self._unacknowledged[number]
        self.acknowledged += 1
        self._advance(self.acknowledged)
        window.release()  # not if it failed: then the connection is given up, and its window with it
