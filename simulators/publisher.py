"""Publishes what the machines of a scenario say, at the pace of the wall clock, over one connection for all of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from simulators.broker import Broker
from simulators.faces.face import Publication
from simulators.machines.machine import SECOND_NS
from simulators.scenarios import Station
from simulators.timetable import Timetable

Protocol: TypeAlias = Literal["5", "3.1.1"]
"""A version of MQTT."""

WINDOW = 10
"""Messages on their way at a time. The least receive maximum in common use (HiveMQ's); aiomqtt does not ask for it."""

_ANSWER_SECONDS = 5.0
"""How long the broker may take for an answer before the connection is given up."""

_RECONNECT_SECONDS = (0.5, 10.0)

_FINAL_REFUSALS = {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}
"""MQTT 5, 3.2.2.2: version, client id, login, permission, ban. paho maps those of 3.1.1 to the same codes."""


class BrokerRefusedError(Exception):
    """The broker does not let this client in, and will not: someone must change its settings, or ours."""


@dataclass
class Counts:
    """What has been published so far.

    Attributes:
        published: Messages handed to the connection.
        acknowledged: Those among them that the broker has acknowledged. The rest were lost with a connection, as they
            are for a machine that keeps nothing. aiomqtt does not say whether an acknowledgement is a refusal.
        skipped: Samples that were left out because they would have been too late.
        connections: How often a connection was made.
        connected: Whether there is one now.
    """

    published: int = 0
    acknowledged: int = 0
    skipped: int = 0
    connections: int = 0
    connected: bool = False


class Publisher:
    """One MQTT client that speaks for many machines, at QoS 1.

    Args:
        stations: The machines.
        broker: Where to publish.
        protocol: Version of MQTT.
        rate: Samples are taken this many times as often as the machines would by themselves.
        window: Messages on their way at a time; within the broker's receive maximum.
        tell: Called with a sentence when the connection is lost or cannot be made.

    Raises:
        ValueError: A machine would have more than 1000 samples a second.
    """

    def __init__(
        self,
        stations: Sequence[Station],
        broker: Broker,
        *,
        protocol: Protocol = "5",
        rate: float = 1.0,
        window: int = WINDOW,
        tell: Callable[[str], None],
    ) -> None:
        self.counts = Counts()
        self._stations = stations
        self._broker = broker
        self._protocol = aiomqtt.ProtocolVersion.V5 if protocol == "5" else aiomqtt.ProtocolVersion.V311
        periods_ns = [round(station.machine.period_ns / rate) for station in stations]
        self._timetable = Timetable(periods_ns, time.time_ns())
        self._window = window
        self._tell = tell
        self._stopping = asyncio.Event()
        self._deadline = float("inf")
        self._limit: int | None = None

    def stop(self) -> None:
        """Publish nothing more: `run` returns as soon as what is on its way is acknowledged."""
        self._stopping.set()

    async def run(self, *, duration: float | None = None, count: int | None = None) -> None:
        """Publish until stopped, for so many seconds, or so many messages; reconnect as often as it takes.

        Raises:
            BrokerRefusedError: The broker does not let this client in.
        """
        if duration is not None:
            self._deadline = time.monotonic() + duration
        self._limit = count
        attempt = 0
        while not self._finished():
            before = self.counts.connections
            lost = await self._connection()
            if lost is None:
                break
            had_connection = self.counts.connections > before
            if not had_connection and _code(lost) in _FINAL_REFUSALS:
                raise BrokerRefusedError(f"The broker at {self._broker} refuses this client: {lost}") from lost
            if self._finished():
                break
            attempt = 1 if had_connection else attempt + 1
            least, most = _RECONNECT_SECONDS
            delay = random.uniform(0, min(most, least * 2**attempt))
            self._tell(f"No connection to the broker at {self._broker}: {lost}. Trying again in {delay:.1f} s")
            await self._rest(delay)

    def _finished(self) -> bool:
        enough = self._limit is not None and self.counts.published >= self._limit
        return enough or self._stopping.is_set() or time.monotonic() >= self._deadline

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until it is time to stop."""
        try:
            async with asyncio.timeout(min(seconds, self._deadline - time.monotonic())):
                await self._stopping.wait()
        except TimeoutError:
            pass  # nobody asked to stop

    async def _connection(self) -> aiomqtt.MqttError | None:
        """Publish over one connection; return why it ended, or None if there is nothing more to do."""
        lost: aiomqtt.MqttError | None = None
        try:
            async with aiomqtt.Client(
                self._broker.host,
                self._broker.port,
                username=self._broker.username,
                password=self._broker.password,
                protocol=self._protocol,
                timeout=_ANSWER_SECONDS,
                max_inflight_messages=self._window,
            ) as client:
                self.counts.connections += 1
                self.counts.connected = True
                await self._session(client)
        except* aiomqtt.MqttError as group:
            lost = _first(group)
        finally:
            self.counts.connected = False
        return lost

    async def _session(self, client: aiomqtt.Client) -> None:
        """Publish until it is time to stop, and wait for the last acknowledgement.

        Raises:
            ExceptionGroup: Of MqttError: the connection is lost.
        """
        window = asyncio.Semaphore(self._window)
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(client), name="watch the connection")
            while not self._finished():
                for publication in self._due():
                    if self._finished():
                        break
                    await window.acquire()
                    self.counts.published += 1
                    group.create_task(self._publish(client, publication, window), name=publication.topic)
                await self._rest(self._timetable.wait_ns(time.time_ns()) / SECOND_NS)
            for _ in range(self._window):
                await window.acquire()
            watch.cancel()

    def _due(self) -> Iterator[Publication]:
        for sample in self._timetable.due(time.time_ns()):
            machine, place, face = self._stations[sample.station]
            yield from face.publications(place, machine.name, sample.time_ns, machine.telemetry(sample.time_ns))
        self.counts.skipped = self._timetable.skipped

    async def _publish(self, client: aiomqtt.Client, publication: Publication, window: asyncio.Semaphore) -> None:
        await client.publish(publication.topic, publication.payload, qos=1)
        self.counts.acknowledged += 1
        window.release()  # not if it failed: then the connection is given up, and its window with it


async def _watch(client: aiomqtt.Client) -> None:
    """Raise MqttError as soon as the connection is lost: publishing alone would not tell before the next message."""
    try:
        async for _ in client.messages:
            pass  # nothing is subscribed
    except aiomqtt.MqttError as error:
        raise aiomqtt.MqttError("the connection was lost") from error


def _first(group: BaseExceptionGroup[aiomqtt.MqttError]) -> aiomqtt.MqttError:
    """Return the first error of a group of groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _code(error: aiomqtt.MqttError) -> int | None:
    """Return the reason code with which the broker refused a connection; None if it did not."""
    if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
        return error.rc.value
    return None
