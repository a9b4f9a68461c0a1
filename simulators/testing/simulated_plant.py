"""A plant that lives while a test runs: in a thread of its own, on a broker, at a speed or as fast as possible."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from simulators.broker import Broker
from simulators.delivery.conductor import Conductor, Pace
from simulators.delivery.connection import ConnectionLostError
from simulators.delivery.counting import count_messages
from simulators.delivery.voices import check
from simulators.machines.device import STEP_NS
from simulators.plant import start as starts
from simulators.plant.amounts import seconds
from simulators.plant.course import Course
from simulators.plant.expectation import Expectation, expect
from simulators.plant.library import load, parse
from simulators.plant.scenario import Scenario

_PATIENCE_SECONDS = 300.0
_STOP_SECONDS = 10.0
"""How long a plant that was stopped may take to end."""


class Run(NamedTuple):
    """A run of a scenario: what follows from it is the same each time.

    Attributes:
        scenario: What runs.
        seed: Of all that is random.
        start_ns: Its start, in nanoseconds since 1970.
        seconds: Its length in virtual seconds.
    """

    scenario: Scenario
    seed: int
    start_ns: int
    seconds: int

    def expect(self) -> Expectation:
        """Return its known answers."""
        return expect(self.scenario, self.seed, self.start_ns, self.seconds)


def plan(
    scenario: str | Path | Scenario,
    *,
    speed: float | None = None,
    seed: int | None = None,
    start: str | None = None,
    duration: str | float | None = None,
) -> Run:
    """Return a run of a scenario.

    Args:
        scenario: Name of a scenario that comes with the simulators, path of a TOML file, TOML text (anything of more
            than one line), or a scenario.
        speed: At which it is to run; None: as fast as possible.
        seed: Another seed makes another course; by default the scenario's.
        start: Virtual time of the start, as `2026-03-02T06:00:00Z`; by default now at speed 1, and at any other the
            latest with which it ends before now.
        duration: Virtual time, as `90s`, `8h` or a number of seconds; by default the scenario's.

    Raises:
        ValueError: There is no such scenario, face or fault, or it says something wrong, or a time or a duration is
            none.
    """
    match scenario:
        case Scenario():
            said = scenario
        case str() if "\n" in scenario:
            said = parse(scenario, "scenario", "scenario")
        case _:
            said = load(str(scenario))
    check(said.machines)
    length = math.ceil(said.duration if duration is None else seconds(duration))
    if start is not None:
        begins = starts.parse(start)
    elif speed == 1:
        begins = time.time_ns() // STEP_NS * STEP_NS
    else:
        begins = starts.latest_start(said, length, time.time_ns())
    return Run(said, said.seed if seed is None else seed, begins, length)


class SimulatedPlant:
    """A plant that lives on a broker, from `start`, or the begin of a `with` block, until its end.

    Attributes:
        run_of: What runs.
        broker: Where its machines speak, as `mqtt://HOST:PORT`.
        troubles: What went wrong with its connections, in sentences.

    Args:
        run: What runs.
        broker: Where, as `mqtt://HOST:PORT`.
        speed: Virtual seconds in a second; None: as fast as the broker takes what is said.
    """

    def __init__(self, run: Run, broker: str, speed: float | None = None) -> None:
        self.run_of = run
        self.broker = broker
        self.troubles: list[str] = []
        self._speed = speed
        self._error: BaseException | None = None
        self._conductor: Conductor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._begun = threading.Event()

    @cached_property
    def expected(self) -> Expectation:
        """The known answers of the whole run."""
        return self.run_of.expect()

    @property
    def expected_messages(self) -> int:
        """How many messages the whole run is, where no machine has faults."""
        return count_messages(self.expected.machines).in_all

    @property
    def published(self) -> int:
        """Messages that its machines have sent until now."""
        return 0 if self._conductor is None else self._conductor.published

    @property
    def acknowledged(self) -> int:
        """Those of them at QoS 1 that the broker has acknowledged."""
        return 0 if self._conductor is None else self._conductor.acknowledged

    def run(self, timeout: float = _PATIENCE_SECONDS) -> Self:
        """Let it live to its end, until the broker has acknowledged everything; return itself.

        In an asynchronous test: `await asyncio.to_thread(plant.run)`.

        Raises:
            BrokerRefusedError: The broker does not let it in.
            ConnectionLostError: No broker answered.
            TimeoutError: It took longer than so many seconds, or the broker did not acknowledge everything.
            ExceptionGroup: Something else went wrong while it lived.
        """
        self.start()
        self.wait(timeout)
        return self

    def start(self) -> None:
        """Let it begin; it lives on by itself.

        Raises:
            RuntimeError: It has begun before: it lives once.
        """
        if self._thread is not None:
            raise RuntimeError("a plant lives once: ask for another one")
        self._thread = threading.Thread(target=self._live, name="simulated plant", daemon=True)
        self._thread.start()
        self._begun.wait()

    def wait(self, timeout: float = _PATIENCE_SECONDS) -> None:
        """Wait for its end; see `run`."""
        if self._thread is None:
            raise RuntimeError("it has not begun")
        self._thread.join(timeout)
        if self._thread.is_alive():
            self._ask_to_stop()
            raise TimeoutError(f"the plant did not come to its end within {timeout:g} s; {self._told()}")
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End it before its time: its machines say what they say at their end, and leave."""
        if self._thread is not None:
            self._ask_to_stop()
            self._thread.join(_STOP_SECONDS)

    def _ask_to_stop(self) -> None:
        if self._loop is not None and self._conductor is not None:
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._conductor.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self._error is not None:
            raise self._error

    def _live(self) -> None:
        try:
            asyncio.run(self._conduct())
        except BaseException as error:  # noqa: BLE001  # whoever waits for the thread raises it
            self._error = error
        finally:
            self._begun.set()

    async def _conduct(self) -> None:
        scenario, seed, start_ns, length = self.run_of
        pace = Pace(self._speed, length, start_ns)
        target = Broker.from_url(self.broker)
        self._loop = asyncio.get_running_loop()
        self._conductor = Conductor(Course(scenario, seed), target, seed, pace, tell=self.troubles.append)
        self._begun.set()
        await self._conductor.run()
        self._see_that_all_was_heard(self._conductor)

    def _see_that_all_was_heard(self, conductor: Conductor) -> None:
        if conductor.was_stopped:
            return
        if not conductor.connections:
            raise ConnectionLostError(f"no broker that speaks MQTT 5 answered at {self.broker}: {self._told()}")
        if conductor.unacknowledged:
            raise TimeoutError(
                f"the broker at {self.broker} has not acknowledged {conductor.unacknowledged:,} of "
                f"{conductor.published:,} messages; {self._told()}"
            )

    def _told(self) -> str:
        return ". ".join(self.troubles) or "the plant knows of no trouble"
