"""Reads Sparkplug payloads: whole, or metric by metric where a part of one is malformed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from google.protobuf.message import DecodeError

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.columns import Columns
from adapters.sparkplug.compression import COMPRESSED, inflate
from adapters.sparkplug.datatypes import Field
from adapters.sparkplug.payload import (
    DEFAULT_LIMITS,
    NO_METADATA,
    NO_PROPERTIES,
    Limits,
    MetaData,
    Metric,
    Parameter,
    Payload,
    RawValue,
    Template,
)
from adapters.sparkplug.properties import Properties
from adapters.sparkplug.scalars import convert
from adapters.sparkplug.tables import read_table

MAX_AT_ONCE = 1024 * 1024
"""Bytes that are parsed before the metrics in them are counted: an empty one has 2, and 104 in memory."""

_new_tuple = tuple.__new__


def read(payload: bytes, limits: Limits = DEFAULT_LIMITS, *, by_columns: bool = False) -> Payload:
    """Return what a payload says; a compressed one is inflated first.

    A malformed metric is returned with its fault, and costs no other metric anything.

    Args:
        payload: The bytes of a message.
        limits: How much of it is read.
        by_columns: Whether to read metrics that are all well-formed as `Columns`.

    Raises:
        ValueError: Nothing can be read.
    """
    outer = _read(payload, limits, by_columns=by_columns)
    if outer.uuid != COMPRESSED:
        return outer
    inner = _read(inflate(outer.body, limits.inflated), limits, by_columns=by_columns)
    if inner.uuid == COMPRESSED:
        raise ValueError("a compressed payload within a compressed payload")
    return inner._replace(
        timestamp=outer.timestamp if inner.timestamp is None else inner.timestamp,
        seq=outer.seq if inner.seq is None else inner.seq,
    )


def _read(payload: bytes, limits: Limits, *, by_columns: bool) -> Payload:
    reader = _Reader(limits)
    head = _parse(payload, limits.metrics)
    reader.count(len(head.metrics))
    metrics: Sequence[Metric]
    if by_columns and isinstance(head, payload_pb2.Payload):
        metrics = Columns(list(head.metrics), partial(reader.metric, depth=0))
    else:
        metrics = [reader.metric(each, 0) for each in head.metrics]
    timestamp = head.timestamp if head.HasField("timestamp") else None
    seq = head.seq if head.HasField("seq") else None
    uuid = head.uuid.decode(errors="replace")
    if payload and timestamp is None and seq is None and not (metrics or uuid or head.body):
        raise ValueError("this is no Sparkplug B payload: it has none of the fields of one")
    return Payload(timestamp, seq, metrics, uuid, head.body)


def _parse(payload: bytes, most: int) -> payload_pb2.Payload | payload_pb2.Frames:
    """Return the payload; with metrics that are still bytes if one is malformed, or there are more than so many."""
    if len(payload) > MAX_AT_ONCE:
        frames = _frames(payload)
        if len(frames.metrics) > most:
            return frames
    with suppress(DecodeError):
        return payload_pb2.Payload.FromString(payload)
    return _frames(payload)


def _frames(payload: bytes) -> payload_pb2.Frames:
    try:
        return payload_pb2.Frames.FromString(payload)
    except DecodeError as error:
        raise ValueError("this is no Sparkplug B payload: it is no protobuf, or cut off") from error


class _Reader:
    """Reads the metrics of one payload, and counts them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.metrics
        self._cells = limits.cells

    def count(self, metrics: int) -> None:
        """Take this many metrics from what the payload may have; raise ValueError if it has more."""
        self._left -= metrics
        if self._left < 0:
            raise ValueError(f"the payload has more than {self._limits.metrics} metrics")

    def metric(self, message: payload_pb2.Metric | bytes, depth: int) -> Metric:
        """Return a metric, which may be still bytes, `depth` templates deep.

        A metric of a birth takes about 2 us. That is why only what can be 0 is asked whether it is there, and why the
        tuple is made whole, which costs a third of its constructor.
        """
        if isinstance(message, bytes):
            try:
                message = payload_pb2.Metric.FromString(message)
            except DecodeError:
                return Metric(fault="a metric that is no protobuf, or cut off")
        fault = ""
        try:
            name = message.name.decode()
        except UnicodeDecodeError:
            name, fault = message.name.decode(errors="replace"), "its name is no UTF-8"
        field: Field = message.WhichOneof("value") or ""
        value: RawValue = None
        if field in _PLAIN:
            value = getattr(message, field)
        elif field and not message.is_null:
            try:
                value = self._content(message, field, depth)
            except (ValueError, DecodeError) as error:
                fault = fault or f"its {field}: {error}"
        if fault:
            field, value = "", None
        properties, metadata = message.properties, message.metadata
        return _new_tuple(
            Metric,
            (
                name,
                message.alias or (0 if message.HasField("alias") else None),
                message.timestamp or (0 if message.HasField("timestamp") else None),
                message.datatype or (0 if message.HasField("datatype") else None),
                value,
                field,
                message.is_historical,
                message.is_transient,
                message.is_null,
                Properties(properties) if properties else NO_PROPERTIES,
                _metadata(metadata) if metadata else NO_METADATA,
                fault,
            ),
        )

    def _content(self, message: payload_pb2.Metric, field: Field, depth: int) -> RawValue:
        """Return what takes more than looking at it."""
        if field == "string_value":
            return message.string_value.decode()
        content = message.dataset_value if field == "dataset_value" else message.template_value
        if len(content) > self._limits.structure:
            raise ValueError(f"{len(content)} bytes, more than {self._limits.structure}")
        if field == "dataset_value":
            table = read_table(content, self._cells)
            self._cells -= len(table.columns) * len(table.rows)
            return table
        if depth >= self._limits.depth:
            raise ValueError("templates nested too deep")
        template = payload_pb2.Template.FromString(content)
        self.count(len(template.metrics) + len(template.parameters))
        return Template(
            [self.metric(each, depth + 1) for each in template.metrics],
            [_parameter(each) for each in template.parameters],
            template.template_ref.decode(),
            template.version.decode(),
            template.is_definition,
        )


_PLAIN = frozenset({"int_value", "long_value", "float_value", "double_value", "boolean_value", "bytes_value"})


def _parameter(message: payload_pb2.Parameter) -> Parameter:
    field: Field | None = message.WhichOneof("value")
    datatype = message.type if message.HasField("type") else None
    value = None if field is None else convert(datatype, field, getattr(message, field))
    return Parameter(message.name.decode(), datatype, value)


def _metadata(content: bytes) -> MetaData:
    """Return the metadata; nothing if it is malformed, since no value depends on it."""
    try:
        message = payload_pb2.MetaData.FromString(content)
    except DecodeError:
        return NO_METADATA
    return MetaData(
        message.is_multi_part if message.HasField("is_multi_part") else None,
        message.content_type.decode(errors="replace"),
        message.size if message.HasField("size") else None,
        message.seq if message.HasField("seq") else None,
        message.file_name.decode(errors="replace"),
        message.file_type.decode(errors="replace"),
        message.md5.decode(errors="replace"),
        message.description.decode(errors="replace"),
    )
