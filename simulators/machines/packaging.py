"""The machines of a bottling line: filler, capper, labeller and case packer.

Laws and figures, beside those of `packaging_machine`:

- Fill: weights scatter by 0.3 % around a target above the nominal weight, and an underfill is rejected from the
  tolerable negative error of 3 % on (76/211/EEC, for 500 g). The product comes at 6 degC and warms up as it stands.
- Caps: application torque is set between 1.4 and 2.2 N*m, as usual for 28 mm screw caps, and scatters by 4 %. The
  magnetic clutches lose about 3 % of it as they warm up.
- Labels: self-adhesive, set down within 0.3 mm (one standard deviation); a reel of 3,000 is spliced to the next.
- Cases: twelve bottles are lifted into each by vacuum cups (0.6 bar below the hall), and the case is weighed. Counted
  are bottles; a bad case is rejected as a whole.
"""

from __future__ import annotations

from simulators.machines.device import Order, Surroundings
from simulators.machines.packaging_machine import PACKAGING_SIGNALS, READY, PackagingMachine, bottle
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value
from simulators.machines.states import Reliability


class Filler(PackagingMachine):
    """A filler that weighs."""

    kind = "filler"
    title = "Filler"
    reliability = Reliability(mtbf=9 * 3600, mttr=900, stops=1800, stop=50, scrap=0.006, loss=0.03, setup=1500)
    standby, drive, pump, draws = 1.1, 3.4, 4.0, 0.30
    signals = (
        *PACKAGING_SIGNALS,
        Signal("fill_weight", "float", "g", "Content of the last bottle", 1, low=0.0),
        Signal("tank_level", "float", "percent", "Level in the filler's bowl", 1, noise=0.15, low=0.0, high=100.0),
        Signal("tank_pressure", "float", "bar", "Gauge pressure in the bowl", noise=0.003, low=0.0),
        Signal("product_temperature", "float", "degC", "In the bowl", 1, noise=0.05, drift=0.1),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._weight = 0.0
        self._flowing, self._standing = Lag(20.0, 90.0), Lag(20.0, 4500.0)
        self._level = Lag(68.0, 25.0)
        self._sloshing = Wander(self.random, 0.9, 15.0)
        self._slosh = self._tank_pressure = 0.0

    def work(self, surroundings: Surroundings, *, bad: bool) -> None:
        """Fill."""
        pace = self._pace.value
        sloshing = self._sloshing.follow() * (0.15 + 0.85 * pace)
        if bad or self.took:
            nominal = bottle(self.product).weight
            if bad:
                self._weight = nominal * self.random.uniform(0.90, 0.97)
            else:
                self._weight = nominal * (1.006 + self.random.gauss(0.0, 0.003)) + 0.1 * sloshing
        self._slosh = sloshing
        level = self._level.follow(70.0 - 8.0 * pace)
        self._tank_pressure = max(0.0, 1.2 + 0.012 * (level - 62.0) + 0.01 * sloshing) if self.product else 0.0
        flows, warmer = self._flowing, self._standing
        if pace:
            warmer.value = flows.follow(6.0)
        else:
            flows.value = warmer.follow(surroundings.ambient)

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        values = self.packaging_values()
        values["fill_weight"] = self._weight
        values["tank_level"] = self._level.value + self._slosh
        values["tank_pressure"] = self._tank_pressure
        values["product_temperature"] = self._flowing.value
        return values


class Capper(PackagingMachine):
    """A capper for screw caps."""

    kind = "capper"
    title = "Capper"
    reliability = Reliability(mtbf=14 * 3600, mttr=720, stops=1500, stop=35, scrap=0.004, loss=0.03, setup=900)
    standby, drive, pump, draws = 0.6, 1.8, 0.75, 0.12
    signals = (
        *PACKAGING_SIGNALS,
        Signal("torque", "float", "N*m", "With which the last cap was screwed on", 2, low=0.0),
        Signal("head_temperature", "float", "degC", "Magnetic clutch of a capping head", 1, noise=0.08, drift=0.2),
        Signal("cap_level", "float", "percent", "Caps in the hopper", 1, noise=0.3, low=0.0, high=100.0),
    )
    _HOPPER, _REFILL = 12_000, 0.2

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._torque = 0.0
        self._head = Lag(21.0, 1500.0)
        self._caps = self.random.uniform(0.5, 1.0) * self._HOPPER

    def work(self, surroundings: Surroundings, *, bad: bool) -> None:
        """Screw caps on."""
        head = self._head.follow(surroundings.ambient + 24 * self._pace.value)
        if self.took:
            self._caps -= self.took
            if self._caps < self._REFILL * self._HOPPER:  # the operator empties a box into it
                self._caps += 0.75 * self._HOPPER
        if bad or self.took:
            wanted = bottle(self.product).torque
            if bad:  # crooked, or without grip
                self._torque = wanted * self.random.choice((0.35, 1.5)) * self.random.uniform(0.85, 1.15)
            else:
                self._torque = wanted * (1.03 - 0.0012 * (head - 21) + self.random.gauss(0.0, 0.04))

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        values = self.packaging_values()
        values["torque"] = self._torque
        values["head_temperature"] = self._head.value
        values["cap_level"] = self._caps / self._HOPPER * 100
        return values


class Labeller(PackagingMachine):
    """A labeller for self-adhesive labels."""

    kind = "labeller"
    title = "Labeller"
    reliability = Reliability(mtbf=12 * 3600, mttr=600, stops=1300, stop=45, scrap=0.008, loss=0.03, setup=720)
    standby, drive, pump, draws = 0.7, 1.3, 1.1, 0.10
    signals = (
        *PACKAGING_SIGNALS,
        Signal("label_offset", "float", "mm", "Last label, from where it should be", 2),
        Signal("web_tension", "float", "N", "Of the web before the dispensing edge", 1, noise=0.15, low=0.0),
        Signal("labels_left", "int", "", "Labels on the reel"),
    )
    _REEL = 3000

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._offset = 0.0
        self._aside = Wander(self.random, 0.15, 600.0)
        self._flutter = Wander(self.random, 0.05, 3.0)
        self._tension = Lag(0.0, 2.0)
        self._left = self.random.randint(self._REEL // 4, self._REEL)

    def work(self, surroundings: Surroundings, *, bad: bool) -> None:
        """Set labels down."""
        del surroundings
        aside, flutter = self._aside.follow(), self._flutter.follow()
        if self.took:
            self._left -= self.took
            if self._left <= 0:
                self._left += self._REEL
        if bad:
            self._offset = self.random.choice((-1, 1)) * self.random.uniform(1.5, 4.0)
        elif self.took:
            self._offset = aside + self.random.gauss(0.0, 0.25)
        full = self._left / self._REEL
        pace = self._pace.value
        held = 6.0 if self._states.state in READY else 2.0
        self._tension.follow((held + (11.0 + 3.0 * (1 - full)) * pace) * (1 + flutter * pace))

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        values = self.packaging_values()
        values["label_offset"] = self._offset
        values["web_tension"] = self._tension.value
        values["labels_left"] = self._left
        return values


class CasePacker(PackagingMachine):
    """A packer that lifts twelve bottles at a time into a case; its parts are bottles."""

    kind = "case_packer"
    title = "Case packer"
    reliability = Reliability(mtbf=10 * 3600, mttr=780, stops=1400, stop=60, scrap=0.003, loss=0.03, setup=1200)
    batch = 12
    standby, drive, pump, draws = 0.9, 2.6, 2.2, 0.45
    signals = (
        *PACKAGING_SIGNALS,
        Signal("case_count", "int", "", "Cases packed, good and bad"),
        Signal("case_weight", "float", "kg", "Last case on the check weigher", low=0.0),
        Signal("vacuum", "float", "bar", "At the cups, gauge pressure", noise=0.004, low=-1.0, high=0.2),
    )

    def __init__(self, name: str, seed: int, reliability: Reliability | None = None) -> None:
        super().__init__(name, seed, reliability)
        self._weight = 0.0
        self._vacuum = Lag(0.0, 1.2)
        self._seen = 0

    def _unload(self, order: Order, scrap: float) -> None:
        """Put the case out; where a bottle is missing, all of it is rejected."""
        super()._unload(order, 0.0)
        if self.random.random() < scrap:
            self.rejected += self.batch
            self.gave -= self.batch

    def work(self, surroundings: Surroundings, *, bad: bool) -> None:
        """Lift, set down, and weigh."""
        del surroundings
        if self.finished != self._seen:
            self._seen = self.finished
            one = bottle(self.product)
            bottles = self.batch - 1 if bad else self.batch
            self._weight = (0.31 + bottles * (one.weight * 1.006 + one.empty) / 1000) * self.random.gauss(1.0, 0.0008)
        lifts = self.runs and 0.2 < self.progress < 0.7  # noqa: PLR2004
        sucks = self._states.state in READY
        self._vacuum.follow(-0.62 + 0.02 * self._unrest.value if lifts else -0.12 if sucks else 0.0)

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        values = self.packaging_values()
        values["case_count"] = self.finished // self.batch
        values["case_weight"] = self._weight
        values["vacuum"] = self._vacuum.value
        return values
