"""Faults of aliases: legal but rare ones, ambiguous ones, and ones that nobody knows yet."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sparkplug.codec import DataType, Metric
from simulators.sparkplug.faults.fault import Count, Each, Fault
from simulators.sparkplug.messages import Message
from simulators.sparkplug.plan import NodePlan

_HELD_FOR = 3
_UNHEARD_OF = 999_999


class AliasZero(Fault):
    """Aliases count from 0, which is legal."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Move them all down by one."""
        return plan.with_each(
            lambda channel: channel if channel.alias is None else channel._replace(alias=channel.alias - 1)
        )


class AliasReusedAcrossDevices(Fault):
    """The aliases of each device count from 1, so that several devices have the same ones."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Count anew in each device."""
        parts = [
            part._replace(
                channels=tuple(channel._replace(alias=number) for number, channel in enumerate(part.channels, 1))
            )
            for part in plan.parts
        ]
        return plan._replace(parts=tuple(parts))


class AliasOfAll(Fault):
    """All metrics of a birth have the same alias, 1."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Give it to all."""
        return plan.with_each(lambda channel: channel._replace(alias=1))


class NoAliases(Fault):
    """No metric has an alias; data messages name them, which is legal."""

    def plan(self, plan: NodePlan) -> NodePlan:
        """Take them away."""
        return plan.with_each(lambda channel: channel._replace(alias=None))


class NameAndAlias(Fault):
    """Data messages give the name beside the alias."""

    def __init__(self) -> None:
        self._names: dict[str, dict[int | None, str]] = {}

    def plan(self, plan: NodePlan) -> NodePlan:
        """Remember the names."""
        self._names = {part.device: {channel.alias: channel.name for channel in part.channels} for part in plan.parts}
        return plan

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Add the names."""
        return [self._named(message) if message.kind.is_data else message for message in messages]

    def _named(self, message: Message) -> Message:
        names = self._names[message.device]
        metrics = [metric._replace(name=names.get(metric.alias, metric.name)) for metric in message.payload.metrics]
        return message._replace(payload=message.payload._replace(metrics=metrics))


class AliasBeforeBirth(Fault):
    """Births come only after the first three data messages of a session, or when they are asked for."""

    def __init__(self) -> None:
        self._new_session = False
        self._held: list[Message] = []
        self._data = 0

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Hold the first births of a session back."""
        if any(message.is_will for message in messages):
            self._new_session, self._held, self._data = True, [], 0
            return messages
        if any(message.kind.is_birth for message in messages):
            if self._new_session:
                self._new_session = False
                self._held = list(messages)
                return []
            self._held = []
            return messages
        self._data += sum(message.kind.is_data for message in messages)
        if self._data < _HELD_FOR or not self._held:
            return messages
        held, self._held = self._held, []
        return [*messages, *held]


class UnknownAlias(Fault):
    """Every tenth data message has one more metric, with an alias that no birth has named."""

    def __init__(self) -> None:
        self._count = Count()

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Add it."""
        return [self._with_more(message) if self._count.strikes(message) else message for message in messages]

    def _with_more(self, message: Message) -> Message:
        metric = Metric("", _UNHEARD_OF, message.payload.timestamp, DataType.INT64, 1)
        return message._replace(payload=message.payload._replace(metrics=[*message.payload.metrics, metric]))


def births_without_names() -> Fault:
    """Births have aliases, but no names; only bdSeq and the rebirth control keep theirs."""

    def nameless(message: Message) -> Message:
        metrics = [metric if metric.alias is None else metric._replace(name="") for metric in message.payload.metrics]
        return message._replace(payload=message.payload._replace(metrics=metrics))

    return Each(nameless, lambda message: message.kind.is_birth)
