"""Faults of births: their order, their parts, their size, and how they are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.sparkplug.codec import DataType
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.faults.fault import Each, Fault
from simulators.sparkplug.messages import BD_SEQ, REBIRTH, Kind, Message
from simulators.sparkplug.plan import Content, NodePlan

LARGE = 20_000
"""Metrics of a large birth."""

_PART = 5
_CONTROL = (BD_SEQ, REBIRTH)


class DbirthBeforeNbirth(Fault):
    """Births of devices arrive before NBIRTH, whose sequence number is the lower one."""

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put NBIRTH after them."""
        if all(message.kind is not Kind.NBIRTH for message in messages):
            return messages
        return sorted(messages, key=lambda message: message.kind is Kind.NBIRTH)


class DeviceDataBeforeBirth(Fault):
    """Each device says its values by alias before its birth says them with names."""

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put a data message before every DBIRTH."""
        out = []
        for message in messages:
            if message.kind is Kind.DBIRTH:
                metrics = [
                    metric._replace(name="", properties={})
                    for metric in message.payload.metrics
                    if metric.alias is not None and metric.datatype != DataType.TEMPLATE
                ]
                payload = message.payload._replace(metrics=metrics)
                wire = message.wire._replace(datatypes=False)
                out.append(message._replace(kind=Kind.DDATA, payload=payload, told=(), wire=wire))
            out.append(message)
        return out


class BirthSplitInSeveral(Fault):
    """Births have five metrics at most; the others follow in further births, each of which has bdSeq as well."""

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Split them."""
        return [piece for message in messages for piece in (_pieces(message) if message.kind.is_birth else (message,))]


def _pieces(message: Message) -> list[Message]:
    control = [metric for metric in message.payload.metrics if metric.name in _CONTROL]
    metrics = [metric for metric in message.payload.metrics if metric.name not in _CONTROL]
    return [
        message._replace(
            payload=message.payload._replace(metrics=[*control, *metrics[start : start + _PART]]),
            told=() if start else message.told,
        )
        for start in range(0, max(1, len(metrics)), _PART)
    ]


class LargeBirth(Fault):
    """The first device has 20,000 metrics more, of which one changes with every sample."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Add them."""
        channels = [Channel(f"bulk {n}", f"bulk/{n // 100:03}/value {n:05}", DataType.FLOAT) for n in range(LARGE)]
        at_rest = {channel.key: float(number) for number, channel in enumerate(channels)}

        def sample(time_ns: int) -> Mapping[str, Content]:
            moving = channels[time_ns // 1_000_000_000 % LARGE].key
            return {**at_rest, moving: at_rest[moving] + 0.5}

        return plan.with_channels(channels, sample, first_only=True)


def retained_birth() -> Fault:
    """Births are retained by the broker."""
    return Each(lambda message: message._replace(retain=True), lambda message: message.kind.is_birth)


def qos1_births() -> Fault:
    """Births are published with QoS 1."""
    return Each(lambda message: message._replace(qos=1), lambda message: message.kind.is_birth)
