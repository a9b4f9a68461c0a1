"""A group: what one commit makes safe, and after which its messages are acknowledged together."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, repeat
from typing import NamedTuple

from gateway.models import Command, Definition, Message
from gateway.spool.dead_letters import DeadLetter
from gateway.spool.errand import Settlement

NO_MESSAGE = -1


class Origins(NamedTuple):
    """Which message each record of a row came from.

    Attributes:
        source: Name of the source.
        topics: The topics that occur.
        topic_of: For each message, the index of its topic.
        records_of: For each message, how many records it became.
    """

    source: str
    topics: Sequence[str]
    topic_of: Sequence[int]
    records_of: Sequence[int]

    def pack(self) -> bytes:
        """Return it as bytes for the spool's file."""
        head = json.dumps([self.source, list(self.topics), len(self.topic_of)]).encode()
        return head + b"\n" + array("I", self.topic_of).tobytes() + array("I", self.records_of).tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> Origins:
        """Return what `pack` packed."""
        head, _, rest = packed.partition(b"\n")
        source, topics, messages = json.loads(head)
        numbers = array("I", rest)
        return cls(source, topics, numbers[:messages], numbers[messages:])


@lru_cache(maxsize=2)  # a sink that refuses one record of a row often refuses thousands
def _unpacked(packed: bytes) -> tuple[Origins, Sequence[int]]:
    """Return where the records of a row came from, and for each message the number of records up to its end."""
    origins = Origins.unpack(packed)
    return origins, list(accumulate(origins.records_of))


class Row(NamedTuple):
    """Records that wait, as one group committed them.

    Attributes:
        id: Rises with every group.
        created_ns: When it was committed.
        messages: Messages that the records came from.
        points: Records.
        size: Bytes it takes.
        body: The records, one a line.
        origins: Packed; see `Origins`.
    """

    id: int
    created_ns: int
    messages: int
    points: int
    size: int
    body: bytes
    origins: bytes

    def origin_of(self, record: int) -> tuple[int, str, str]:
        """Return the number of the message a record came from, its source and its topic; -1 for a record of our own."""
        origins, ends = _unpacked(self.origins)
        message = bisect_right(ends, record)
        if message == len(ends):
            return NO_MESSAGE, origins.source, ""
        return message, origins.source, origins.topics[origins.topic_of[message]]


class Group:
    """Everything that the messages of one group said, collected while they are decoded.

    Attributes:
        source: Name of the source they came from.
        received: Messages taken into the group, of any fate.
        size: Bytes of them, about.
        written: Bytes of the records of its messages.
        further: Records that follow from no single message: the catalogue, silences.
        dead_letters: What could not be understood or taken.
        held: Messages that wait for a key, with it.
        released: Keys that became known.
        remembered: The latest message for a key.
        redelivery: Keys of committed messages without a time of their own (see `gateway.spool.redelivery`).
        definitions: New entries of the catalogue.
        commands: What is to be sent once the group is safe.
        settlement: The dead letters that its records come from, and what becomes of them.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.received = 0
        self.size = 0
        self.written = 0
        self.further: list[str] = []
        self.dead_letters: list[DeadLetter] = []
        self.held: list[tuple[str, Message]] = []
        self.released: list[str] = []
        self.remembered: dict[str, Message] = {}
        self.redelivery = bytearray()
        self.definitions: list[Definition] = []
        self.commands: list[Command] = []
        self.settlement: Settlement | None = None
        self._pieces: list[bytes] = []
        """The records of its messages, those that were added together in one piece: each ends with a newline."""
        self._records = 0
        self._topics: dict[str, int] = {}
        self._topic_of = array("I")
        self._records_of = array("I")

    def add(self, topic: str, lines: Sequence[str]) -> None:
        """Add the records of one message, or note that there are none."""
        self.add_text(topic, "\n".join([*lines, ""]), len(lines))

    def add_text(self, topic: str, text: str, records: int) -> None:
        """Add so many records of one message as one text, with a newline behind each."""
        topics = self._topics
        index = topics.get(topic)
        if index is None:
            index = topics[topic] = len(topics)
        self._topic_of.append(index)
        self._records_of.append(records)
        self._put(text, records)

    def add_each(self, messages: Sequence[Message], lines: Sequence[str]) -> None:
        """Add one record for each of these messages."""
        topics, topic_of = self._topics, self._topic_of
        for message in messages:
            index = topics.get(message.topic)
            topic_of.append(topics.setdefault(message.topic, len(topics)) if index is None else index)
        self._records_of.extend(repeat(1, len(lines)))
        self._put("\n".join([*lines, ""]), len(lines))

    def _put(self, text: str, records: int) -> None:
        # Made one piece while the processor has them at hand: in the narrow layout a group has thousands of records,
        # and each that is kept until the commit takes half as much memory again.
        if records:
            piece = text.encode()
            self._pieces.append(piece)
            self._records += records
            self.written += len(piece)

    @property
    def lines(self) -> list[str]:
        """The records of its messages, to look at."""
        return b"".join(self._pieces).decode().split("\n")[:-1]

    @property
    def messages(self) -> int:
        """Messages that became records."""
        return len(self._topic_of)

    @property
    def records(self) -> int:
        """Records of any kind."""
        return self._records + len(self.further)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.records or self._has_more_than_records())

    @property
    def only_timed_records(self) -> bool:
        """Whether it is records and nothing else, all of messages with times of their own.

        Such a group may be written twice and overwrites itself. What has no time of its own is told from its second
        copy by a key that must be on disk together with the message.
        """
        return bool(self.records) and not self._has_more_than_records()

    def _has_more_than_records(self) -> bool:
        return bool(
            self.dead_letters
            or self.held
            or self.released
            or self.remembered
            or self.redelivery
            or self.definitions
            or self.settlement
        )

    def body(self) -> bytes:
        """Return the records, one a line."""
        return b"".join([*self._pieces, "\n".join([*self.further, ""]).encode()])

    def origins(self) -> Origins:
        """Return where the records came from."""
        return Origins(self.source, list(self._topics), self._topic_of, self._records_of)
