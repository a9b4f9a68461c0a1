"""Values that not every host expects: rare types, structures, numbers that are none. Each device says more of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from adapters.sparkplug.codec import DataSet, DataType, Metric, Parameter, Property, Template, encode_array
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.faults.fault import Count, Each, Fault
from simulators.sparkplug.messages import Message
from simulators.sparkplug.plan import Content, NodePlan, Sampler

_SECOND_NS = 1_000_000_000
_TEMPLATE = "Motor"
_BAD = 0
"""OPC's code for a bad quality (payloads-propertyset-quality-value-value)."""

_ARRAYS: Mapping[DataType, Callable[[int], Sequence[bool | int | float | str]]] = {
    DataType.INT8_ARRAY: lambda second: [-23, second % 128, -128],
    DataType.INT16_ARRAY: lambda second: [-30_000, second % 30_000],
    DataType.INT32_ARRAY: lambda second: [-315_338_746, second],
    DataType.INT64_ARRAY: lambda second: [-4_270_929_666_821_191_986, second],
    DataType.UINT8_ARRAY: lambda second: [23, 250, second % 256],
    DataType.UINT16_ARRAY: lambda second: [30, second % 65_536],
    DataType.UINT32_ARRAY: lambda second: [52, 3_293_969_225, second],
    DataType.UINT64_ARRAY: lambda second: [52, 16_444_743_074_749_521_625, second],
    DataType.FLOAT_ARRAY: lambda second: [1.23, second % 1_000 + 0.5],
    DataType.DOUBLE_ARRAY: lambda second: [12.354213, second + 0.25],
    DataType.BOOLEAN_ARRAY: lambda second: [second >> bit & 1 == 1 for bit in range(10)],
    DataType.STRING_ARRAY: lambda second: ["ABC", "", f"second {second}"],
    DataType.DATETIME_ARRAY: lambda second: [1_256_102_875_335, second * 1_000],
}


class Also(Fault):
    """A fault that gives each device more metrics.

    Args:
        channels: Which.
        sample: Returns their values, given seconds since 1970-01-01T00:00:00Z.
        also: What it does to each message, beside that.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        sample: Callable[[int], Mapping[str, Content]],
        also: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        self._channels = channels
        self._sample: Sampler = lambda time_ns: sample(time_ns // _SECOND_NS)
        self._also = also

    def plan(self, plan: NodePlan) -> NodePlan:
        """Add them."""
        return plan.with_channels(self._channels, self._sample)

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Do to each message what is to be done."""
        return [self._also(message) for message in messages]


def _also(name: str, datatype: DataType, value: Callable[[int], Content], *, is_transient: bool = False) -> Fault:
    """Return what adds one metric."""
    channel = Channel(name, name, datatype, is_transient=is_transient)
    return Also([channel], lambda second: {name: value(second)})


def uint32_long() -> Fault:
    """A UInt32 beyond 31 bits stands in `long_value`."""
    channel = Channel("pulses_total", "pulses_total", DataType.UINT32)
    return Also(
        [channel],
        lambda second: {"pulses_total": 3_000_000_000 + second % 1_000_000_000},
        lambda message: message._replace(wire=message.wire._replace(uint32="long")),
    )


def signed_extended() -> Fault:
    """Negative Int8 and Int16 fill all 32 bits of their field."""
    channels = [
        Channel("offset_int8", "offset_int8", DataType.INT8),
        Channel("offset_int16", "offset_int16", DataType.INT16),
        Channel("offset_int32", "offset_int32", DataType.INT32),
        Channel("offset_int64", "offset_int64", DataType.INT64),
    ]
    return Also(
        channels,
        lambda second: {channel.key: -3 - second % 100 for channel in channels},
        lambda message: message._replace(wire=message.wire._replace(signed="extended")),
    )


def nulls() -> Fault:
    """A metric has no value in every other second, and says so with `is_null`, which is legal."""
    return _also("probe", DataType.DOUBLE, lambda second: None if second % 2 else float(second % 1_000))


class NullWithoutFlag(Also):
    """A metric has no value in every other second, without `is_null`."""

    def __init__(self) -> None:
        super().__init__(
            [Channel("probe", "probe", DataType.DOUBLE)],
            lambda second: {"probe": None if second % 2 else float(second % 1_000)},
            _unflagged,
        )


def _unflagged(message: Message) -> Message:
    metrics = [metric._replace(is_null=False) for metric in message.payload.metrics]
    return message._replace(payload=message.payload._replace(metrics=metrics))


def nan() -> Fault:
    """A metric is NaN, infinite, or a number, second by second."""
    return _also("acceleration", DataType.DOUBLE, lambda second: (math.nan, math.inf, -math.inf, 1.5)[second % 4])


def transient_values() -> Fault:
    """A metric is marked as transient, not to be stored, which is legal."""
    return _also("jog_speed", DataType.DOUBLE, lambda second: second % 100 + 0.5, is_transient=True)


def datetime_zero() -> Fault:
    """A metric of type DateTime is always 0, as where a date object was handed to an encoder of numbers."""
    return _also("last_service", DataType.DATETIME, lambda _: 0)


def dataset() -> Fault:
    """A metric is a table of tools."""
    columns, types = ["tool", "wear", "in_use"], [DataType.STRING, DataType.FLOAT, DataType.BOOLEAN]
    return _also(
        "tool_table",
        DataType.DATASET,
        lambda second: DataSet(
            columns, types, [(f"T{tool}", second % 50 + tool / 2, tool == second % 3) for tool in range(3)]
        ),
    )


def arrays() -> Fault:
    """There is a metric of each array type."""
    channels = [Channel(f"array {each.title}", f"arrays/{each.title}", each) for each in _ARRAYS]
    return Also(
        channels,
        lambda second: {f"array {each.title}": encode_array(each, values(second)) for each, values in _ARRAYS.items()},
    )


def _motor(second: int, *, is_definition: bool) -> Template:
    speed, running = (0.0, False) if is_definition else (second % 3_000 + 0.5, second % 60 != 0)
    return Template(
        metrics=[
            Metric("speed", datatype=DataType.DOUBLE, value=speed),
            Metric("running", datatype=DataType.BOOLEAN, value=running),
        ],
        parameters=[Parameter("poles", DataType.INT32, 4)],
        template_ref="" if is_definition else _TEMPLATE,
        is_definition=is_definition,
    )


_DEFINITION = Channel(f"_types_/{_TEMPLATE}", f"_types_/{_TEMPLATE}", DataType.TEMPLATE, in_data=False)
_INSTANCE = Channel("motor", "motor", DataType.TEMPLATE)


def _instance(second: int) -> Mapping[str, Content]:
    return {_INSTANCE.key: _motor(second, is_definition=False)}


def template_definition_in_dbirth() -> Fault:
    """A metric is an instance of a template whose definition stands in DBIRTH, where it does not belong."""
    return Also(
        [_DEFINITION, _INSTANCE],
        lambda second: {_DEFINITION.key: _motor(0, is_definition=True), **_instance(second)},
    )


class Templates(Also):
    """A metric is an instance of a template whose definition stands in NBIRTH, which is legal."""

    def __init__(self) -> None:
        super().__init__([_INSTANCE], _instance)

    def plan(self, plan: NodePlan) -> NodePlan:
        """Add the definition to the node, and an instance to each device."""
        node, *devices = super().plan(plan).parts
        definition = {_DEFINITION.key: _motor(0, is_definition=True)}
        own = node.sample
        node = node._replace(
            sample=lambda time_ns: {**own(time_ns), **definition}, channels=(*node.channels, _DEFINITION)
        )
        return plan._replace(parts=(node, *devices))


class QualityPropertyBad(Fault):
    """The metrics of every tenth data message have the property Quality with the value 0, bad."""

    def __init__(self) -> None:
        self._count = Count()

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Mark them."""
        return [_marked_bad(message) if self._count.strikes(message) else message for message in messages]


def _marked_bad(message: Message) -> Message:
    metrics = [
        metric._replace(properties={**metric.properties, "Quality": Property(DataType.INT32, _BAD)})
        for metric in message.payload.metrics
    ]
    return message._replace(payload=message.payload._replace(metrics=metrics))


def properties_without_type() -> Fault:
    """Properties in births have a value, but no type."""

    def untyped(message: Message) -> Message:
        metrics = [
            metric._replace(properties={key: each._replace(type=None) for key, each in metric.properties.items()})
            for metric in message.payload.metrics
        ]
        return message._replace(payload=message.payload._replace(metrics=metrics))

    return Each(untyped, lambda message: message.kind.is_birth)


def datatypes_in_data() -> Fault:
    """Data messages tell the types of their metrics, which is legal."""
    return Each(lambda message: message._replace(wire=message.wire._replace(datatypes=True)))
