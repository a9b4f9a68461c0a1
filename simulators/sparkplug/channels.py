"""What the signals of a machine are called in Sparkplug: metric, datatype, engineering unit and range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from adapters.sparkplug.codec import DataType
from simulators.machines.signal import Signal, Type

_DATATYPES: Mapping[Type, DataType] = {
    "float": DataType.DOUBLE,
    "int": DataType.INT64,
    "bool": DataType.BOOLEAN,
    "text": DataType.STRING,
}
_DIGITS_OF_FLOAT = 6
"""Decimal digits that 32 bits keep in any case (FLT_DIG of C)."""


class Channel(NamedTuple):
    """One metric of a node or device.

    Attributes:
        key: Under which a sample holds its value.
        name: Of the metric, as births say it.
        datatype: Of its value.
        alias: By which data messages name it; None: by its name.
        unit: Engineering unit, property `engUnit`; empty where there is none.
        low: Lower end of its range, property `engLow`.
        high: Upper end of its range, property `engHigh`.
        is_transient: Whether it says that it is not worth storing.
        in_data: Whether it may stand in a data message; definitions of templates stand in births only.
    """

    key: str
    name: str
    datatype: DataType
    alias: int | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    is_transient: bool = False
    in_data: bool = True


def channels(signals: Iterable[Signal], aliases: Iterator[int], folder: str = "") -> tuple[Channel, ...]:
    """Return the metrics of a machine: each has the name of its signal, behind that of a folder if there is one.

    Args:
        signals: Of the machine.
        aliases: Yields those that are free.
        folder: Ends with a slash.
    """
    return tuple(
        Channel(
            signal.name,
            f"{folder}{signal.name}",
            _datatype(signal),
            next(aliases),
            signal.unit,
            signal.low,
            signal.high,
        )
        for signal in signals
    )


def _datatype(signal: Signal) -> DataType:
    """Return Float for what survives it: with a range, and rounded to so few decimals that its digits fit."""
    if signal.type == "float" and signal.low is not None and signal.high is not None:
        most = max(abs(signal.low), abs(signal.high))
        if len(str(int(most))) + signal.decimals <= _DIGITS_OF_FLOAT:
            return DataType.FLOAT
    return _DATATYPES[signal.type]
