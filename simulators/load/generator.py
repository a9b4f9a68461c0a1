"""Runs a load: several connections, each with its share of topics and messages, paced, bounded and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from typing import Literal, NamedTuple

from simulators.broker import Broker
from simulators.load.connection import BrokerFailedError, Connection
from simulators.load.frames import VALUES, Frame, frames

_LAST_ANSWERS_SECONDS = 5.0
"""How long a load that was interrupted waits for acknowledgements that are still to come."""

_FRAMES_A_SECOND = 50
"""A paced load is sent in at least so many frames a second, so that it does not come in bursts."""


class Load(NamedTuple):
    """What to send.

    Attributes:
        topics: How many topics, spread evenly over the publishers and served in turn.
        messages: How many messages in all.
        qos: 0 or 1.
        rate: Messages a second in all; None: as many as the broker takes.
        publishers: How many connections.
        window: Messages of one connection that may be unacknowledged at a time; the broker may lower it.
        seconds: No message is sent after this time; None: as long as it takes.
        values: Values in a message, beside its time.
    """

    topics: int = 500
    messages: int = 1_000_000
    qos: Literal[0, 1] = 1
    rate: float | None = None
    publishers: int = 1
    window: int = 2_000
    seconds: float | None = None
    values: int = VALUES


class Generator:
    """A load in progress.

    Attributes:
        seconds: From the first message to the last acknowledgement.
        cpu_seconds: Time on a processor that this process took meanwhile.
        window: Messages of one connection that may be unacknowledged: what was asked for, or what the broker allows.

    Args:
        broker: Where to publish.
        load: What to send.

    Raises:
        ValueError: There is no such load.
    """

    def __init__(self, broker: Broker, load: Load) -> None:
        if load.publishers > load.topics:
            raise ValueError(
                f"{load.publishers} publishers cannot share {load.topics} topics: each needs one of its own"
            )
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.window = load.window
        self._broker = broker
        self._load = load
        self._connections: list[Connection] = []
        self._stopped = False
        self._deadline = float("inf")

    @property
    def published(self) -> int:
        """Messages sent so far."""
        return sum(connection.published for connection in self._connections)

    @property
    def acknowledged(self) -> int:
        """Messages acknowledged so far."""
        return sum(connection.acknowledged for connection in self._connections)

    def stop(self) -> None:
        """Send nothing more: `run` returns as soon as what is on its way is acknowledged."""
        self._stopped = True
        for connection in self._connections:
            connection.wake()

    async def run(self) -> None:
        """Send it all, or until stopped, and wait for the last acknowledgement.

        Every message has a time of its own: the times of a topic strictly increase, by a millisecond at least, and
        follow the clock (unless a topic has more than 1000 messages a second: then they run ahead of it).

        Raises:
            BrokerFailedError: The broker cannot be reached, or failed on the way.
        """
        with ExitStack() as stack:
            for _ in range(self._load.publishers):
                connection = await Connection.connect(self._broker, self._load.window)
                stack.callback(connection.close)
                self._connections.append(connection)
            self.window = min(connection.window for connection in self._connections)
            prepared = [self._prepare(number) for number in range(self._load.publishers)]
            began, began_cpu = time.monotonic(), time.process_time()
            if self._load.seconds is not None:
                self._deadline = began + self._load.seconds
            failure: BrokerFailedError | None = None
            try:
                async with asyncio.TaskGroup() as group:
                    for connection, frames_of_it in zip(self._connections, prepared, strict=True):
                        group.create_task(self._publish(connection, frames_of_it), name="publisher")
            except* BrokerFailedError as errors:
                failure = first_failure(errors)
            finally:
                self.seconds = time.monotonic() - began
                self.cpu_seconds = time.process_time() - began_cpu
        if failure is not None:
            raise failure

    def _prepare(self, number: int) -> Iterator[Frame]:
        """Encode what a publisher sends now, and return it: frame after frame, until its share is sent."""
        load = self._load
        topics = range(load.topics * number // load.publishers, load.topics * (number + 1) // load.publishers)
        each, rest = divmod(load.messages, load.topics)
        messages = len(topics) * each + len(
            range(topics.start, min(topics.stop, rest))
        )  # the first topics have one more
        most = self.window
        if load.rate is not None:
            most = max(1, int(load.rate / load.publishers / _FRAMES_A_SECOND))
        return shortened(frames(topics, self.window, load.qos, most, load.values), messages)

    async def _publish(self, connection: Connection, prepared: Iterator[Frame]) -> None:
        began = time.monotonic()
        rate = None if self._load.rate is None else self._load.rate / self._load.publishers
        time_ms = 0
        for frame in prepared:
            if rate is not None:
                await self._pause(connection, began + connection.published / rate)
            await connection.until(partial(self._may_go_on, connection, frame))
            if self._finished():
                break
            time_ms = max(time_ms + 1, time.time_ns() // 1_000_000)
            connection.send(frame.batch(time_ms))
        try:
            async with asyncio.timeout(_LAST_ANSWERS_SECONDS if self._stopped else None):
                await connection.drain()
        except TimeoutError:
            pass  # the counts tell what is missing

    def _may_go_on(self, connection: Connection, frame: Frame) -> bool:
        return self._finished() or connection.can_send(frame.slot)

    def _finished(self) -> bool:
        return self._stopped or time.monotonic() >= self._deadline

    async def _pause(self, connection: Connection, until: float) -> None:
        """Wait for the turn of the next frame, but no longer than until it is time to stop."""
        try:
            async with asyncio.timeout_at(
                asyncio.get_running_loop().time() + min(until, self._deadline) - time.monotonic()
            ):
                await connection.until(self._finished)
        except TimeoutError:
            pass  # it is time


def shortened(prepared: Sequence[Frame], messages: int) -> Iterator[Frame]:
    """Yield frames over and over until they hold so many messages; the last one is cut."""
    for frame in cycle(prepared):
        if messages <= 0:
            return
        yield frame.first(messages)
        messages -= len(frame.topics)


def first_failure(group: BaseExceptionGroup[BrokerFailedError]) -> BrokerFailedError:
    """Return the first error of a group of groups."""
    error = group.exceptions[0]
    return first_failure(error) if isinstance(error, BaseExceptionGroup) else error
