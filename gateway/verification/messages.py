"""The messages that a verification publishes: three kinds, each on topics of its own, and the route that takes them.

| kind | payload | what the database shows |
|---|---|---|
| timed | `{"ts": ms, "n": number}` | one point for each number; a second copy overwrites the first |
| untimed | `{"n": number}` | a point at the time of receipt: second copies and their order can be seen |
| constant | `{"n": 1}`, always the same | a point at the time of receipt: only how many there are can be seen |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

ROOT = "gateway-verification"
"""First level of every topic."""

FIELD = "n"
"""Name of the one value that every message has."""


class Kind(StrEnum):
    """Kinds of messages; each is stored as a measurement of its own."""

    TIMED = "timed"
    UNTIMED = "untimed"
    CONSTANT = "constant"

    @property
    def measurement(self) -> str:
        """The measurement that they are stored as."""
        return f"verification_{self.value}"


class Stream(NamedTuple):
    """The messages of one kind from one machine: they have one topic and become one series.

    Attributes:
        kind: Of all of them.
        machine: The tag `asset` of its points.
    """

    kind: Kind
    machine: str


@dataclass(frozen=True)
class Messages:
    """The messages of one run.

    Attributes:
        run: Identifies the run: a level of its topics, and the tag `run` of its points. Letters, digits, hyphens.
        first_ms: Time of the timed messages with number 0, in milliseconds since 1970; number n is n ms later.
    """

    run: str
    first_ms: int

    def topic(self, stream: Stream) -> str:
        """Return where the messages of a stream are published."""
        return f"{ROOT}/{self.run}/{stream.kind}/{stream.machine}"

    def payload(self, stream: Stream, number: int) -> bytes:
        """Return a message of a stream."""
        match stream.kind:
            case Kind.TIMED:
                return b'{"ts":%d,"n":%d}' % (self.first_ms + number, number)
            case Kind.UNTIMED:
                return b'{"n":%d}' % number
            case Kind.CONSTANT:
                return b'{"n":1}'

    def time_ns(self, stream: Stream, number: int) -> int | None:
        """Return the time that a message is to be stored at; None for the time of its receipt."""
        return (self.first_ms + number) * 1_000_000 if stream.kind is Kind.TIMED else None

    def route(self) -> str:
        """Return the route that takes all of them, and nothing else, as TOML."""
        return (
            "[[routes]]\n"
            f'topic = "{ROOT}/{self.run}/{{kind}}/{{machine}}"\n'
            'adapter = "json"\n'
            'measurement = "verification_{kind}"\n'
            'asset = "{machine}"\n'
            f'tags = {{ run = "{self.run}" }}\n'
            'timestamp = { key = "ts", unit = "ms" }\n'
        )
