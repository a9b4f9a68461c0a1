"""Runs a load of machines that live while they speak: each message is a reading of one of them, at a time of its own.

Nothing is recorded or made up: a machine lives a second for each of its messages, or as many as lie between two of them
where the rate is low. Where the rate is higher than the number of machines they live faster than the clock, and say
what they measure with the time at which they say it.

A message costs 30 us of one core as JSON and 35 us as Sparkplug (`python -m bench simulators_load`, on a core shared
with others), which is 33,000 and 28,000 a second; about 17 us of it is the machine's life and its sensors.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import cycle
from typing import Literal, NamedTuple

from simulators.broker import Broker
from simulators.faces import FACES
from simulators.load.connection import BrokerFailedError
from simulators.load.generator import first_failure
from simulators.load.latency import Watch
from simulators.load.plant import courses, scenario
from simulators.load.speaker import Speaker
from simulators.plant.course import Course
from simulators.plant.station import Reading

_LAST_ANSWERS_SECONDS = 5.0
"""How long a load that was interrupted waits for acknowledgements that are still to come."""
_AHEAD_SECONDS = 0.005
"""A paced load that is ahead by less does not wait: waiting costs 50 us."""
_TURN_SECONDS = 0.02
"""How long machines may live on before the connections have their turn."""
_LOGINS = 20
"""Connections that log in at a time."""
_MILLISECOND_NS = 1_000_000


class MachineLoad(NamedTuple):
    """What to send.

    Attributes:
        machines: How many.
        face: How they speak.
        messages: How many in all; None: until stopped, or `seconds` are over.
        qos: The most of any message; what a face says at QoS 0 stays so.
        rate: Messages a second in all; None: as many as the broker takes and the machines can say.
        publishers: Connections, where the face does not have one for each line.
        window: Messages of one connection that may be unacknowledged at a time; the broker may lower it.
        seconds: No message is sent after this time; None: as long as it takes.
        seed: Another seed makes other machines.
    """

    machines: int = 100
    face: str = "json"
    messages: int | None = 100_000
    qos: Literal[0, 1] = 1
    rate: float | None = None
    publishers: int = 1
    window: int = 2_000
    seconds: float | None = None
    seed: int = 1


class _Line:
    """Machines that live together, and who speaks for them.

    Attributes:
        speaker: Speaks for them.
        told_ms: Time of their last messages.
    """

    def __init__(self, course: Course, speaker: Speaker) -> None:
        self.course = course
        self.speaker = speaker
        self.told_ms = 0


class Machines:
    """A load of machines in progress.

    Attributes:
        seconds: From the first message to the last acknowledgement.
        cpu_seconds: Time on a processor that this process took meanwhile.
        published: Messages sent so far, without those that connections say at their beginning and end.
        connections: How many.

    Args:
        broker: Where to publish.
        load: What to send.
        watch: Looks for the messages in a store.

    Raises:
        ValueError: There is no such load.
    """

    def __init__(self, broker: Broker, load: MachineLoad, watch: Watch | None = None) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.published = self._beside = 0
        self._broker = broker
        self._load = load
        self._watch = watch
        self._stopping = asyncio.Event()
        plant = courses(scenario(load.machines, load.rate, load.face), load.seed)
        kind = FACES[load.face]
        shares = len(plant) if kind.per_line else load.publishers
        if shares > len(plant):
            raise ValueError(f"{shares} publishers cannot share {len(plant)} lines of machines: each needs one")
        self._speakers = [
            Speaker(kind([station for course in plant[share::shares] for station in course.stations]), load.qos)
            for share in range(shares)
        ]
        self._lines = [_Line(course, self._speakers[number % shares]) for number, course in enumerate(plant)]
        self.connections = shares

    @property
    def acknowledged(self) -> int:
        """Those of them that the broker has acknowledged; at QoS 0 there are none."""
        return sum(speaker.acknowledged for speaker in self._speakers) - self._beside

    def stop(self) -> None:
        """Send nothing more: `run` returns as soon as what is on its way is acknowledged."""
        self._stopping.set()

    async def run(self) -> None:
        """Let the machines live and speak until all is said, or until stopped; wait for the last acknowledgement.

        Every message has a time of its own: the times of a machine strictly increase, by a millisecond at least, and
        follow the clock (unless a machine has more than 1000 messages a second: then they run ahead of it).

        Raises:
            BrokerFailedError: The broker cannot be reached, or failed on the way.
        """
        self._begin()
        with ExitStack() as stack:
            for speaker in self._speakers:
                stack.callback(speaker.close)
            await self._connect()
            self._beside = sum(speaker.acknowledged for speaker in self._speakers)
            began, began_cpu = time.monotonic(), time.process_time()
            try:
                await self._live(began)
                await self._drain()
            finally:
                self.seconds = time.monotonic() - began
                self.cpu_seconds = time.process_time() - began_cpu
            acknowledged = self.acknowledged
            for speaker in self._speakers:
                await speaker.leave()
            self._beside += self.acknowledged - acknowledged

    def _begin(self) -> None:
        """Let the life of the machines begin, each line a little after the other where samples are rare."""
        now_ns = time.time_ns()
        period = self._lines[0].course.stations[0].period
        for number, line in enumerate(self._lines):
            readings = line.course.begin(now_ns)
            for _ in range(number * period // len(self._lines)):
                line.course.step()
            for reading in readings:
                line.speaker.face.tell(reading)  # a birth says it; other faces begin with the next

    async def _connect(self) -> None:
        failure: BrokerFailedError | None = None
        for first in range(0, len(self._speakers), _LOGINS):
            try:
                async with asyncio.TaskGroup() as group:
                    for speaker in self._speakers[first : first + _LOGINS]:
                        group.create_task(speaker.connect(self._broker, self._load.window), name="connect")
            except* BrokerFailedError as errors:
                failure = first_failure(errors)
            if failure is not None:
                raise failure

    async def _live(self, began: float) -> None:
        """Let line after line live on and say what it has measured."""
        rate, most = self._load.rate, self._load.messages
        deadline = math.inf if self._load.seconds is None else began + self._load.seconds
        turn = began
        for line in cycle(self._lines):
            now = time.monotonic()
            due = now if rate is None else min(deadline, began + self.published / rate)
            if due - now > _AHEAD_SECONDS or now - turn > _TURN_SECONDS:
                await self._pause(due)
                turn = now = time.monotonic()
            if self._stopping.is_set() or now >= deadline or (most is not None and self.published >= most):
                return
            await line.speaker.answer()
            if readings := line.course.step():
                await self._say(line, readings)

    async def _pause(self, until: float) -> None:
        """Let the connections have their turn until a time, or until stopped."""
        await asyncio.sleep(0)
        if (seconds := until - time.monotonic()) > 0:
            with suppress(TimeoutError):  # it is time
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _say(self, line: _Line, readings: Sequence[Reading]) -> None:
        line.told_ms = time_ms = max(line.told_ms + 1, time.time_ns() // _MILLISECOND_NS)
        tell = line.speaker.face.tell
        actions = [
            action
            for reading in readings
            for action in tell(Reading(reading.station, time_ms * _MILLISECOND_NS, reading.values, reading.bad))
        ]
        told = len(readings)
        if self._load.messages is not None and (left := self._load.messages - self.published) < len(actions):
            told = told * left // len(actions)  # a reading is one message, or as many as its face makes of it
            actions = actions[:left]
        if self._watch is not None:
            self._watch.told([reading.station.device.name for reading in readings[:told]], time_ms)
        await line.speaker.say(actions)
        self.published += len(actions)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(_LAST_ANSWERS_SECONDS if self._stopping.is_set() else None):
                for speaker in self._speakers:
                    await speaker.drain()
        except TimeoutError:
            pass  # the counts tell what is missing
