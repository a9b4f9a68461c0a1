"""Faults of bdSeq, which ties a death to its birth, and of deaths themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.sparkplug.codec import DataType, Metric
from simulators.sparkplug.faults.fault import Each, Fault
from simulators.sparkplug.messages import BD_SEQ, Kind, Message

_NUMBERS = 256
_JUMP = 5


def _with_bd_seq(change: Callable[[Metric], Metric]) -> Callable[[Message], Message]:
    """Return what changes bdSeq in a message, where it has one."""

    def changed(message: Message) -> Message:
        metrics = [change(metric) if metric.name == BD_SEQ else metric for metric in message.payload.metrics]
        return message._replace(payload=message.payload._replace(metrics=metrics))

    return changed


def _number(metric: Metric) -> int:
    return metric.value if isinstance(metric.value, int) else 0


def wrong_bdseq_death() -> Fault:
    """The NDEATH that is said before leaving has a bdSeq that is ahead by one; the Will is right."""
    ahead = _with_bd_seq(lambda metric: metric._replace(value=(_number(metric) + 1) % _NUMBERS))
    return Each(ahead, lambda message: message.kind is Kind.NDEATH and not message.is_will)


def will_bdseq_zero() -> Fault:
    """The Will always has bdSeq 0, whatever NBIRTH says."""
    return Each(_with_bd_seq(lambda metric: metric._replace(value=0)), lambda message: message.is_will)


def bdseq_constant() -> Fault:
    """The number of the session is always 0, and a UInt64."""
    return Each(_with_bd_seq(lambda metric: metric._replace(value=0, datatype=DataType.UINT64)))


def bdseq_jumps() -> Fault:
    """The number of the session grows by five from one session to the next."""
    return Each(_with_bd_seq(lambda metric: metric._replace(value=_number(metric) * _JUMP % _NUMBERS)))


def bdseq_minus_one() -> Fault:
    """NBIRTH says -1 where the Will says 255."""
    minus = _with_bd_seq(lambda metric: metric._replace(value=-1) if metric.value == _NUMBERS - 1 else metric)
    return Each(minus, lambda message: message.kind is Kind.NBIRTH)


def no_bdseq() -> Fault:
    """Births and deaths have no bdSeq."""

    def without(message: Message) -> Message:
        metrics = [metric for metric in message.payload.metrics if metric.name != BD_SEQ]
        return message._replace(payload=message.payload._replace(metrics=metrics))

    return Each(without)


class BdseqEveryMessage(Fault):
    """Every message carries bdSeq, also data and those of devices."""

    def __init__(self) -> None:
        self._metric: Metric | None = None

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put the number of the last Will into whatever lacks it."""
        for message in messages:
            if message.is_will:
                self._metric = message.payload.metrics[0] if message.payload.metrics else None
        return [self._with(message) for message in messages]

    def _with(self, message: Message) -> Message:
        metrics = message.payload.metrics
        if self._metric is None or any(metric.name == BD_SEQ for metric in metrics):
            return message
        return message._replace(payload=message.payload._replace(metrics=[*metrics, self._metric]))


class NoDeath(Fault):
    """The node leaves with DISCONNECT and says no NDEATH."""

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Leave it out; the Will stays."""
        return [message for message in messages if message.kind is not Kind.NDEATH or message.is_will]


class DeathTwice(Fault):
    """The node leaves with NDEATH but without DISCONNECT, so that the broker says NDEATH again."""

    disconnects_without_packet = True


class DdeathBdseqNoSeq(Fault):
    """DDEATH has a bdSeq, but no sequence number; it takes none either."""

    def __init__(self) -> None:
        self._bd_seq = 0
        self._taken = 0

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put bdSeq in."""
        out = []
        for message in messages:
            if message.is_will:
                self._bd_seq = _number(message.payload.metrics[0]) if message.payload.metrics else 0
            if message.kind is Kind.DDEATH:
                metric = Metric(BD_SEQ, None, message.payload.timestamp, DataType.INT64, self._bd_seq)
                out.append(message._replace(payload=message.payload._replace(metrics=[metric])))
            else:
                out.append(message)
        return out

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Take the number out, and shift those after it until the next birth."""
        out = []
        for message in messages:
            if message.kind is Kind.NBIRTH:
                self._taken = 0
            seq = message.payload.seq
            if message.kind is Kind.DDEATH:
                self._taken += 1
                seq = None
            elif seq is not None:
                seq = (seq - self._taken) % _NUMBERS
            out.append(message._replace(payload=message.payload._replace(seq=seq)))
        return out
