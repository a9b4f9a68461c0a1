"""Collects what the metrics of one message say, as observations: one for each machine and kind of telling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.models import GOOD, Observation, Origin, Quality, RawTime, Value


@dataclass(slots=True)
class _Sheet:
    """Values with different names."""

    place: Mapping[str, str] | None
    origin: Origin
    time: RawTime
    values: dict[str, Value | None] = field(default_factory=dict)
    times: dict[str, RawTime] = field(default_factory=dict)
    quality: dict[str, Quality] = field(default_factory=dict)


class Told:
    """What one message says, in the order in which it says it.

    Attributes:
        units: Units by the name of the value.
    """

    def __init__(self, units: Mapping[str, str] | None = None) -> None:
        self.units = units
        self._sheets: list[_Sheet] = []
        self._open: dict[tuple[int, Origin], _Sheet] = {}

    def add(
        self,
        place: Mapping[str, str] | None,
        name: str,
        value: Value | None,
        time: RawTime,
        quality: Quality = GOOD,
        origin: Origin = Origin.LIVE,
    ) -> None:
        """Add a value. A name that was told before begins a new observation: a metric may have several values."""
        key = (id(place), origin)
        sheet = self._open.get(key)
        if sheet is None or name in sheet.values:
            sheet = self._open[key] = _Sheet(place, origin, time)
            self._sheets.append(sheet)
        sheet.values[name] = value
        if time != sheet.time:
            sheet.times[name] = time
        if quality is not GOOD:
            sheet.quality[name] = quality

    def add_all(
        self,
        place: Mapping[str, str] | None,
        names: Sequence[str],
        values: Sequence[Value | None],
        times: Sequence[RawTime],
    ) -> None:
        """Add good values that are no history, as `add` would one by one."""
        if not names:
            return
        fresh = dict(zip(names, values, strict=True))
        key = (id(place), Origin.LIVE)
        sheet = self._open.get(key)
        if len(fresh) < len(names) or (sheet is not None and not fresh.keys().isdisjoint(sheet.values)):
            for name, value, time in zip(names, values, times, strict=True):
                self.add(place, name, value, time)
            return
        if sheet is None:
            sheet = self._open[key] = _Sheet(place, Origin.LIVE, times[0])
            self._sheets.append(sheet)
        sheet.values.update(fresh)
        if times.count(sheet.time) < len(times):
            usual = sheet.time
            sheet.times.update((name, time) for name, time in zip(names, times, strict=True) if time != usual)

    def observations(self) -> Iterator[Observation]:
        """Yield what was collected."""
        for sheet in self._sheets:
            yield Observation(
                sheet.values,
                sheet.time,
                sheet.times or None,
                self.units,
                sheet.quality or GOOD,
                origin=sheet.origin,
                place=sheet.place,
            )
