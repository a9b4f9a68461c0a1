"""Faults of counters and registers: they begin anew, or are too narrow for what they count."""

from __future__ import annotations

import random
import re
from typing import ClassVar

from simulators.faults.fault import Fault, Moment, Readings
from simulators.machines.signal import Signal, Value
from simulators.plant.station import Reading, Station

_COUNTS = re.compile(r"(?:.*_)?(?:count|starts|seconds|pulses|volume|watchdog|uptime)")
_REGISTER = "Register of "
"""How descriptions of registers that hold fractions begin."""
_BEFORE = 3
"""Counts before a counter rolls over, when the fault begins."""
_BEFORE_REGISTER = 0.05


def counts(signal: Signal) -> bool:
    """Whether a signal only ever grows, until it rolls over."""
    if signal.type == "int":
        return _COUNTS.fullmatch(signal.name) is not None
    return signal.type == "float" and signal.description.startswith(_REGISTER)


class _Counters(Fault):
    """Shows another count than the true one; a machine that counts nothing cannot have it."""

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._counters = {signal.name: signal for signal in station.device.signals if counts(signal)}
        self._first: dict[str, int | float] = {}

    def measure(self, reading: Reading, moment: Moment) -> Readings:
        """Show the count since the fault began, as this fault has it."""
        if not moment.is_on:
            return (reading,)
        shown: dict[str, Value] = {}
        for name, signal in self._counters.items():
            value = reading.values.get(name)
            if isinstance(value, int | float):
                if moment.begins or name not in self._first:
                    self._first[name] = value
                shown[name] = round(self._shown(value - self._first[name]), signal.decimals)
        return (reading._replace(values={**reading.values, **shown}),)

    def _shown(self, grown: float) -> float:
        """Return what is shown of a count that has grown by so much; an int of an int."""
        return grown


class CounterReset(_Counters):
    """Counters and registers begin anew at 0, as after a change of the controller."""

    name = "counter_reset"
    title = "all counters and registers begin anew at 0"
    reaction = "stores what they say; queries need a difference that knows of resets"


class _RollOver(_Counters):
    """Counters and registers are counted modulo a number, and begin just below it.

    Attributes:
        modulus: The number.
    """

    modulus: ClassVar[int]

    def _shown(self, grown: float) -> float:
        before = _BEFORE if isinstance(grown, int) else _BEFORE_REGISTER
        return (grown + self.modulus - before) % self.modulus


class CounterRollover16(_RollOver):
    """Counters and registers have 16 bits, and are about to roll over."""

    name = "counter_rollover_16"
    title = "counters and registers have 16 bits: they stand just below 65536 and roll over to 0"
    reaction = "stores what they say, exactly; queries need a difference modulo 65536"
    modulus = 2**16


class CounterRollover32(_RollOver):
    """Counters and registers have 32 bits, and are about to roll over."""

    name = "counter_rollover_32"
    title = "counters and registers have 32 bits: they stand just below 4294967296 and roll over to 0"
    reaction = "stores what they say, exactly; queries need a difference modulo 4294967296"
    modulus = 2**32
