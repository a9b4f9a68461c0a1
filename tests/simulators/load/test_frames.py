"""Frames: batches of packets that differ in nothing but their time."""

from __future__ import annotations

from itertools import islice
from typing import Literal

import mqtt5
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.load.frames import Frame, encode, frames, payload, topic
from simulators.load.generator import shortened


def packets(data: bytes) -> list[mqtt5.PublishPacket]:
    """Read all packets."""
    found, position = [], 0
    while position < len(data):
        packet, size = mqtt5.read(memoryview(data)[position:])
        assert isinstance(packet, mqtt5.PublishPacket)
        found.append(packet)
        position += size
    return found


def test_a_payload_has_a_time_and_six_values_in_about_150_bytes() -> None:
    message = orjson.loads(payload(3, 1, 1_760_000_000_123))
    assert [type(value) for value in message.values()] == [int, float, float, float, float, str, int]
    assert message["ts"] == 1_760_000_000_123
    assert all(
        120 <= len(payload(index, variant, 1_760_000_000_123)) <= 160 for index in range(500) for variant in range(4)
    )


@pytest.mark.parametrize("values", [1, 5, 6, 7, 50])
def test_a_payload_has_as_many_values_as_are_wanted(values: int) -> None:
    message = orjson.loads(payload(3, 1, 1_760_000_000_123, values))
    assert len(message) == 1 + values
    assert list(message)[: 1 + min(values, 6)] == list(orjson.loads(payload(3, 1, 0)))[: 1 + min(values, 6)]
    wide = orjson.loads(payload(3, 1, 1_760_000_000_123, 12))
    assert [type(wide[f"{name}_2"]) for name in list(wide)[1:7]] == [type(wide[name]) for name in list(wide)[1:7]]


def test_a_frame_that_is_cut_keeps_its_number_of_values() -> None:
    (packet,) = packets(encode(range(3), 0, 0, 1, values=9).first(1).at(10**12))
    assert packet.payload == payload(0, 0, 10**12, 9)


def test_topics_are_spread_over_areas_and_lines() -> None:
    assert [topic(index) for index in (0, 9, 10, 123)] == [
        "load/area0/line0/m0/telemetry",
        "load/area0/line0/m9/telemetry",
        "load/area0/line1/m0/telemetry",
        "load/area1/line2/m3/telemetry",
    ]
    assert len({topic(index) for index in range(5_000)}) == 5_000


@given(count=st.integers(1, 50), time_ms=st.integers(10**12, 10**13 - 1), qos=st.sampled_from([0, 1]))
def test_a_frame_is_the_packets_of_its_messages(count: int, time_ms: int, qos: int) -> None:
    frame = encode(range(7, 7 + count), 2, 0, 40 if qos else 0)
    read = packets(frame.at(time_ms))
    assert [packet.topic for packet in read] == [topic(7 + n) for n in range(count)]
    assert [packet.payload for packet in read] == [payload(7 + n, 2, time_ms) for n in range(count)]
    assert [packet.packet_id for packet in read] == [40 + n if qos else None for n in range(count)]
    assert all(packet.qos == qos for packet in read)


@given(
    topics=st.integers(1, 300),
    window=st.integers(1, 400),
    qos=st.sampled_from([0, 1]),
    most=st.integers(1, 400),
)
def test_frames_serve_all_topics_in_turn(topics: int, window: int, qos: Literal[0, 1], most: int) -> None:
    prepared = frames(range(topics), window, qos, most)
    served = [index for frame in prepared for index in frame.topics]
    assert served == [n % topics for n in range(len(served))]


@given(topics=st.integers(1, 300), window=st.integers(1, 400))
def test_packet_identifiers_of_different_slots_differ_and_fit_the_window(topics: int, window: int) -> None:
    slots: dict[int, set[int]] = {}
    for frame in frames(range(topics), window, 1, window):
        slots.setdefault(frame.slot, set()).update(frame.first_packet_id + n for n in range(len(frame.topics)))
    identifiers = [identifier for of_slot in slots.values() for identifier in of_slot]
    assert len(identifiers) == len(set(identifiers)) <= window
    assert min(identifiers) >= 1


@pytest.mark.parametrize("messages", [1, 7, 8, 9, 1_000])
def test_frames_are_cut_to_the_messages_that_are_wanted(messages: int) -> None:
    cut = list(shortened(frames(range(20), 32, 1, 8), messages))
    assert sum(len(frame.topics) for frame in cut) == messages
    assert sum(len(packets(frame.at(10**12))) for frame in cut) == messages


def test_values_of_a_topic_change_from_round_to_round() -> None:
    prepared: list[Frame] = frames(range(10), 2_000, 1, 2_000)
    assert len({frame.at(10**12) for frame in islice(prepared, 4)}) == 4
