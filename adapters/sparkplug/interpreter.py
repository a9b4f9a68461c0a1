"""Says what the metrics of births and data mean: which value they belong to, of what type, quality and time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from adapters.quality import of_opc_da
from adapters.sparkplug.births import LONGEST_AHEAD_MS, Birth
from adapters.sparkplug.codec import (
    Engineering,
    Metric,
    Payload,
    Property,
    Template,
    Value,
    members,
    quality_code,
    value_of,
)
from adapters.sparkplug.datatypes import BINARY, type_name
from adapters.sparkplug.edge_node import Station
from adapters.sparkplug.known import NO_MEANING, Known, make_known
from adapters.sparkplug.last_values import kept
from adapters.sparkplug.names import Names
from adapters.sparkplug.told import Told
from gateway.models import BAD, GOOD, MAX_TEXT_BYTES, STALE, Definition, Origin, Quality, RawTime, Reject

_LONGEST_BASE64 = MAX_TEXT_BYTES // 4 * 3
_MILLISECOND_NS = 1_000_000
MOST_LEARNED = 10_000
"""Metrics of one station that are taken though no birth tells them."""


class Interpreter:
    """Interprets the metrics of one host.

    Attributes:
        definitions: What births told of the meaning of values and is not passed on yet.
        metrics: Metrics known of all edge nodes together.
        make_room: Forgets as many metrics of others for a station, if it can.
    """

    def __init__(
        self,
        names: Names,
        births: Literal["changed", "all", "none"],
        binary: Literal["base64", "digest", "ignore"],
        max_metrics: int,
    ) -> None:
        self.names, self.births, self._binary, self._max_metrics = names, births, binary, max_metrics
        self._places: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], Mapping[str, str]] = {}
        self.definitions: deque[Definition] = deque(maxlen=max_metrics)
        self.metrics = 0
        self.make_room: Callable[[Station, int], None] = lambda _station, _count: None

    def birth(self, station: Station, payload: Payload, told: Told, *, more: bool) -> list[Reject]:
        """Learn the metrics of a birth, and tell the values that are to be told of it.

        Args:
            station: Whose birth.
            payload: What it says.
            told: Collects the values.
            more: Whether it goes on where the birth before it ended, as some devices split theirs.

        Raises:
            ValueError: There is no room for so many metrics.
        """
        before = station.by_name
        new = len(payload.metrics) - (0 if more else len(before))
        if not self._has_room(station, new):
            raise ValueError(f"more than {self._max_metrics} metrics: raise max_metrics if these are real")
        birth = Birth(self, station, payload.timestamp, told, more=more)
        birth.take(payload.metrics)
        self.metrics += len(birth.by_name) - len(before)
        birth.end()
        return birth.rejects

    def forget(self, station: Station) -> None:
        """Forget all metrics of a station."""
        self.metrics -= len(station.by_name)
        station.by_name, station.by_alias = {}, {}
        station.born = False

    def _has_room(self, station: Station, new: int) -> bool:
        if self.metrics + new > self._max_metrics:
            self.make_room(station, self.metrics + new - self._max_metrics)
        return self.metrics + new <= self._max_metrics

    def learn(self, station: Station, metric: Metric) -> Known | None:
        """Return a metric that no birth tells but that tells its own name and type; None if it does not."""
        if not metric.name or not metric.datatype or metric.fault or len(station.by_name) >= MOST_LEARNED:
            return None
        if not self._has_room(station, 1):
            return None
        known = station.by_name[metric.name.encode()] = self.known(station, metric, None)
        self.metrics += 1
        station.is_simple = station.is_simple and known.place is None
        return known

    def tell(
        self, station: Station, known: Known, metric: Metric, payload_time: int | None, told: Told, *, old: bool
    ) -> Reject | None:
        """Tell the value of a metric; return why it cannot be taken, if it cannot.

        Args:
            station: Whose it is.
            known: What its birth says of it.
            metric: What the message says.
            payload_time: The time of the message.
            told: Collects the values.
            old: Whether the message is from before the birth that explains it.
        """
        time = said = metric.timestamp or payload_time
        slot = known.slot
        latest = station.last.times.get(slot)
        if time == latest and payload_time is not None and time is not None and not (old or metric.is_historical):
            time = max(time, payload_time)  # some libraries tell the time of their start, again and again
        late = old or (time is not None and latest is not None and time < latest)
        origin = (
            Origin.TRANSIENT
            if metric.is_transient
            else Origin.HISTORICAL
            if metric.is_historical or late
            else Origin.LIVE
        )
        try:
            value = self._tell_value(known, metric, time, told, origin)
        except ValueError as error:
            return Reject(known.name, str(error))
        if origin is not Origin.HISTORICAL:
            station.last.values[slot] = kept(value) if type(value) is str else value
            # A time of the far future is not stored as it is, and must not make history of all that follows.
            if time is not None and time <= station.last_seen_ns // _MILLISECOND_NS + LONGEST_AHEAD_MS:
                station.last.times[slot] = said
                station.latest_ms = max(station.latest_ms, time)
        return None

    def _tell_value(self, known: Known, metric: Metric, time: RawTime, told: Told, origin: Origin) -> Value | None:
        if isinstance(metric.value, Template) and not metric.is_null:
            self._tell_members(known, metric.value, time, told, origin)
            return None
        value: Value | None = None
        quality = _quality(metric.properties) if metric.properties else GOOD
        if metric.is_null or metric.value is None:
            quality = BAD if quality is GOOD else quality
        else:
            if known.datatype in BINARY and self._binary == "ignore":
                return None
            value = value_of(metric, known.datatype or None, binary=self._binary_of(metric))
        told.add(known.place, known.key, value, time, quality, origin)
        return value if quality is GOOD else None  # what was doubtful is told anew by the next birth

    def _tell_members(self, known: Known, template: Template, time: RawTime, told: Told, origin: Origin) -> None:
        """Tell the members of a template, each by its path; the first that cannot be taken costs only itself."""
        faults: list[str] = []
        types = known.members = {} if known.members is None else known.members
        for path, member in members(template):
            datatype = member.datatype or types.get(path)
            if member.datatype and len(types) < MOST_LEARNED:
                types[path] = member.datatype
            try:
                value = value_of(member, datatype, binary=self._binary_of(member))
            except ValueError as error:
                faults.append(f"{path}: {error}")
                continue
            quality = _quality(member.properties) if member.properties else GOOD
            if value is None and quality is GOOD:
                quality = BAD
            told.add(known.place, f"{known.key}/{path}", value, member.timestamp or time, quality, origin)
        if faults:
            raise ValueError("; ".join(faults)[:1000])

    def _binary_of(self, metric: Metric) -> Literal["base64", "size"]:
        fits = not isinstance(metric.value, bytes) or len(metric.value) <= _LONGEST_BASE64
        return "base64" if self._binary == "base64" and fits else "size"

    def known(self, station: Station, metric: Metric, old: Known | None) -> Known:
        """Return what a birth makes known; what it says last is kept of the birth before."""
        if old is not None:
            if metric.datatype == old.datatype and metric.field == old.field:
                return old
            key, place = old.key, old.place
        elif self.names.is_ignored(metric.name):
            key, place = "", None
        elif self.names.are_plain:
            key, place = metric.name, None
        else:
            key, words = self.names.read(metric.name)
            place = self._place(station, words) if words else None
        known = make_known(metric, key, place)
        if old is not None and known.datatype == old.datatype:
            known.members = old.members
        return known

    def _place(self, station: Station, words: Mapping[str, str]) -> Mapping[str, str]:
        """Return the words of a name together with those of its station: the same object for the same words."""
        key = (tuple(station.place.values()), tuple(words.items()))
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= self._max_metrics:
                self._places.clear()
            place = self._places[key] = {**station.place, **words, **_machine(words)}
        return place

    def define(self, station: Station, known: Known, meaning: Engineering, old: Known | None) -> str:
        """Note what a birth says of the meaning of a value, if the one before it did not; return its unit."""
        if meaning != NO_MEANING and (old is None or old.meaning != meaning):
            self.definitions.append(
                Definition(
                    known.key,
                    meaning.unit,
                    type_name(known.datatype),
                    meaning.low,
                    meaning.high,
                    meaning.description,
                    place=known.place or station.place,
                )
            )
        known.meaning = meaning
        return meaning.unit


def _machine(words: Mapping[str, str]) -> Mapping[str, str]:
    """Return the machine that a name tells by its device, as a topic does, unless it tells both."""
    return {"machine": words["device"]} if "device" in words and "machine" not in words else {}


def _quality(properties: Mapping[str, Property]) -> Quality:
    code = quality_code(properties)
    if code is None:
        return GOOD
    return STALE if code == STALE.level else of_opc_da(code & 0xFFFF)
