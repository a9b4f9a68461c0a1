"""Faults of the names of metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.sparkplug.codec import DataType
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.faults.aliases import NoAliases
from simulators.sparkplug.faults.fault import Fault
from simulators.sparkplug.messages import Kind, Message
from simulators.sparkplug.plan import Content, NodePlan

ODD_NAMES = (
    "Temperatur Öl °C",
    "温度",
    "a,b",
    "a=b",
    'says "so"',
    "back\\slash",
    "ends in backslash\\",
    "Case",
    "case",
    "time",
    "_field",
    "/leading",
    "trailing/",
    "double//slash",
    "folder",
    "folder/member",
    "line\nbreak",
)
"""All legal (any UTF-8), none pleasant."""

_PREFIX = "DATA/"


class OddNames(Fault):
    """Each device has more metrics, with names in other scripts, with signs and slashes, twins by case, and `time`."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Add them; their values grow once a second."""
        channels = [Channel(f"odd {name}", name, DataType.INT64) for name in ODD_NAMES]

        def sample(time_ns: int) -> Mapping[str, Content]:
            second = time_ns // 1_000_000_000 % 1_000_000
            return {channel.key: second + number for number, channel in enumerate(channels)}

        return plan.with_channels(channels, sample)


class DataNamesDifferFromBirth(Fault):
    """Births of devices call a metric `DATA/temperature`, data messages `temperature`, and there are no aliases."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Take the aliases away."""
        return NoAliases().plan(plan)

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put the prefix before the names in births of devices, and types into data messages."""
        return [
            self._prefixed(message)
            if message.kind is Kind.DBIRTH
            else message._replace(wire=message.wire._replace(datatypes=True))
            for message in messages
        ]

    def _prefixed(self, message: Message) -> Message:
        metrics = [metric._replace(name=_PREFIX + metric.name) for metric in message.payload.metrics]
        return message._replace(payload=message.payload._replace(metrics=metrics))
