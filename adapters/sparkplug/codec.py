"""The wire format of Sparkplug B: what a payload says, and how to say it.

`read` makes a `Payload` of bytes, `value_of` a value of a metric and the data type that its birth told, `members`
single values of a template, and `write` bytes of a `Payload`. Everything here is pure, and knows nothing of edge nodes
and hosts.
"""

from adapters.sparkplug.arrays import encode_array, read_array
from adapters.sparkplug.compression import COMPRESSED, Algorithm
from adapters.sparkplug.datatypes import ARRAYS, BINARY, DataType, Field, type_name
from adapters.sparkplug.decoding import read
from adapters.sparkplug.encoding import SignedAs, UInt32As, compress, write
from adapters.sparkplug.engineering import Engineering, engineering, quality_code
from adapters.sparkplug.float32 import shortest, shortest_of
from adapters.sparkplug.payload import (
    DEFAULT_LIMITS,
    Cell,
    DataSet,
    Limits,
    MetaData,
    Metric,
    Parameter,
    Payload,
    RawValue,
    Template,
    Value,
)
from adapters.sparkplug.properties import Properties, Property
from adapters.sparkplug.scalars import Conversion, conversion, convert
from adapters.sparkplug.templates import PARAMETERS, members
from adapters.sparkplug.values import BinaryAs, value_of

__all__ = [
    "ARRAYS",
    "BINARY",
    "COMPRESSED",
    "DEFAULT_LIMITS",
    "PARAMETERS",
    "Algorithm",
    "BinaryAs",
    "Cell",
    "Conversion",
    "DataSet",
    "DataType",
    "Engineering",
    "Field",
    "Limits",
    "MetaData",
    "Metric",
    "Parameter",
    "Payload",
    "Properties",
    "Property",
    "RawValue",
    "SignedAs",
    "Template",
    "UInt32As",
    "Value",
    "compress",
    "conversion",
    "convert",
    "encode_array",
    "engineering",
    "members",
    "quality_code",
    "read",
    "read_array",
    "shortest",
    "shortest_of",
    "type_name",
    "value_of",
    "write",
]
