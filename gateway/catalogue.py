"""The catalogue of metrics: what values mean, told to the sinks when it becomes known and when it changes."""

from __future__ import annotations

from typing import TypeAlias

from gateway.line_protocol import Encoder
from gateway.models import Definition, Series, Telemetry, Value

MEASUREMENT = "metric_catalogue"
"""The measurement in which sinks find it: tags `asset`, `of` (the measurement) and `metric`."""
MAX_DEFINITIONS = 200_000
"""Definitions known at a time: a device can invent as many names as it likes."""
MAX_MEANINGS = 10_000
"""Different meanings whose spelling is remembered: many values of a birth have the same unit, type and range."""

_Meaning: TypeAlias = tuple[str, str, float | None, float | None, str]


class Entries:
    """Encodes entries of the catalogue: 2 us for each.

    Args:
        encoder: Knows how names are spelled.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._fields: dict[_Meaning, str] = {}
        self._whose = ("", "")
        self._before, self._after = "", ""

    def encode(self, definition: Definition, received_ns: int) -> list[str]:
        """Return the records of a definition; none if it says nothing.

        Raises:
            ValueError: Its names or values cannot be stored.
        """
        name, unit, kind, low, high, description, asset, measurement, _ = definition
        if self._whose != (asset, measurement):  # those of one machine come together
            series = Series(asset=asset, measurement=MEASUREMENT, tags={"of": measurement})
            self._before, self._after = self._encoder.around(series)
            self._whose = (asset, measurement)
        meaning = (unit, kind, low, high, description)
        fields = self._fields.get(meaning)
        if fields is None:
            fields = self._spell(meaning)
        if not fields:
            return []
        return [f"{self._before}{self._encoder.metrics[name]}{self._after} {fields} {received_ns}"]

    def _spell(self, meaning: _Meaning) -> str:
        unit, kind, low, high, description = meaning
        texts = (("unit_text", unit), ("type_text", kind), ("description_text", description))
        numbers = (("low", low), ("high", high))
        values: dict[str, Value] = {field: text for field, text in texts if text}
        values |= {field: float(number) for field, number in numbers if number is not None}
        checked = Telemetry(series=_NOBODY, values=values, timestamp_ns=0)
        if len(self._fields) >= MAX_MEANINGS:
            self._fields.clear()
        fields = self._fields[meaning] = self._encoder.fields(checked.values)
        return fields


_NOBODY = Series(asset=MEASUREMENT, measurement=MEASUREMENT, tags={})


class Catalogue:
    """What the sinks were told.

    Args:
        known: The last definition of each metric, by asset, measurement and name.
    """

    def __init__(self, known: dict[tuple[str, str, str], Definition]) -> None:
        self._known = known

    def learn(self, definition: Definition, received_ns: int, entries: Entries) -> list[str] | None:
        """Return the records that tell what is new; None if nothing is, or there is no room for it.

        Raises:
            ValueError: Its names or values cannot be stored.
        """
        key = (definition[6], definition[7], definition[0])
        before = self._known.get(key)
        if before is not None and before != definition:
            definition = _together(definition, before)
        if before == definition or (before is None and len(self._known) >= MAX_DEFINITIONS):
            return None
        records = entries.encode(definition, received_ns)
        self._known[key] = definition
        return records


def _together(new: Definition, old: Definition) -> Definition:
    """Return what both say: a birth may tell the range and each message the unit."""
    return new._replace(
        unit=new.unit or old.unit,
        type=new.type or old.type,
        low=old.low if new.low is None else new.low,
        high=old.high if new.high is None else new.high,
        description=new.description or old.description,
    )
