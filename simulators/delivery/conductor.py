"""Lets a plant live at the pace of a clock, and has its machines speak."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from simulators.broker import Broker
from simulators.delivery.connection import BrokerRefusedError
from simulators.delivery.speaker import Speaker
from simulators.delivery.voices import voices
from simulators.plant.course import Course
from simulators.plant.station import Reading

_LOGINS = 50
"""Connections that log in at a time, so that a broker's queue is not overrun."""

_AHEAD = 2_000
"""Messages that may wait for their acknowledgements before the plant waits, too."""

_TURN_SECONDS = 0.02
"""How long the plant may live on before the connections have their turn."""

_PATIENCE_SECONDS = 5.0
"""How long the clock waits for the first connections."""

_TELL_EVERY_SECONDS = 10.0
"""How often the same trouble is told."""

_DRAIN_SECONDS = 30.0
"""How long the last acknowledgements are waited for."""

_HURRY_SECONDS = 2.0
"""How long they are waited for by whoever was stopped: a broker that hangs is not to hold anybody up."""

_FAREWELL_SECONDS = 10.0
"""How long connections may take to end; they give the broker up sooner than that."""

_HURRIED_FAREWELL_SECONDS = 1.0


class Pace(NamedTuple):
    """How fast virtual time passes, and for how long.

    Attributes:
        speed: Virtual seconds in a second; None: as fast as the broker takes what is said.
        seconds: Virtual seconds until the end; None: until it is stopped.
        start_ns: Virtual time of the start; None: now.
    """

    speed: float | None = 1.0
    seconds: int | None = None
    start_ns: int | None = None


class Conductor:
    """Runs a plant on a broker.

    Attributes:
        course: The plant.
        speakers: One for each connection.
        unacknowledged: Messages that the broker had not acknowledged when nobody waited any more, without those of
            machines that a fault keeps away; known after the run.

    Args:
        course: The plant, before its beginning.
        broker: Where its machines speak.
        seed: Of what is wrong with them.
        pace: How fast, and for how long.
        tell: Called with a sentence when a connection is lost or cannot be made.
    """

    def __init__(self, course: Course, broker: Broker, seed: int, pace: Pace, *, tell: Callable[[str], None]) -> None:
        self.course = course
        self._pace = pace
        gate = asyncio.Semaphore(_LOGINS)
        self._progress = asyncio.Event()
        self.speakers = [
            Speaker(voice, broker, name, clock=self._clock, tell=self._trouble, gate=gate, progress=self._progress)
            for name, voice in voices(course.stations, seed)
        ]
        self._speaker = {
            station.device.name: speaker for speaker in self.speakers for station in speaker.voice.stations
        }
        self._tell = tell
        self._told: dict[str, float] = {}
        self._stopping = asyncio.Event()
        self._patience: asyncio.Timeout | None = None
        self._hurry = _HURRY_SECONDS
        self.unacknowledged = 0
        self._began = self._turn = 0.0

    def _trouble(self, name: str, reason: str) -> None:
        """Tell that a connection is lost or cannot be made; for one reason now and then, whoever has it."""
        now = time.monotonic()
        if now - self._told.get(reason, -_TELL_EVERY_SECONDS) >= _TELL_EVERY_SECONDS:
            self._told[reason] = now
            others = len(self.speakers) - sum(speaker.is_connected for speaker in self.speakers) - 1
            self._tell(f"{name}{f' and {others} others' if others > 0 else ''}: {reason}")

    def _clock(self) -> int:
        return self.course.time_ns

    @property
    def published(self) -> int:
        """Messages handed to connections."""
        return sum(speaker.published for speaker in self.speakers)

    @property
    def acknowledged(self) -> int:
        """Messages at QoS 1 that the broker has acknowledged."""
        return sum(speaker.acknowledged for speaker in self.speakers)

    @property
    def waiting(self) -> int:
        """Messages that have not been acknowledged, or not been sent."""
        return sum(speaker.waiting for speaker in self.speakers)

    @property
    def forgotten(self) -> int:
        """Messages that were said while there was no connection, and could not be kept."""
        return sum(speaker.forgotten for speaker in self.speakers)

    @property
    def connections(self) -> int:
        """How often a connection was made."""
        return sum(speaker.connections for speaker in self.speakers)

    def stop(self) -> None:
        """End it within a few seconds: the machines say what they say at their end, and leave."""
        self._stopping.set()
        if self._patience is not None and not self._patience.expired():
            until = asyncio.get_running_loop().time() + self._hurry
            before = self._patience.when()
            self._patience.reschedule(until if before is None else min(before, until))

    @property
    def was_stopped(self) -> bool:
        """Whether somebody stopped it."""
        return self._stopping.is_set()

    async def run(self) -> None:
        """Run until the end or until stopped.

        Raises:
            BrokerRefusedError: The broker does not let a connection in.
        """
        self._tell_all(self.course.begin(time.time_ns() if self._pace.start_ns is None else self._pace.start_ns))
        refusal: BrokerRefusedError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                lives = [group.create_task(speaker.live(), name=speaker.name) for speaker in self.speakers]
                living = group.create_task(self._live(), name="plant")
                stopping = group.create_task(self._stopping.wait(), name="stopping")
                await asyncio.wait((living, stopping), return_when=asyncio.FIRST_COMPLETED)
                living.cancel()
                stopping.cancel()
                await self._drain()
                self.unacknowledged = sum(speaker.waiting for speaker in self.speakers if not speaker.is_away)
                for speaker in self.speakers:
                    speaker.leave()
                await self._wait_for(asyncio.wait(lives), _FAREWELL_SECONDS, _HURRIED_FAREWELL_SECONDS)
                for life in lives:
                    life.cancel()
        except* BrokerRefusedError as errors:
            refusal = _first(errors)
        if refusal is not None:
            raise refusal

    async def _live(self) -> None:
        await self._first_connections()
        self._began = self._turn = time.monotonic()
        while self._pace.seconds is None or self.course.seconds < self._pace.seconds:
            await self._until_due()
            self._tell_all(self.course.step())
            came_back = [speaker for speaker in self.speakers if speaker.tick(self.course.time_ns)]
            if came_back and self._pace.speed is None:
                await self._catch_up()
        self._tell_all(self.course.end())

    async def _first_connections(self) -> None:
        """Give the broker some time to answer before the clock runs; with no clock, all it needs."""
        try:
            async with asyncio.timeout(None if self._pace.speed is None else _PATIENCE_SECONDS):
                for speaker in self.speakers:
                    if not speaker.is_away:
                        await speaker.connected()
        except TimeoutError:
            pass  # machines run without a broker, too

    async def _until_due(self) -> None:
        """Wait until the clock allows the next second of virtual time, and let the connections have their turn."""
        now = time.monotonic()
        due = 0.0 if self._pace.speed is None else self._began + (self.course.seconds + 1) / self._pace.speed - now
        if due > 0:
            await asyncio.sleep(due)
        elif now - self._turn > _TURN_SECONDS:
            await self._catch_up()
        else:
            return
        self._turn = time.monotonic()

    def _tell_all(self, readings: list[Reading]) -> None:
        for reading in readings:
            self._speaker[reading.station.device.name].hear(reading)

    async def _catch_up(self) -> None:
        """Let the connections have their turn, and wait for who is far behind.

        At the pace of a clock nobody waits for who has no connection: what he says is kept, or lost. With no clock the
        plant stands still until he has one.
        """
        await asyncio.sleep(0)
        while any(map(self._is_behind, self.speakers)):
            self._progress.clear()
            await self._progress.wait()

    def _is_behind(self, speaker: Speaker) -> bool:
        if speaker.is_away:
            return False
        if not speaker.is_connected:
            return self._pace.speed is None
        return speaker.is_behind or speaker.waiting > _AHEAD

    async def _drain(self) -> None:
        """Wait until the broker has acknowledged everything, and who came back has said what he kept.

        Whoever stops it does not wait for a broker that is not there, and nobody for one that never was.
        """
        if not self.connections:
            return
        await self._wait_for(self._last_acknowledgements(), _DRAIN_SECONDS, _HURRY_SECONDS)

    async def _last_acknowledgements(self) -> None:
        while any(map(self._has_more, self.speakers)):
            self._progress.clear()
            await self._progress.wait()

    async def _wait_for(self, what: Awaitable[object], seconds: float, hurry: float) -> None:
        """Wait for so long at most, and once it was stopped for no longer than `hurry`."""
        self._hurry = hurry
        try:
            async with asyncio.timeout(hurry if self.was_stopped else seconds) as self._patience:
                await what
        except TimeoutError:
            pass  # what is missing shows in the counts
        finally:
            self._patience = None

    def _has_more(self, speaker: Speaker) -> bool:
        if speaker.is_away:
            return False
        return speaker.waiting > 0 if speaker.is_connected else not self._stopping.is_set()


def _first(group: BaseExceptionGroup[BrokerRefusedError]) -> BrokerRefusedError:
    """Return the first error of a group of groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
