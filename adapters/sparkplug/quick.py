"""The quick way for what edge nodes send all day: plain values, in sequence, of metrics that a birth told."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from google.protobuf.message import DecodeError

from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.float32 import shortest
from adapters.sparkplug.known import Known
from adapters.sparkplug.last_values import LONGEST_TEXT
from adapters.sparkplug.payload_pb2 import AliasReadings, MergedReadings, Readings
from adapters.sparkplug.shapes import EARLIEST_MS, LATEST_MS, Metrics, Names, Wire
from gateway.models import Message, Observation, RawTime, Value

_MILLISECOND_NS = 1_000_000
_DAY_MS = 86_400_000
_LONGEST_AHEAD_MS = 300_000
"""What is further ahead is not stored under its own time."""
_make = tuple.__new__
_NOTHING_ELSE = Observation({})[4:]
_name_of, _alias_of = attrgetter("name"), attrgetter("alias")

_Read = tuple[tuple[str, ...], list[Value], Sequence[int], int, int]
"""Keys, values, their times or the one of all, the time of the message and its number."""


# Runs for nearly every message: 20 us for 50 metrics with a shape, three times that for others. It goes through the
# metrics again and again, each time for one thing, mostly in C.
def read_quickly(node: EdgeNode, station: Station, message: Message) -> Observation | None:
    """Return what a message of data says, if it is a plain one; None, and nothing has changed, if it is not.

    A plain one is the next in sequence, later than those before it, and holds nothing but values of known metrics with
    their types, each once. What is rare (null, history, quality, a table) are fields unknown to `Readings`, so they
    show in the number of bytes.
    """
    payload = message.payload
    by_name = station.names_itself or not station.by_alias
    read = _read_shape(station, payload, node.sequence.expected, by_name=by_name) if station.shapes.are_likely else None
    if read is None:
        read = _read_each(station, payload, node.sequence.expected, by_name=by_name)
        if read is None:
            return None
    keys, values, said, sent, seq = read
    first, latest = min(said), max(said)
    if first < station.latest_ms or (first == station.latest_ms and sent > first):
        return None  # an old one, or one whose metrics tell the same time again and again
    if latest > message.received_ns // _MILLISECOND_NS + _LONGEST_AHEAD_MS:
        return None
    if sent < station.born_ms and sent:
        return None  # it may have been overtaken by the birth
    told = dict(zip(keys, values, strict=True))
    times: dict[str, RawTime] | None = None
    if first != latest:
        times = {key: time for key, time in zip(keys, said, strict=True) if time != said[0]}
    node.sequence.expected = (seq + 1) & 0xFF
    if len(payload) <= LONGEST_TEXT * len(keys):
        station.last.note(keys, told, said)
    else:  # there may be long texts
        station.last.note_long(keys, told, said)
    station.latest_ms, station.refreshed = latest, True
    station.last_seen_ns = node.last_seen_ns = message.received_ns
    if sent:
        note_latency(node, message.received_ns, sent)
    return _make(Observation, (told, said[0] or None, times, station.units, *_NOTHING_ELSE))


def _read_shape(station: Station, payload: bytes, expected: int, *, by_name: bool) -> _Read | None:
    """Return what a message says whose metrics came together before; None if they did not, or it must be looked at."""
    try:
        readings = MergedReadings.FromString(payload)
    except DecodeError:
        return None
    seq, sent, metrics = readings.seq, readings.timestamp, readings.metrics
    if seq != expected or not (seq or readings.HasField("seq")):
        return None
    names: Names = tuple(metrics.name) if by_name else tuple(metrics.alias[:])
    found = station.shapes.read(names, readings, metrics, payload)
    if found is None:
        return None
    keys, values, said = found
    said = said or (sent,)
    if not (min(said) >= EARLIEST_MS and max(said) < LATEST_MS and EARLIEST_MS <= sent < LATEST_MS):
        return None
    return keys, values, said, sent, seq


def _read_each(  # noqa: PLR0911  # each is another reason for the long way
    station: Station, payload: bytes, expected: int, *, by_name: bool
) -> _Read | None:
    """Return what any message says; None unless all of it means something."""
    try:
        readings = Readings.FromString(payload) if by_name else AliasReadings.FromString(payload)
    except DecodeError:
        return None
    seq, sent = readings.seq, readings.timestamp
    if seq != expected or not (seq or readings.HasField("seq")):
        return None
    metrics: Metrics = list(readings.metrics)
    names: Names = tuple(map(_name_of if by_name else _alias_of, metrics))
    if 0 in names and not all(metric.HasField("alias") for metric in metrics):
        return None
    if by_name and names and not names[0]:
        station.names_itself = False  # it does no more
        return None
    table = station.by_name if by_name else station.by_alias
    known = list(map(table.get, names))  # type: ignore[arg-type]  # aliases or names, as the table has
    if None in known or not known:
        return None
    read: list[Wire | Value] = [one.get(metric) for one, metric in zip(known, metrics, strict=True)]  # type: ignore[union-attr]
    if not all(read) and any(
        not value and metric.WhichOneof("value") != one.field  # type: ignore[union-attr]
        for one, metric, value in zip(known, metrics, read, strict=True)
    ):
        return None
    special = [place for place, one in enumerate(known) if one.is_special]  # type: ignore[union-attr]
    if special and not _convert(known, read, special):  # type: ignore[arg-type]
        return None
    keys = tuple([one.key for one in known])  # type: ignore[union-attr]  # none is None
    if len(set(keys)) != len(keys) or "" in keys:
        return None
    station.shapes.see(names, known, metrics)  # type: ignore[arg-type]  # none is None
    said = [metric.timestamp or sent for metric in metrics]
    if not _is_whole(readings, len(payload)):
        station.names_itself = bool(station.by_name) and _has_names(payload)
        return None
    return keys, read, said, sent, seq  # type: ignore[return-value]  # bytes are converted


def _convert(known: Sequence[Known], read: list[Wire | Value], special: Sequence[int]) -> bool:
    """Make of what stands on the wire what it means; return whether all of it means something."""
    singles: list[int] = []
    for place in special:
        convert = known[place].convert
        if convert is None:
            singles.append(place)
            continue
        try:
            read[place] = convert(read[place])
        except ValueError:
            return False
    if singles:
        rounded = shortest([read[place] for place in singles])  # type: ignore[misc]  # their field holds floats
        for place, number in zip(singles, rounded, strict=True):
            read[place] = number
    return True


def _is_whole(readings: AliasReadings | Readings, size: int) -> bool:
    """Whether a message holds nothing but what is known to its view."""
    readings.DiscardUnknownFields()
    return readings.ByteSize() == size


def _has_names(payload: bytes) -> bool:
    """Whether metrics have names, though they have aliases too."""
    metrics: Sequence[object] = Readings.FromString(payload).metrics
    return bool(metrics) and bool(_name_of(metrics[0]))


def note_latency(node: EdgeNode, received_ns: int, sent_ms: int) -> None:
    """Take note of how long a message was on its way, by the clocks of both sides."""
    latency = received_ns / _MILLISECOND_NS - sent_ms
    if not -_DAY_MS < latency < _DAY_MS:
        return  # it is no time in milliseconds, or of a clock that was never set
    if node.latency_ms is None:
        node.latency_ms = node.latency_max_ms = latency
    node.latency_ms += (latency - node.latency_ms) / 16
    node.latency_max_ms = max(node.latency_max_ms, latency)
