"""Faults of the sequence numbers: lost, repeated, out of order, or counted wrongly."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.sparkplug.faults.fault import Count, Fault
from simulators.sparkplug.messages import Kind, Message

_NUMBERS = 256
_FIRST = 8


def _renumbered(message: Message, seq: int | None) -> Message:
    return message._replace(payload=message.payload._replace(seq=seq))


class SeqGap(Fault):
    """Every tenth data message is lost on its way, and its number with it."""

    def __init__(self) -> None:
        self._count = Count()

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Lose them."""
        return [message for message in messages if not self._count.strikes(message)]


class SeqDuplicate(Fault):
    """Every tenth data message is sent twice, byte for byte."""

    def __init__(self) -> None:
        self._count = Count()

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Repeat them."""
        return [
            again
            for message in messages
            for again in ((message, message._replace(told=())) if self._count.strikes(message) else (message,))
        ]


class SeqSkipDuplicate(Fault):
    """Data messages are numbered in pairs: 2, 2, 4, 4, 6, 6."""

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Round odd numbers up."""
        return [
            _renumbered(message, (seq + seq % 2) % _NUMBERS)
            if message.kind.is_data and (seq := message.payload.seq) is not None
            else message
            for message in messages
        ]


class SeqSwapped(Fault):
    """Every tenth data message arrives after the one that follows it, if that is data as well."""

    def __init__(self) -> None:
        self._count = Count()
        self._held: list[Message] = []

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Hold them back until there is another one."""
        out = []
        for message in messages:
            if self._count.strikes(message):
                self._held.append(message)
                continue
            held, self._held = self._held, []
            if message.is_will:  # what was held back is lost with the connection
                out.append(message)
            else:
                out += [message, *held] if message.kind.is_data else [*held, message]
        return out


class NbirthSeqNotZero(Fault):
    """NBIRTH has the sequence number 8, and the others count on from there."""

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Shift all numbers."""
        return [
            message if (seq := message.payload.seq) is None else _renumbered(message, (seq + _FIRST) % _NUMBERS)
            for message in messages
        ]


class SeqAbsentWhenZero(Fault):
    """The sequence number is left out where it is 0."""

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Leave it out."""
        return [message if message.payload.seq else _renumbered(message, None) for message in messages]


class OldDataAfterRebirth(Fault):
    """After a rebirth the data message that was sent before it arrives once more, with its old number."""

    def __init__(self) -> None:
        self._last: Message | None = None

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Repeat the last data message after NBIRTH."""
        out = []
        for message in messages:
            out.append(message)
            if message.is_will:
                self._last = None
            elif message.kind is Kind.NBIRTH and self._last is not None:
                out.append(self._last._replace(told=()))
            elif message.kind.is_data:
                self._last = message
        return out
