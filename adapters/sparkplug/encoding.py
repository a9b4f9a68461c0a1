"""Writes Sparkplug payloads: births and data as edge nodes do, commands as a host does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.compression import COMPRESSED, Algorithm, deflate
from adapters.sparkplug.datatypes import FIELDS, DataType, Field
from adapters.sparkplug.payload import NO_METADATA, DataSet, MetaData, Metric, Payload, Template
from adapters.sparkplug.properties import Property
from adapters.sparkplug.scalars import Scalar, field_of, on_the_wire
from adapters.sparkplug.tables import table_message

SignedAs = Literal["width", "extended"]
"""How senders write negative integers: in the bits of their type, or extended to all 32."""

UInt32As = Literal["int", "long"]
"""Where senders put a UInt32: the specification says `int_value`, many use `long_value`."""


def write(payload: Payload, *, signed: SignedAs = "width", uint32: UInt32As = "int", datatypes: bool = True) -> bytes:
    """Return the bytes of a payload.

    The value of a metric is what it is in Python; it goes where its data type says, in the width that it has there. A
    metric that names its `field` has its value put there as it stands, so that what `read` returned can be written
    again, and faulty devices can be imitated. Without type and field, the Python type of the value decides. What is
    null is written without a value, unless it has one.

    Args:
        payload: What to say.
        signed: How to write negative integers.
        uint32: Where to put a UInt32.
        datatypes: Whether metrics tell their types, as births must and other messages need not.

    Raises:
        ValueError: A value is none of the type that its metric tells.
    """
    writer = _Writer(extended=signed == "extended", uint32=uint32, datatypes=datatypes)
    message = payload_pb2.Payload(
        timestamp=payload.timestamp,
        metrics=[writer.metric(metric) for metric in payload.metrics],
        seq=payload.seq,
        uuid=payload.uuid.encode() or None,
        body=payload.body or None,
    )
    return message.SerializeToString()


def compress(payload: bytes, algorithm: Algorithm | None = None, *, outside: bool = False) -> bytes:
    """Return a payload whose body is this one, compressed.

    Args:
        payload: What `write` returned.
        algorithm: None for DEFLATE without naming it.
        outside: Whether timestamp and sequence number are repeated outside, as some senders do.
    """
    message = payload_pb2.Payload(uuid=COMPRESSED.encode(), body=deflate(payload, algorithm or "DEFLATE"))
    if outside:
        inner = payload_pb2.Payload.FromString(payload)
        if inner.HasField("timestamp"):
            message.timestamp = inner.timestamp
        if inner.HasField("seq"):
            message.seq = inner.seq
    if algorithm is not None:
        message.metrics.add(name=b"algorithm", datatype=DataType.STRING, string_value=algorithm.encode())
    return message.SerializeToString()


class _Writer:
    """Writes metrics, all in one way."""

    def __init__(self, *, extended: bool, uint32: UInt32As, datatypes: bool) -> None:
        self._extended = extended
        self._uint32_field: Field = "int_value" if uint32 == "int" else "long_value"
        self._datatypes = datatypes

    def metric(self, metric: Metric) -> payload_pb2.Metric:
        """Return a metric for the wire."""
        message = payload_pb2.Metric(
            name=metric.name.encode() or None,
            alias=metric.alias,
            timestamp=metric.timestamp,
            datatype=metric.datatype if self._datatypes else None,
            is_historical=metric.is_historical or None,
            is_transient=metric.is_transient or None,
            is_null=metric.is_null or None,
        )
        if metric.metadata != NO_METADATA:
            message.metadata = _metadata(metric.metadata).SerializeToString()
        if metric.properties:
            message.properties = self._set(metric.properties).SerializeToString()
        if metric.value is not None:
            field, raw = self._value(metric)
            setattr(message, field, raw)
        return message

    def _value(self, metric: Metric) -> tuple[Field, float | bytes]:
        match metric.value:
            case DataSet() as table:
                return "dataset_value", table_message(table, extended=self._extended).SerializeToString()
            case Template() as template:
                return "template_value", self._template(template).SerializeToString()
            case bytes() as content:
                return metric.field or "bytes_value", content
            case bool() | int() | float() | str() as value:
                return self._single(metric.datatype, value, metric.field)
            case None:
                raise ValueError("there is no value to write")

    def _single(self, datatype: int | None, value: Scalar, field: Field = "") -> tuple[Field, float | bytes]:
        """Return the field of a single value, and what stands there."""
        if not field:
            field = self._uint32_field if datatype == DataType.UINT32 else field_of(datatype, value)
            if datatype is not None and datatype in FIELDS:
                value = on_the_wire(datatype, value, extended=self._extended)
        if isinstance(value, str):
            return field, value.encode()
        if isinstance(value, int) and value < 0 and field in _BITS:
            return field, value & _BITS[field]
        return field, value

    def _template(self, template: Template) -> payload_pb2.Template:
        message = payload_pb2.Template(
            version=template.version.encode() or None,
            metrics=[self.metric(each).SerializeToString() for each in template.metrics],
            template_ref=template.template_ref.encode() or None,
            is_definition=template.is_definition,
        )
        for parameter in template.parameters:
            written = message.parameters.add(name=parameter.name.encode(), type=parameter.type)
            if parameter.value is not None:
                field, raw = self._single(parameter.type, parameter.value)
                setattr(written, field, raw)
        return message

    def _set(self, properties: Mapping[str, Property]) -> payload_pb2.PropertySet:
        return payload_pb2.PropertySet(
            keys=[key.encode() for key in properties], values=[self._property(each) for each in properties.values()]
        )

    def _property(self, content: Property) -> payload_pb2.PropertyValue:
        message = payload_pb2.PropertyValue(type=content.type, is_null=content.is_null or None)
        match content.value:
            case None:
                pass
            case bool() | int() | float() | str() as value:
                field, raw = self._single(content.type, value)
                setattr(message, field, raw)
            case Mapping() as properties:
                message.propertyset_value.CopyFrom(self._set(properties))
            case sets:
                message.propertysets_value.propertyset.extend(self._set(each) for each in sets)
                message.propertysets_value.SetInParent()
        return message


_BITS: Mapping[Field, int] = MappingProxyType({"int_value": 0xFFFF_FFFF, "long_value": 0xFFFF_FFFF_FFFF_FFFF})


def _metadata(metadata: MetaData) -> payload_pb2.MetaData:
    return payload_pb2.MetaData(
        is_multi_part=metadata.is_multi_part,
        content_type=metadata.content_type.encode() or None,
        size=metadata.size,
        seq=metadata.seq,
        file_name=metadata.file_name.encode() or None,
        file_type=metadata.file_type.encode() or None,
        md5=metadata.md5.encode() or None,
        description=metadata.description.encode() or None,
    )
