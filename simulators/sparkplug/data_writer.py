"""Writes data messages of single values by alias, ten times as fast as the codec, and byte for byte the same.

What is said of a device differs from one message to the next in a time, a number and its values only. All else is
prepared once, and put between them: about 0.3 us a value, where making a protobuf message of each takes 5 us.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from adapters.sparkplug.codec import DataType
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.plan import Content

# Tags on the wire: field number * 8 + wire type (sparkplug_b.proto, and the encoding of protocol buffers).
_TIMESTAMP, _METRIC, _SEQ = b"\x08", b"\x12", b"\x18"
_ALIAS, _METRIC_TIMESTAMP, _IS_NULL = b"\x10", b"\x18", b"\x38\x01"
_LONG, _FLOAT, _DOUBLE, _BOOLEAN, _STRING = b"\x58", b"\x65", b"\x69", b"\x70", b"\x7a"

_Pack: TypeAlias = Callable[[float], bytes]

_FIXED: Mapping[DataType, tuple[bytes, _Pack, int]] = {
    DataType.FLOAT: (_FLOAT, struct.Struct("<f").pack, 4),
    DataType.DOUBLE: (_DOUBLE, struct.Struct("<d").pack, 8),
}
"""Tag, bytes and their number, of what always takes as many."""
_64_BITS = 0xFFFF_FFFF_FFFF_FFFF
_SEVEN_BITS = 0x80


class _Prepared:
    """A metric as it was last written, in two parts with the time between them: most counts and texts seldom change.

    Numbers of a fixed size have the same first part always, and `pack` writes them.
    """

    pack: _Pack | None

    __slots__ = ("before", "behind", "datatype", "key", "last", "pack", "start", "tag")

    def __init__(self, channel: Channel, time_size: int) -> None:
        self.key = channel.key
        self.datatype = channel.datatype
        self.start = _ALIAS + _varint(channel.alias or 0) + _METRIC_TIMESTAMP
        self.tag, self.pack, size = b"", None, 0
        if fixed := _FIXED.get(channel.datatype):
            self.tag, self.pack, size = fixed
        self.last: Content = None
        self.behind = _IS_NULL if self.pack is None else self.tag + bytes(size)
        self.before = self._before(time_size)

    def _before(self, time_size: int) -> bytes:
        return _METRIC + _varint(len(self.start) + time_size + len(self.behind)) + self.start

    def change(self, value: Content, time_size: int) -> None:
        """Take another value, of no fixed size."""
        self.behind = _value(self.datatype, value)
        self.before = self._before(time_size)
        self.last = value


class DataWriter:
    """Writes the data messages of one device.

    Args:
        channels: Its metrics: `Float`, `Double`, `Int64`, `Boolean` and `String`, each with an alias.

    Raises:
        ValueError: There is another one among them.
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        for channel in channels:
            if channel.alias is None or channel.is_transient or channel.datatype not in _TYPES:
                raise ValueError(f"{channel.name} is no single value with an alias")
        self._channels = channels
        self._time_size = 0
        self._prepared: list[_Prepared] = []

    def write(self, values: Mapping[str, Content], timestamp_ms: int, seq: int) -> bytes:
        """Return a message.

        Args:
            values: By the keys of the channels; what is not there is not told, and None is null.
            timestamp_ms: Of the message and all values, in milliseconds since 1970.
            seq: Its number, 0 to 255.

        Raises:
            ValueError: A value is none of its type.
            OverflowError: A value does not fit into a `Float`.
        """
        time = _varint(timestamp_ms)
        if len(time) != self._time_size:
            self._prepare(len(time))
        pieces = [_TIMESTAMP, time]
        # Hot: 0.3 us for a number, 0.2 us for what has not changed.
        for metric in self._prepared:
            if metric.key not in values:
                continue
            value = values[metric.key]
            if metric.pack is not None:
                if type(value) is float:  # or it is null, or whole
                    pieces += (metric.before, time, metric.tag, metric.pack(value))
                else:
                    pieces += _single(metric, value, time)
                continue
            if value != metric.last or type(value) is not type(metric.last):
                metric.change(value, len(time))
            pieces += (metric.before, time, metric.behind)
        pieces += (_SEQ, _varint(seq))
        return b"".join(pieces)

    def _prepare(self, time_size: int) -> None:
        """Prepare for times that take so many bytes: six from 1971 to 2109."""
        self._time_size = time_size
        self._prepared = [_Prepared(channel, time_size) for channel in self._channels]


def _single(metric: _Prepared, value: Content, time: bytes) -> tuple[bytes, ...]:
    behind = _value(metric.datatype, value)
    return _METRIC, _varint(len(metric.start) + len(time) + len(behind)), metric.start, time, behind


_TYPES = (*_FIXED, DataType.INT64, DataType.BOOLEAN, DataType.STRING)


def _value(datatype: DataType, value: Content) -> bytes:
    match datatype, value:
        case _, None:
            return _IS_NULL
        case DataType.BOOLEAN, bool():
            return _BOOLEAN + (b"\x01" if value else b"\x00")
        case DataType.STRING, str():
            text = value.encode()
            return _STRING + _varint(len(text)) + text
        case DataType.INT64, int() if -(1 << 63) <= value < 1 << 63:
            return _LONG + _varint(value & _64_BITS)
        case DataType.DOUBLE | DataType.FLOAT, int() if not isinstance(value, bool):
            tag, pack, _ = _FIXED[datatype]
            return tag + pack(value)
    raise ValueError(f"{value!r} is no {datatype.name}")


def _varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first."""
    if number < _SEVEN_BITS:
        return _SHORT[number]
    out = bytearray()
    while number >= _SEVEN_BITS:
        out.append(number & 0x7F | _SEVEN_BITS)
        number >>= 7
    out.append(number)
    return bytes(out)


_SHORT = [bytes((number,)) for number in range(_SEVEN_BITS)]
