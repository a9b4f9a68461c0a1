"""Faults of timestamps, and of how what was stored is sent later."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulators.sparkplug.faults.fault import Each, Fault
from simulators.sparkplug.messages import Kind, Message

_DAY_MS = 86_400_000


def _with_times(
    change: Callable[[int | None], int | None], *, payload: bool = True, metrics: bool = True
) -> Callable[[Message], Message]:
    """Return what changes the times of a message."""

    def changed(message: Message) -> Message:
        content = message.payload
        if payload:
            content = content._replace(timestamp=change(content.timestamp))
        if metrics:
            content = content._replace(
                metrics=[metric._replace(timestamp=change(metric.timestamp)) for metric in content.metrics]
            )
        return message._replace(payload=content)

    return changed


def _scaled(numerator: int, denominator: int) -> Fault:
    return Each(_with_times(lambda time: None if time is None else time * numerator // denominator))


def timestamps_missing() -> Fault:
    """Metrics have no time; their payload has."""
    return Each(_with_times(lambda _: None, payload=False))


def timestamps_nowhere() -> Fault:
    """Neither metrics nor payloads have a time."""
    return Each(_with_times(lambda _: None))


def timestamps_in_seconds() -> Fault:
    """Times count seconds instead of milliseconds."""
    return _scaled(1, 1_000)


def timestamps_in_microseconds() -> Fault:
    """Times count microseconds."""
    return _scaled(1_000, 1)


def timestamps_in_nanoseconds() -> Fault:
    """Times count nanoseconds."""
    return _scaled(1_000_000, 1)


def timestamps_zero() -> Fault:
    """All times are 0."""
    return Each(_with_times(lambda _: 0))


def timestamps_future() -> Fault:
    """All times are a day ahead."""
    return Each(_with_times(lambda time: None if time is None else time + _DAY_MS))


class TimestampsOfStart(Fault):
    """All metrics have the time of the node's first connection, for ever; payloads have the right one."""

    def __init__(self) -> None:
        self._start: int | None = None

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put the first time in."""
        if self._start is None:
            self._start = messages[0].payload.timestamp if messages else None
        set_back = _with_times(lambda _: self._start, payload=False)
        return [set_back(message) for message in messages]


def _is_history(message: Message) -> bool:
    return message.kind.is_data and any(metric.is_historical for metric in message.payload.metrics)


def history_flush_unmarked() -> Fault:
    """What was stored is sent without `is_historical`."""

    def unmarked(message: Message) -> Message:
        metrics = [metric._replace(is_historical=False) for metric in message.payload.metrics]
        return message._replace(payload=message.payload._replace(metrics=metrics))

    return Each(unmarked, _is_history)


class HistoryInterleaved(Fault):
    """What was stored is sent in the next live message of the device, before its live values."""

    def __init__(self) -> None:
        self._held: dict[str, list[Message]] = {}

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Hold history back, and put it into the live message that follows, or before the death."""
        out = []
        for message in messages:
            if _is_history(message):
                self._held.setdefault(message.device, []).append(message)
            elif message.kind.is_data:
                out.append(_joined([*self._held.pop(message.device, []), message]))
            elif message.kind is Kind.NDEATH and not message.is_will:
                out += [held for of_device in self._held.values() for held in of_device]
                self._held.clear()
                out.append(message)
            else:
                out.append(message)
        return out


def _joined(messages: Sequence[Message]) -> Message:
    """Return one message with the content of all, and everything else of the last."""
    metrics = [metric for message in messages for metric in message.payload.metrics]
    told = tuple(said for message in messages for said in message.told)
    return messages[-1]._replace(payload=messages[-1].payload._replace(metrics=metrics), told=told)
