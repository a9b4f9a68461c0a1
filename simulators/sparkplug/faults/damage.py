"""Faults of the bytes: compressed, damaged, or no payload at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.sparkplug.codec import Payload, compress
from simulators.sparkplug.faults.fault import Count, Each, Fault
from simulators.sparkplug.messages import Kind, Message, Wire

_NEVER_COMPRESSED = (Kind.NDEATH, Kind.DDEATH, Kind.STATE)
_NO_PAYLOAD = b"\xff\xfe this was never a payload \x00"


def compressed_deflate() -> Fault:
    """Payloads are compressed with DEFLATE, which is not named; time and sequence number stand outside as well."""
    return _compressed(lambda payload: compress(payload, outside=True))


def compressed_gzip() -> Fault:
    """Payloads are compressed with GZIP, which is named; time and sequence number stand inside only."""
    return _compressed(lambda payload: compress(payload, "GZIP"))


def _compressed(how: Callable[[bytes], bytes]) -> Fault:
    return Each(
        lambda message: message._replace(wire=message.wire._replace(also=how)),
        lambda message: message.kind not in _NEVER_COMPRESSED,
    )


class MalformedPayload(Fault):
    """Every tenth data message is followed by one that is no payload, and has no sequence number."""

    def __init__(self) -> None:
        self._count = Count()

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put it after them."""
        return [
            each
            for message in messages
            for each in ((message, _garbage(message)) if self._count.strikes(message) else (message,))
        ]


def _garbage(message: Message) -> Message:
    return Message(message.kind, message.device, Payload(), wire=Wire(also=lambda _: _NO_PAYLOAD))


class TruncatedPayload(Fault):
    """Every tenth data message lacks the second half of its bytes."""

    def __init__(self) -> None:
        self._count = Count()

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Cut them; nothing in them counts as said."""
        return [
            message._replace(wire=message.wire._replace(also=_half), told=())
            if self._count.strikes(message)
            else message
            for message in messages
        ]


def _half(payload: bytes) -> bytes:
    return payload[: len(payload) // 2]
