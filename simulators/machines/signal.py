"""What a machine measures: its signals, and the sensors between the truth and what it tells."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

Value: TypeAlias = bool | int | float | str
"""What a machine can measure or say."""

Type: TypeAlias = Literal["float", "int", "bool", "text"]

_DAY = 86_400.0


class Signal(NamedTuple):
    """One value of a machine.

    Attributes:
        name: In snake case, unique in its machine.
        type: Of its values.
        unit: As UCUM or pint would read it (`kW`, `degC`, `1/min`, `percent`); empty where there is none.
        description: One short sentence without a full stop.
        decimals: To how many the machine rounds what it tells; a float only.
        noise: Standard deviation of the sensor's noise, in the unit; 0 for a value that is counted or computed.
        drift: How far the sensor strays in a day, in the unit; it is calibrated at every midnight (UTC).
        low: The least value that the machine can tell; None where nothing bounds it.
        high: The greatest.
    """

    name: str
    type: Type
    unit: str
    description: str
    decimals: int = 3
    noise: float = 0.0
    drift: float = 0.0
    low: float | None = None
    high: float | None = None


class Sensors:
    """The sensors of one machine: noise, drift, range and resolution of each signal.

    Args:
        signals: Of the machine.
        seed: Their noise follows from it.
    """

    def __init__(self, signals: Sequence[Signal], seed: str) -> None:
        self._gauss = random.Random(f"{seed} sensors").gauss
        self._measured = [signal for signal in signals if signal.type == "float"]

    def read(self, values: Mapping[str, Value], time_ns: int) -> dict[str, Value]:
        """Return what the machine tells when the truth is `values`."""
        told = dict(values)
        day = time_ns // 1_000_000_000 % 86_400 / _DAY
        for name, _, _, _, decimals, noise, drift, low, high in self._measured:
            value = float(told[name])
            if noise:
                value += self._gauss(0.0, noise)
            if drift:
                value += drift * day
            if low is not None and value < low:
                value = low
            elif high is not None and value > high:
                value = high
            told[name] = round(value, decimals)
        return told
