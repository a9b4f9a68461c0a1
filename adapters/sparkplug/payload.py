"""What a Sparkplug payload says: metrics, what stands in them, and how much of it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from adapters.sparkplug.datatypes import Field
from adapters.sparkplug.properties import Properties, Property

Value = bool | int | float | str
"""What a value is once its data type is known."""

Cell = bool | int | float | str | None
"""What stands in a cell of a table, or as a parameter; None for nothing."""


class DataSet(NamedTuple):
    """A table as a value.

    Attributes:
        columns: Their names.
        types: The data type of each column.
        rows: Their cells.
    """

    columns: Sequence[str]
    types: Sequence[int]
    rows: Sequence[Sequence[Cell]]


class Parameter(NamedTuple):
    """A constant of a template, or its default in a definition."""

    name: str
    type: int | None
    value: Cell


class Template(NamedTuple):
    """A structured value: the definition of a type of machine, or an instance of one."""

    metrics: Sequence[Metric]
    parameters: Sequence[Parameter] = ()
    template_ref: str = ""
    version: str = ""
    is_definition: bool = False


class MetaData(NamedTuple):
    """What a metric says about the bytes in it."""

    is_multi_part: bool | None = None
    content_type: str = ""
    size: int | None = None
    seq: int | None = None
    file_name: str = ""
    file_type: str = ""
    md5: str = ""
    description: str = ""


RawValue = bool | int | float | str | bytes | DataSet | Template | None
"""A value as it stands on the wire: what it means takes a data type as well (`value_of`)."""

NO_PROPERTIES: Mapping[str, Property] = MappingProxyType({})
NO_METADATA = MetaData()


class Metric(NamedTuple):
    """One value of a payload.

    Attributes:
        name: Empty where only the alias names it.
        alias: None for none; 0 is an alias like any other.
        timestamp: Milliseconds since 1970; None for none.
        datatype: What the message says, which only a birth has to.
        value: As it stands on the wire; None if there is none.
        field: Where it stands; empty if there is none.
        is_historical: It was stored, and is no news.
        is_transient: It is not to be stored.
        is_null: There is no value, whatever `value` is.
        properties: Read when they are first asked for.
        metadata: Of a file or a part of one.
        fault: Why this metric cannot be taken; empty if it can. `name` and `alias` then are what could be read.
    """

    name: str = ""
    alias: int | None = None
    timestamp: int | None = None
    datatype: int | None = None
    value: RawValue = None
    field: Field = ""
    is_historical: bool = False
    is_transient: bool = False
    is_null: bool = False
    properties: Mapping[str, Property] = NO_PROPERTIES
    metadata: MetaData = NO_METADATA
    fault: str = ""

    @property
    def property_fault(self) -> str:
        """Why properties are missing; empty if none are. The value is not concerned."""
        return self.properties.fault if isinstance(self.properties, Properties) else ""


class Payload(NamedTuple):
    """One message.

    Attributes:
        timestamp: Milliseconds since 1970; None for none.
        seq: Number in the sequence of its edge node; None for none, which is not 0.
        metrics: In their order.
        uuid: What the sender calls this kind of payload.
        body: Bytes beside the metrics.
    """

    timestamp: int | None = None
    seq: int | None = None
    metrics: Sequence[Metric] = ()
    uuid: str = ""
    body: bytes = b""


class Limits(NamedTuple):
    """How much of a payload is read.

    Attributes:
        inflated: Bytes of a compressed payload.
        metrics: In a payload. One with more is refused; a template whose members go beyond is a fault of its metric.
        depth: Of templates in templates; what is deeper is a fault of its metric.
        structure: Bytes of a data set or a template; a larger one is a fault of its metric.
        cells: Of all data sets of a payload; a data set that goes beyond is a fault of its metric.
    """

    inflated: int = 16 * 1024 * 1024
    metrics: int = 100_000
    depth: int = 8
    structure: int = 1024 * 1024
    cells: int = 100_000


DEFAULT_LIMITS = Limits()
