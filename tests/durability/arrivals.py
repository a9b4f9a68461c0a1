"""The order in which messages are first brought to the database: on the way there a topic must not overtake itself.

The times of points cannot show it, since they are fixed when a message is received. What the database refuses or does
not confirm comes again, and may be tried apart in another order; nothing that is new may come before its time.
"""

from __future__ import annotations

import re

from gateway.verification.messages import Kind, Stream
from tests.servers.http_proxy import Write

_LINE = re.compile(rb"^verification_(timed|untimed),asset=([^, ]+)[^ ]* (?:[^ ]*,)?n=(\d+)", re.MULTILINE)
"""A point of a numbered message, as the gateway writes it: its kind, its machine, its number."""


class Arrivals:
    """Reads along what is written.

    Attributes:
        late: Messages that came for the first time after a later one of their topic.
    """

    def __init__(self) -> None:
        self.late: list[tuple[Stream, int]] = []
        self._streams: dict[tuple[bytes, bytes], _Seen] = {}

    def note(self, write: Write) -> None:
        """Take note of a write, whatever becomes of it; about a microsecond for each point."""
        streams = self._streams
        for kind, machine, digits in _LINE.findall(write.body):
            seen = streams.get((kind, machine))
            if seen is None:
                stream = Stream(Kind(kind.decode()), machine.decode())
                seen = streams[kind, machine] = _Seen(stream)
            number = int(digits)
            if number > seen.highest:
                seen.numbers += bytes(number - seen.highest)
                seen.highest = number
            elif not seen.numbers[number]:
                self.late.append((seen.stream, number))
            seen.numbers[number] = 1


class _Seen:
    """One stream: a byte for each number up to the highest, 1 where it has come."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.highest = -1
        self.numbers = bytearray()
