"""Faults of single values: spelled in turns as another type, no number, none at all, stuck, or not to be trusted."""

from __future__ import annotations

import math
import random

from simulators.faults.fault import Fault, Moment, Readings
from simulators.machines.signal import Value
from simulators.plant.station import Reading, Station


def _a_sensor(station: Station, source: random.Random) -> str:
    """Return the name of a value that something measures: one with noise, or else a number, or else any."""
    signals = station.device.signals
    numbers = [signal for signal in signals if signal.type == "float"]
    return source.choice([signal for signal in numbers if signal.noise] or numbers or signals).name


class _OfOneSensor(Fault):
    """One value of the machine is wrong, always the same.

    Attributes:
        sensor: Its name.
    """

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self.sensor = _a_sensor(station, source)

    def measure(self, reading: Reading, moment: Moment) -> Readings:
        """Tell something else of that sensor."""
        return (self._wrong(reading, moment) if moment.is_on else reading,)

    def _wrong(self, reading: Reading, moment: Moment) -> Reading:  # noqa: ARG002  # for those that use it
        return self._told(reading, None)

    def _told(self, reading: Reading, value: Value | None) -> Reading:
        return reading._replace(values={**reading.values, self.sensor: value})


class NaN(_OfOneSensor):
    """A sensor says NaN, and the machine passes it on: `NaN` in JSON, which is none, and `nan` as a bare value."""

    name = "nan"
    title = "a value is NaN, in JSON as the word `NaN`, which no standard knows"
    reaction = "stores no value, and quality 0 (bad) once; the values beside it as ever"

    def _wrong(self, reading: Reading, moment: Moment) -> Reading:  # noqa: ARG002  # see above
        return self._told(reading, math.nan)


class Null(_OfOneSensor):
    """A sensor has no value; faces that cannot say so say nothing of it."""

    name = "null"
    title = "a value is null (where the format knows no null, it is left out)"
    reaction = "stores no value, never a 0, and quality 0 (bad) once; the values beside it as ever"


class StuckValue(_OfOneSensor):
    """A sensor goes on telling what it told when the fault began, as if it were measured."""

    name = "stuck_value"
    title = "a sensor is stuck: it goes on telling its last value, as good"
    reaction = "stores it: nothing in the message gives it away, only that it never changes"

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._last: Value | None = None

    def _wrong(self, reading: Reading, moment: Moment) -> Reading:
        if moment.begins:
            self._last = reading.values[self.sensor]
        return self._told(reading, self._last)


class BadQuality(_OfOneSensor):
    """The machine knows that a sensor is broken, and says so as its face can."""

    name = "bad_quality"
    title = "the machine knows that a sensor is broken: its value is marked bad, or left out"
    reaction = "stores the quality (0, bad) at its time, and the value where there is one"

    def _wrong(self, reading: Reading, moment: Moment) -> Reading:  # noqa: ARG002  # see above
        return reading._replace(bad=reading.bad | {self.sensor})


class IntFloatFlip(Fault):
    """Whole numbers are told as 45 and as 45.0 in turns, from one reading to the next."""

    name = "int_float_flip"
    title = "whole numbers come as 45 and as 45.0 in turns"
    reaction = "stores both in one field of one type: types follow from names, never from what came first"
    faces = frozenset({"json", "uns_json", "umh", "scalar"})

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._as_float = False

    def measure(self, reading: Reading, moment: Moment) -> Readings:
        """Tell whole numbers as the other type than before."""
        if not moment.is_on:
            return (reading,)
        self._as_float = not self._as_float
        flipped = {name: self._flipped(value) for name, value in reading.values.items()}
        return (reading._replace(values=flipped),)

    def _flipped(self, value: Value | None) -> Value | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
            return float(value) if self._as_float else int(value)
        return value
