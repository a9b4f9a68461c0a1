"""How a unit goes from one state of PackML to the next: what is wanted of it, what stops it, and for how long."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

from simulators.machines.packml import AFTER_ACTING, Mode, State


class Reliability(NamedTuple):
    """How well a unit runs.

    Attributes:
        mtbf: Mean running time between breakdowns, in seconds; exponentially distributed.
        mttr: Mean time to repair, in seconds; from 0.4 to 1.6 times as long.
        stops: Mean running time between small stops, in seconds; exponentially distributed.
        stop: Mean length of a small stop, in seconds; from 0.4 to 1.6 times as long.
        scrap: Share of bad parts.
        loss: How much longer than ideal cycles are, on average: 0.05 for 5 %.
        setup: Seconds of a change of product; from 0.75 to 1.25 times as long.
    """

    mtbf: float = 8 * 3600.0
    mttr: float = 600.0
    stops: float = 1500.0
    stop: float = 45.0
    scrap: float = 0.015
    loss: float = 0.04
    setup: float = 900.0


class Demand(NamedTuple):
    """What is wanted of a unit in a second, and what it meets.

    Attributes:
        product: What is to be made; empty: nothing.
        waits: For how many seconds it has had no supply or no room.
        can_go_on: Whether it has both now.
        troubles: Names of what goes wrong.
    """

    product: str
    waits: int
    can_go_on: bool
    troubles: frozenset[str]


_PATIENCE = 3
"""Seconds without supply or room until a unit is suspended."""


class States:
    """State and mode of one unit.

    Attributes:
        state: Where it is.
        mode: How it is run.
        product: What it is set up for; empty before the first order.

    Args:
        source: Randomness.
        how: How well the unit runs.
        acting: Seconds of the acting states that do not take one second.
    """

    def __init__(self, source: random.Random, how: Reliability, acting: Mapping[State, int]) -> None:
        self.state = State.STOPPED
        self.mode = Mode.PRODUCTION
        self.product = ""
        self._random = source
        self._how = how
        self._acting = acting
        self._timer = 0.0
        self._breakdown_in = source.expovariate(1 / how.mtbf)
        self._stop_in = source.expovariate(1 / how.stops)
        self._waiting: dict[State, Callable[[Demand], State | None]] = {
            State.STOPPED: self._stopped,
            State.IDLE: self._idle,
            State.EXECUTE: self._execute,
            State.SUSPENDED: self._suspended,
            State.HELD: self._held,
            State.ABORTED: self._aborted,
            State.COMPLETE: self._complete,
        }

    def ran(self, seconds: float) -> None:
        """Take note that it has made parts for so long: the next breakdown and the next small stop come nearer."""
        self._breakdown_in -= seconds
        self._stop_in -= seconds

    def change(self, demand: Demand) -> bool:
        """Let a second pass; return whether it goes to another state, which it does once a second at most."""
        self._timer -= 1
        if self.state in AFTER_ACTING:
            following = AFTER_ACTING[self.state] if self._timer <= 0 else None
        else:
            following = self._waiting[self.state](demand)
        if following is None:
            return False
        self.state = following
        self._timer = self._time_in(following)
        return True

    def _time_in(self, state: State) -> float:
        match state:
            case State.HELD:
                return self._how.stop * self._random.uniform(0.4, 1.6)
            case State.ABORTED:
                return self._how.mttr * self._random.uniform(0.4, 1.6)
        return self._acting.get(state, 1)

    def _wanted(self, demand: Demand) -> bool:
        """Whether it is to make what it is set up for."""
        return bool(demand.product) and demand.product == self.product

    def _stopped(self, demand: Demand) -> State | None:
        if self.mode is Mode.SETUP:
            if self._timer <= 0:
                self.mode = Mode.PRODUCTION
        elif self._wanted(demand):
            return State.RESETTING
        elif demand.product:
            if self.product:
                self.mode = Mode.SETUP
                self._timer = self._how.setup * self._random.uniform(0.75, 1.25)
            self.product = demand.product
        return None

    def _idle(self, demand: Demand) -> State:
        return State.STARTING if self._wanted(demand) else State.STOPPING

    def _execute(self, demand: Demand) -> State | None:
        if "breakdown" in demand.troubles or self._breakdown_in <= 0:
            return State.ABORTING
        if not self._wanted(demand):
            return State.COMPLETING
        if "minor_stop" in demand.troubles or self._stop_in <= 0:
            return State.HOLDING
        return State.SUSPENDING if demand.waits >= _PATIENCE else None

    def _suspended(self, demand: Demand) -> State | None:
        if not self._wanted(demand):
            return State.STOPPING
        return State.UNSUSPENDING if demand.can_go_on else None

    def _held(self, demand: Demand) -> State | None:
        if not self._wanted(demand):
            return State.STOPPING
        if self._timer > 0 or "minor_stop" in demand.troubles:
            return None
        self._stop_in = self._random.expovariate(1 / self._how.stops)
        return State.UNHOLDING

    def _aborted(self, demand: Demand) -> State | None:
        if self._timer > 0 or "breakdown" in demand.troubles:
            return None
        self._breakdown_in = self._random.expovariate(1 / self._how.mtbf)
        return State.CLEARING

    def _complete(self, demand: Demand) -> State:
        return State.RESETTING if self._wanted(demand) else State.STOPPING
