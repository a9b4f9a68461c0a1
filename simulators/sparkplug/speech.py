"""Puts what a node measured into messages that keep the rules, not yet numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from adapters.sparkplug.codec import DataType, Metric, Payload, Property
from simulators.sparkplug.backlog import Kept
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.messages import BD_SEQ, REBIRTH, Kind, Message, Said, Wire, topic
from simulators.sparkplug.plan import Content, NodePlan, Part

_AT_ONCE = 500
"""Values in one message of history."""

Sampled = tuple[int, Mapping[str, Content]]
"""When values were measured, in milliseconds since 1970, and the values by the keys of their channels."""


class Speech:
    """What a node can say.

    Args:
        plan: What it consists of.
    """

    def __init__(self, plan: NodePlan) -> None:
        self._plan = plan

    def node_death(self, bd_seq: int, now_ms: int) -> Message:
        """Return NDEATH: nothing but bdSeq, and no sequence number (topics-ndeath-payload)."""
        return Message(Kind.NDEATH, "", Payload(now_ms, None, [_bd_seq(bd_seq, now_ms)]), qos=1)

    def device_death(self, part: int, now_ms: int) -> Message:
        """Return DDEATH: a time, and nothing else but the number that it gets."""
        return Message(Kind.DDEATH, self._plan.parts[part].device, Payload(now_ms))

    def birth(self, part: int, values: Mapping[str, Content], bd_seq: int, now_ms: int) -> Message:
        """Return NBIRTH (part 0) or DBIRTH, with everything there is: names, aliases, types, values and units."""
        of = self._plan.parts[part]
        kind = Kind.DBIRTH if part else Kind.NBIRTH
        control = [] if part else [_bd_seq(bd_seq, now_ms), _rebirth_control(now_ms)]
        metrics = [_birth_metric(channel, values.get(channel.key), now_ms) for channel in of.channels]
        told = self._told(kind, of, [(now_ms, values)], historical=False)
        return Message(kind, of.device, Payload(now_ms, None, [*control, *metrics]), tuple(told))

    def data(self, part: int, samples: Sequence[Sampled], now_ms: int, *, historical: bool = False) -> Message:
        """Return NDATA (part 0) or DDATA: by alias where there is one, else by name."""
        of = self._plan.parts[part]
        kind = Kind.DDATA if part else Kind.NDATA
        metrics = [
            _data_metric(channel, values[channel.key], timestamp_ms, historical=historical)
            for timestamp_ms, values in samples
            for channel in of.channels
            if channel.in_data and channel.key in values
        ]
        return Message(
            kind,
            of.device,
            Payload(now_ms, None, metrics),
            tuple(self._told(kind, of, samples, historical=historical)),
            Wire(datatypes=False),
        )

    def history(self, kept: Iterable[Kept], now_ms: int) -> list[Message]:
        """Return what was kept as data messages of bounded size: for each device, from the oldest to the newest."""
        of_parts: dict[int, list[Sampled]] = {}
        for part, timestamp_ms, values in kept:
            of_parts.setdefault(part, []).append((timestamp_ms, values))
        return [
            self.data(part, chunk, now_ms, historical=True)
            for part, samples in of_parts.items()
            for chunk in _chunks(samples)
        ]

    def _told(self, kind: Kind, of: Part, samples: Sequence[Sampled], *, historical: bool) -> Iterator[Said]:
        name = topic(self._plan.group, kind, self._plan.node, of.device)
        for timestamp_ms, values in samples:
            for channel in of.channels:
                if channel.key in values and (channel.in_data or kind.is_birth):
                    yield Said(name, channel.name, timestamp_ms, values[channel.key], historical)


def _bd_seq(number: int, now_ms: int) -> Metric:
    return Metric(BD_SEQ, None, now_ms, DataType.INT64, number)


def _rebirth_control(now_ms: int) -> Metric:
    """Return the metric that makes known that the node listens for requests; it has no alias by rule."""
    return Metric(REBIRTH, None, now_ms, DataType.BOOLEAN, value=False)


def _birth_metric(channel: Channel, value: Content, now_ms: int) -> Metric:
    properties = {}
    if channel.unit:
        properties["engUnit"] = Property(DataType.STRING, channel.unit)
    if channel.low is not None:
        properties["engLow"] = Property(DataType.DOUBLE, channel.low)
    if channel.high is not None:
        properties["engHigh"] = Property(DataType.DOUBLE, channel.high)
    return Metric(
        channel.name,
        channel.alias,
        now_ms,
        channel.datatype,
        value,
        is_null=value is None,
        is_transient=channel.is_transient,
        properties=properties,
    )


def _data_metric(channel: Channel, value: Content, timestamp_ms: int, *, historical: bool) -> Metric:
    return Metric(
        "" if channel.alias is not None else channel.name,
        channel.alias,
        timestamp_ms,
        channel.datatype,
        value,
        is_historical=historical,
        is_null=value is None,
        is_transient=channel.is_transient,
    )


def _chunks(samples: Sequence[Sampled]) -> Iterator[list[Sampled]]:
    """Yield the samples in lists of so many values at most, a larger sample in a list of its own."""
    chunk: list[Sampled] = []
    size = 0
    for sample in samples:
        if chunk and size + len(sample[1]) > _AT_ONCE:
            yield chunk
            chunk, size = [], 0
        chunk.append(sample)
        size += len(sample[1])
    if chunk:
        yield chunk
