"""The metrics of a birth by columns: twenty thousand names in one go, instead of twenty thousand metrics one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import overload

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.datatypes import Field
from adapters.sparkplug.float32 import shortest
from adapters.sparkplug.known import MAX_TYPE, Reading, reading_of
from adapters.sparkplug.payload import Metric, Value

Read = Callable[[payload_pb2.Metric], Metric]

_name_of, _alias_of, _time_of = attrgetter("name"), attrgetter("alias"), attrgetter("timestamp")
_datatype_of, _properties_of = attrgetter("datatype"), attrgetter("properties")
_RARE = (attrgetter("is_null"), attrgetter("is_historical"), attrgetter("is_transient"))
_field_of = payload_pb2.Metric.WhichOneof
_STRUCTURES = ("dataset_value", "template_value")


class Columns(Sequence[Metric]):
    """The metrics of a payload, each made when it is asked for, and what the plain ones say, by columns.

    A metric is plain if it has a name and a single value of a known type, which is neither null nor told for another
    reason than being the present one. All columns have a place for each metric; but for `encoded` what stands there
    for one that is not plain means nothing.

    Args:
        messages: The metrics.
        read: Reads one of them. Tables and templates count towards limits, so each of them is read once.

    Attributes:
        encoded: Names as they stand on the wire.
        names: Names.
        aliases: None for none.
        times: Milliseconds since 1970; 0 for none.
        datatypes: Data types.
        readings: How the values are read; None for a metric that is not plain.
        values: What they mean.
        properties: As they stand on the wire; empty for none.
    """

    def __init__(self, messages: Sequence[payload_pb2.Metric], read: Read) -> None:
        self._messages, self._read = messages, read
        fields: list[Field] = [field or "" for field in map(_field_of, messages, repeat("value"))]
        self.encoded: list[bytes] = list(map(_name_of, messages))
        self.aliases: list[int | None] = list(map(_alias_of, messages))
        self.times: list[int] = list(map(_time_of, messages))
        self.datatypes: list[int] = list(map(_datatype_of, messages))
        self.properties: list[bytes] = list(map(_properties_of, messages))
        if 0 in self.aliases:
            for place, alias in enumerate(self.aliases):
                if not alias and not messages[place].HasField("alias"):
                    self.aliases[place] = None
        kinds = {*zip(self.datatypes, fields, strict=True)}
        self._structures: Mapping[int, Metric] = {}
        if any(field in _STRUCTURES for _, field in kinds):
            self._structures = {
                place: read(messages[place]) for place, field in enumerate(fields) if field in _STRUCTURES
            }
        # In most births values of one type all stand in one field, and numbers are looked up in a quarter of the time.
        of_type = {datatype: _plain_reading(datatype, field) for datatype, field in kinds}
        if len(of_type) == len(kinds):
            self.readings: list[Reading | None] = list(map(of_type.__getitem__, self.datatypes))
        else:
            of_kind = {kind: _plain_reading(*kind) for kind in kinds}
            self.readings = list(map(of_kind.__getitem__, zip(self.datatypes, fields, strict=True)))
        for is_rare in _RARE:
            if any(map(is_rare, messages)):
                self._leave_out([place for place, message in enumerate(messages) if is_rare(message)])
        self.names = self._decode_names()
        self.values: list[Value | None] = [None] * len(messages)
        self._read_values()

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, place: int) -> Metric: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Metric]: ...
    def __getitem__(self, place: int | slice) -> Metric | Sequence[Metric]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        structure = self._structures.get(place)
        return self._read(self._messages[place]) if structure is None else structure

    def __iter__(self) -> Iterator[Metric]:
        return map(self.__getitem__, range(len(self)))

    def _leave_out(self, places: Sequence[int]) -> None:
        """Take note of metrics that are not plain."""
        for place in places:
            self.readings[place] = None

    def _decode_names(self) -> list[str]:
        if not all(self.encoded):
            self._leave_out([place for place, name in enumerate(self.encoded) if not name])
        try:
            return list(map(bytes.decode, self.encoded))
        except UnicodeDecodeError:
            texts = [name.decode(errors="replace") for name in self.encoded]
            pairs = enumerate(zip(self.encoded, texts, strict=True))
            self._leave_out([place for place, (name, text) in pairs if text.encode() != name])
            return texts

    def _read_values(self) -> None:
        """Read the values of all metrics that are plain so far, kind by kind."""
        # There is one reading for each kind, kept for ever, so its identity will do: its hash takes ten times as long.
        places: dict[int, list[int]] = {id(reading): [] for reading in self.readings}
        for place, number in enumerate(map(id, self.readings)):
            places[number].append(place)
        values, messages = self.values, self._messages
        for mine in places.values():
            reading = self.readings[mine[0]]
            if reading is None:
                continue
            chosen = itemgetter(*mine)(messages) if len(mine) > 1 else (messages[mine[0]],)
            raw = list(map(reading.get, chosen))
            try:
                converted = _convert(reading, raw)
            except ValueError:
                self._leave_out([place for place, one in zip(mine, raw, strict=True) if not _means(reading, one)])
                mine = [place for place in mine if self.readings[place] is not None]  # noqa: PLW2901
                converted = _convert(reading, [one for one in raw if _means(reading, one)])
            for place, value in zip(mine, converted, strict=True):
                values[place] = value


def _plain_reading(datatype: int, field: Field) -> Reading | None:
    """Return how plain values of this type in this field are read; None if there are none."""
    if not 0 < datatype <= MAX_TYPE or not field:
        return None
    reading = reading_of(datatype, field)
    return None if reading.is_complex else reading


def _convert(reading: Reading, raw: list[bool | int | float | bytes]) -> Sequence[Value]:
    """Return what stands on the wire as what it means; raise ValueError if one of it means nothing."""
    if reading.convert is not None:
        return list(map(reading.convert, raw))
    if reading.is_special:
        return shortest(raw)  # type: ignore[arg-type]  # their field holds floats
    return raw  # type: ignore[return-value]  # bytes are converted


def _means(reading: Reading, raw: bool | float | bytes) -> bool:  # noqa: FBT001  # a value
    """Whether what stands on the wire means something."""
    try:
        _convert(reading, [raw])
    except ValueError:
        return False
    return True
