"""Batches of PUBLISH packets, encoded ahead of time up to the one thing that changes: the time in them.

All messages of a frame carry one time, and its packet identifiers are its own, so that sending it again with another
time is one `bytes.join`: about 0.05 us a message, where encoding each would cost 1 us and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import mqtt5
import orjson

_PLACEHOLDER = 9_999_999_999_999
"""Stands for the time: 13 digits, as every epoch time in milliseconds from 2001 to 2286."""

_SLOTS = 8
"""Frames on their way at a time, so that the broker has work while the next is prepared."""

_VARIANTS = 4
"""How many messages of a topic differ in more than their time, at least."""


def topic(index: int) -> str:
    """Return a topic by its index: `load/area0/line0/m0/telemetry`, ten machines a line, ten lines an area."""
    return f"load/area{index // 100}/line{index // 10 % 10}/m{index % 10}/telemetry"


def payload(index: int, variant: int, time_ms: int) -> bytes:
    """Return a message of one time and six values, about 150 bytes: four floats, a text, an integer."""
    return orjson.dumps(
        {
            "ts": time_ms,
            "temperature": 20.25 + (index * 7 + variant * 13) % 300 / 4,
            "spindle_speed": 4_000.5 + (index * 31 + variant * 17) % 4_000,
            "vibration": 0.5625 + (index + variant * 3) % 90 / 16,
            "power": 1.375 + (index * 3 + variant) % 64 / 8,
            "state": ("RUNNING", "IDLE", "SETUP", "STOPPED")[(index + variant) % 4],
            "part_count": 100_000 + (index * 101 + variant) % 900_000,
        }
    )


class Frame(NamedTuple):
    """A batch of messages to different topics, ready to be sent again and again.

    Attributes:
        topics: Their indices.
        variant: Which values they hold.
        slot: One frame of a slot can be on its way at a time: all frames of a slot have the same packet identifiers.
        first_packet_id: The others follow it. 0 at QoS 0, where there are none.
        pieces: The bytes between the times, one more than there are messages.
    """

    topics: range
    variant: int
    slot: int
    first_packet_id: int
    pieces: Sequence[bytes]

    def at(self, time_ms: int) -> bytes:
        """Return the packets of all messages, with this time in each."""
        return str(time_ms).encode().join(self.pieces)

    def first(self, messages: int) -> Frame:
        """Return a frame with no more than the first messages of this one."""
        if messages >= len(self.topics):
            return self
        return encode(self.topics[:messages], self.variant, self.slot, self.first_packet_id)


def encode(topics: range, variant: int, slot: int, first_packet_id: int) -> Frame:
    """Return a frame with one message for each of these topics; see `Frame`."""
    qos = mqtt5.QoS.AT_LEAST_ONCE if first_packet_id else mqtt5.QoS.AT_MOST_ONCE
    pieces = [b""]
    for number, index in enumerate(topics):
        packet = mqtt5.PublishPacket(
            topic(index),
            payload(index, variant, _PLACEHOLDER),
            qos=qos,
            packet_id=first_packet_id + number if first_packet_id else None,
        )
        head, _, tail = packet.write().partition(str(_PLACEHOLDER).encode())
        pieces[-1] += head
        pieces.append(tail)
    return Frame(topics, variant, slot, first_packet_id, pieces)


def frames(topics: range, window: int, qos: Literal[0, 1], most: int) -> list[Frame]:
    """Return frames that, sent one after the other and over again, serve all topics evenly.

    Args:
        topics: Indices of the topics.
        window: Messages that may be on their way at a time; 65,535 at most, as there are no more packet identifiers.
        qos: Of all messages.
        most: Messages in a frame, at most.
    """
    size = min(len(topics), max(1, window // _SLOTS), most)
    slots = window // size
    chunks = [topics[start : start + size] for start in range(0, len(topics), size)]
    rounds = max(_VARIANTS, -(-slots // len(chunks)))  # each slot has its turn
    return [
        encode(chunk, variant, slot := (variant * len(chunks) + number) % slots, 1 + slot * size if qos else 0)
        for variant in range(rounds)
        for number, chunk in enumerate(chunks)
    ]
