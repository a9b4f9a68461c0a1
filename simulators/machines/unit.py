"""A machine that makes parts: it goes through the states of PackML, takes parts in and gives good and bad ones out.

What every unit does: it starts when it is planned to and there is an order; makes parts one cycle after the other;
waits (suspended) while it has no supply or no room; is held by small stops that an operator ends; breaks down (aborts)
and is repaired; is set up for another product; stops when its shift ends, with the part it has begun still in it.

Each kind says how long a cycle takes, how likely a part is bad, and what it draws: see `Unit.cycle`, `Unit.scrap`,
`Unit.physics`. Conserved at every step: parts taken = good + rejected + in work.

Troubles, by name, that any unit understands (`Surroundings.troubles`):

| trouble | what happens |
|---|---|
| `breakdown` | it aborts, and is not repaired before the trouble ends |
| `minor_stop` | it is held until the trouble ends |
| `slow` | cycles take half as long again |
| `scrap` | a third of the parts is bad |
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from simulators.machines.device import ENERGY, STEP_NS, Device, Order, Surroundings
from simulators.machines.packml import Mode, State
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Demand, Reliability, States
from simulators.machines.truth import Truth

TROUBLES = ("breakdown", "minor_stop", "slow", "scrap")
"""What may go wrong with any unit."""

LEAST_CYCLE = 0.05
"""Seconds that a cycle takes at least, whatever is ordered: a step of a second always ends."""
_SLOWED, _SCRAPPED = 1.5, 1 / 3
_MOMENT = 1e-9
"""Seconds that are none: what is left of a cycle, or of a step, by rounding."""

UNIT_SIGNALS = (
    Signal("state", "text", "", "PackML state"),
    Signal("mode", "text", "", "PackML mode"),
    Signal("product", "text", "", "What it is set up for, or none"),
    Signal("part_count", "int", "", "Parts finished, good and bad"),
    Signal("reject_count", "int", "", "Bad ones among them"),
    Signal("cycle_time", "float", "s", "How long the last cycle took", decimals=2, low=0.0),
    *ENERGY,
)
"""What every unit tells, before what is its kind's own."""


class Unit(Device):
    """A machine that makes parts.

    Attributes:
        reliability: What is usual for the kind.
        acting: Seconds of the acting states that do not take one second.
        batch: Parts that a cycle takes in and gives out.
        least_cycle: Seconds for one part, below which no machine of the kind works, and its laws do not hold.
        how: How well this one runs.
        taken: Parts it has taken in, since the first step.
        finished: Parts it has given out, good and bad.
        rejected: Bad ones among them.
        took: Parts taken in the last step.
        gave: Good parts given in the last step.
        last_cycle: How long the last cycle took, in seconds.
        truth: What really happened.

    Args:
        name: Name of the machine.
        seed: Seed of the scenario.
        reliability: How well it runs; by default what is usual for its kind.
    """

    reliability: ClassVar[Reliability] = Reliability()
    acting: ClassVar[dict[State, int]] = {State.RESETTING: 5, State.STARTING: 10, State.CLEARING: 20}
    batch: ClassVar[int] = 1
    least_cycle: ClassVar[float] = LEAST_CYCLE
    troubles = TROUBLES

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed)
        self.how = reliability or self.reliability
        self.taken = self.finished = self.rejected = 0
        self.took = self.gave = 0
        self.last_cycle = 0.0
        self.truth = Truth()
        self._states = States(self.random, self.how, self.acting)
        self._waits = 0
        self._loaded = False
        self._cycle = self._cycle_left = 0.0

    # What each kind says.

    def cycle(self, order: Order) -> float:
        """Return how long the next cycle takes, in seconds; never less than ideal. Called when a cycle begins."""
        return order.ideal_cycle * self.batch * (1 + self.how.loss * self.random.expovariate(1.0))

    def scrap(self) -> float:
        """Return how likely the part that is being finished is bad."""
        return self.how.scrap

    @abstractmethod
    def physics(self, surroundings: Surroundings) -> float:
        """Let a second pass for what is warm, worn or turning, and return the mean power in kW.

        Called after the state has changed and the parts of the second are made.
        """

    # What it tells.

    @property
    def state(self) -> State:
        """PackML state."""
        return self._states.state

    @property
    def mode(self) -> Mode:
        """PackML mode."""
        return self._states.mode

    @property
    def product(self) -> str:
        """What it is set up for; empty before the first order."""
        return self._states.product

    @property
    def runs(self) -> bool:
        """Whether it executes."""
        return self._states.state is State.EXECUTE

    @property
    def progress(self) -> float:
        """How much of the cycle in work is done, from 0 to 1; 0 with nothing in work."""
        return 1 - self._cycle_left / self._cycle if self._loaded else 0.0

    @property
    def in_work(self) -> int:
        """Parts that are in the machine."""
        return self.batch if self._loaded else 0

    @property
    def phase(self) -> object:
        """State, mode and product: a change of one of them is told at once."""
        states = self._states
        return states.state, states.mode, states.product

    def unit_values(self) -> dict[str, Value]:
        """Return the values of `UNIT_SIGNALS`."""
        return {
            "state": self.state.name,
            "mode": self.mode.name,
            "product": self.product or "none",
            "part_count": self.finished,
            "reject_count": self.rejected,
            "cycle_time": self.last_cycle,
            "power": self.power,
            "energy": self.energy,
        }

    # What all do.

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second, and return the mean power in kW."""
        self.took = self.gave = 0
        order = surroundings.order if surroundings.planned else None
        product = order.product if order is not None else ""
        if self._states.change(Demand(product, self._waits, self._can_go_on(surroundings), surroundings.troubles)):
            self._waits = 0
        if order is not None and self.runs:
            self._produce(surroundings, order)
        power = self.physics(surroundings)
        self._account(power, planned=surroundings.planned)
        return power

    def _produce(self, surroundings: Surroundings, order: Order) -> None:
        """Make parts for a second."""
        left = 1.0
        waits = False
        while left > _MOMENT and not waits:
            if not self._loaded:
                if surroundings.supply - self.took < self.batch:
                    waits = True
                    break
                self._load(order, slow="slow" in surroundings.troubles)
            worked = min(left, self._cycle_left)
            self._cycle_left -= worked
            left -= worked
            if self._cycle_left <= _MOMENT:
                if surroundings.room - self.gave >= self.batch:
                    self._unload(order, _SCRAPPED if "scrap" in surroundings.troubles else self.scrap())
                else:
                    waits = True
        self._waits = self._waits + 1 if waits else 0
        self._states.ran(1 - left)

    def _load(self, order: Order, *, slow: bool) -> None:
        self._loaded = True
        self.took += self.batch
        self.taken += self.batch
        cycle = self.cycle(order) * (_SLOWED if slow else 1.0)
        self._cycle = self._cycle_left = max(LEAST_CYCLE, cycle)

    def _unload(self, order: Order, scrap: float) -> None:
        self._loaded = False
        self.last_cycle = self._cycle
        bad = sum(self.random.random() < scrap for _ in range(self.batch))
        self.finished += self.batch
        self.rejected += bad
        self.gave += self.batch - bad
        self.truth.ideal += order.ideal_cycle * self.batch

    def _can_go_on(self, surroundings: Surroundings) -> bool:
        if self._loaded:
            return self._cycle_left > _MOMENT or surroundings.room >= self.batch
        return surroundings.supply >= self.batch

    def _account(self, power: float, *, planned: bool) -> None:
        truth, state = self.truth, self.state
        truth.planned += planned
        truth.running += planned and self.runs and self.mode is Mode.PRODUCTION
        truth.seconds[state] += 1
        truth.energy[state] += power * (STEP_NS / 3_600e9)
