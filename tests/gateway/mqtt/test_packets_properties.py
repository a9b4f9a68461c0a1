"""Laws of the reader of packets, for all streams and all ways in which a network may cut them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.outcomes import ProtocolViolation
from gateway.mqtt.packets import PacketReader
from gateway.status import SourceStatus
from tests.gateway.mqtt.scripted_broker import publish
from tests.gateway.mqtt.test_packets import read

MAX_PACKET = 300

packets = st.one_of(
    st.builds(
        publish,
        topic=st.one_of(st.binary(min_size=1, max_size=8), st.text("abc/", min_size=1).map(str.encode)),
        payload=st.one_of(st.binary(max_size=40), st.integers(200, 2_000).map(bytes)),
        packet_id=st.integers(1, 65_535),
        head=st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B]),
        properties=st.sampled_from([b"", b"\x03\x00\x01j", b"\x0b\x05", b"\x26\x00\x01k\x00\x01v", b"\x77"]),
    ),
    st.sampled_from([b"\xd0\x00", b"\x40\x02\x00\x07", b"\xe0\x00"]),
)


def reader() -> PacketReader:
    """Return a reader that is careful from the start, since panics would bury the output of the tests."""
    return PacketReader(MAX_PACKET, SourceStatus(), careful=True)


@given(st.data(), st.lists(packets, max_size=12).map(b"".join))
def test_any_split_of_a_stream_gives_the_same_messages(data: st.DataObject, stream: bytes) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, parts = read(stream, reader=reader()), read(*pieces, reader=reader())
    assert parts.packet_ids == whole.packet_ids
    assert [message._replace(received_ns=0) for message in parts.messages] == [
        message._replace(received_ns=0) for message in whole.messages
    ]


@given(st.lists(packets, max_size=12))
def test_every_packet_becomes_one_message_or_none(stream: list[bytes]) -> None:
    delivery = read(b"".join(stream), reader=reader())
    messages = [packet for packet in stream if packet[0] >> 4 == 3]
    assert len(delivery.messages) == len(messages)
    assert len(delivery.packet_ids) == sum(packet[0] & 0x06 != 0 for packet in messages)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_whatever_comes_the_reader_says_what_it_is_or_that_it_is_not_mqtt(pieces: list[bytes]) -> None:
    with suppress(ProtocolViolation):
        read(*pieces, reader=reader())
