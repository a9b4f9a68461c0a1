"""Batches of PUBLISH packets, encoded ahead of time up to the one thing that changes: the time in them.

All messages of a frame carry one time, and its packet identifiers are its own, so that sending it again with another
time is one `bytes.join`: about 0.05 us a message, where encoding each would cost 1 us and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Literal, NamedTuple

import mqtt5
import orjson

from simulators.load.batch import Batch

_PLACEHOLDER = 9_999_999_999_999
"""Stands for the time: 13 digits, as every epoch time in milliseconds from 2001 to 2286."""

_SLOTS = 8
"""Frames on their way at a time, so that the broker has work while the next is prepared."""

_VARIANTS = 4
"""How many messages of a topic differ in more than their time, at least."""

VALUES = 6
"""Values in a message, unless another number is wanted."""


def topic(index: int) -> str:
    """Return a topic by its index: `load/area0/line0/m0/telemetry`, ten machines a line, ten lines an area."""
    return f"load/area{index // 100}/line{index // 10 % 10}/m{index % 10}/telemetry"


def payload(index: int, variant: int, time_ms: int, values: int = VALUES) -> bytes:
    """Return a message of one time and so many values; with six of them it has about 150 bytes.

    They are four floats, a text and an integer, and the same again for each further axis: `temperature_2`, ...
    """
    document: dict[str, int | float | str] = {"ts": time_ms}
    for axis in range(1, 2 + (values - 1) // VALUES):
        ending, seed = "" if axis == 1 else f"_{axis}", index + 1_009 * (axis - 1)
        document |= {
            f"temperature{ending}": 20.25 + (seed * 7 + variant * 13) % 300 / 4,
            f"spindle_speed{ending}": 4_000.5 + (seed * 31 + variant * 17) % 4_000,
            f"vibration{ending}": 0.5625 + (seed + variant * 3) % 90 / 16,
            f"power{ending}": 1.375 + (seed * 3 + variant) % 64 / 8,
            f"state{ending}": ("RUNNING", "IDLE", "SETUP", "STOPPED")[(seed + variant) % 4],
            f"part_count{ending}": 100_000 + (seed * 101 + variant) % 900_000,
        }
    return orjson.dumps(dict(islice(document.items(), 1 + values)))


class Frame(NamedTuple):
    """A batch of messages to different topics, ready to be sent again and again.

    Attributes:
        topics: Their indices.
        variant: Which values they hold.
        values: How many each of them holds.
        slot: One frame of a slot can be on its way at a time: all frames of a slot have the same packet identifiers.
        first_packet_id: The others follow it. 0 at QoS 0, where there are none.
        pieces: The bytes between the times, one more than there are messages.
    """

    topics: range
    variant: int
    values: int
    slot: int
    first_packet_id: int
    pieces: Sequence[bytes]

    def at(self, time_ms: int) -> bytes:
        """Return the packets of all messages, with this time in each."""
        return str(time_ms).encode().join(self.pieces)

    def batch(self, time_ms: int) -> Batch:
        """Return it ready to be sent, with this time in each message."""
        messages = len(self.topics)
        return Batch(
            self.at(time_ms), messages, self.slot, self.first_packet_id, messages if self.first_packet_id else 0
        )

    def first(self, messages: int) -> Frame:
        """Return a frame with no more than the first messages of this one."""
        if messages >= len(self.topics):
            return self
        return encode(self.topics[:messages], self.variant, self.slot, self.first_packet_id, self.values)


def encode(topics: range, variant: int, slot: int, first_packet_id: int, values: int = VALUES) -> Frame:
    """Return a frame with one message for each of these topics; see `Frame`."""
    qos = mqtt5.QoS.AT_LEAST_ONCE if first_packet_id else mqtt5.QoS.AT_MOST_ONCE
    pieces = [b""]
    for number, index in enumerate(topics):
        packet = mqtt5.PublishPacket(
            topic(index),
            payload(index, variant, _PLACEHOLDER, values),
            qos=qos,
            packet_id=first_packet_id + number if first_packet_id else None,
        )
        head, _, tail = packet.write().partition(str(_PLACEHOLDER).encode())
        pieces[-1] += head
        pieces.append(tail)
    return Frame(topics, variant, values, slot, first_packet_id, pieces)


def frames(topics: range, window: int, qos: Literal[0, 1], most: int, values: int = VALUES) -> list[Frame]:
    """Return frames that, sent one after the other and over again, serve all topics evenly.

    Args:
        topics: Indices of the topics.
        window: Messages that may be on their way at a time; 65,535 at most, as there are no more packet identifiers.
        qos: Of all messages.
        most: Messages in a frame, at most.
        values: Values in a message.
    """
    size = min(len(topics), max(1, window // _SLOTS), most)
    slots = window // size
    chunks = [topics[start : start + size] for start in range(0, len(topics), size)]
    rounds = max(_VARIANTS, -(-slots // len(chunks)))  # each slot has its turn
    return [
        encode(chunk, variant, slot := (variant * len(chunks) + number) % slots, 1 + slot * size if qos else 0, values)
        for variant in range(rounds)
        for number, chunk in enumerate(chunks)
    ]
