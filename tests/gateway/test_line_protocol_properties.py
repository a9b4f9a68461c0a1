"""The laws of the encoder, checked with a decoder that others wrote."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from line_protocol_parser import parse_line

from gateway.line_protocol import Encoder
from gateway.models import Telemetry, Value
from tests.gateway.telemetry import Point, point, telemetries


def decode(record: str) -> Point:
    line = parse_line(record)
    return Point(line["measurement"], line["tags"], line["fields"], line["time"])


def exact(fields: dict[str, Value]) -> dict[str, tuple[type, Value | bytes]]:
    """Return the fields so that they are equal only if their types and every bit of their floats are."""
    return {
        name: (type(value), struct.pack("<d", value) if isinstance(value, float) else value)
        for name, value in fields.items()
    }


@given(telemetries())
def test_a_decoder_reads_what_the_encoder_was_given(one: Telemetry) -> None:
    expected = point(one)

    records = Encoder().encode(one)

    assert len(records) == bool(expected.fields)
    for record in records:
        read = decode(record)
        assert read._replace(fields={}) == expected._replace(fields={})
        assert exact(read.fields) == exact(expected.fields)


@given(telemetries())
def test_a_record_is_one_line_of_utf8(one: Telemetry) -> None:
    for record in Encoder().encode(one):
        assert len(record.encode().splitlines()) == 1
        assert "\0" not in record


@given(st.lists(telemetries(), max_size=5))
def test_what_was_encoded_before_changes_nothing(several: list[Telemetry]) -> None:
    seasoned = Encoder(max_series=2)

    assert [seasoned.encode(one) for one in several] == [Encoder().encode(one) for one in several]
