"""Every point on which InfluxDB 1, 2, 3 and the published grammar differ: the encoder stays where they agree."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from pydantic import ValidationError

from gateway.line_protocol import Encoder
from gateway.models import Series, Telemetry, Value
from gateway.normalize.names import field_name
from tests.gateway.telemetry import telemetries, telemetry

# The grammar of one record as all of them read it: names without control characters and backslashes other than those
# that escape; tags never empty; digits on both sides of a point; `i` for integers, never `u`; a time, always.
NAME = r"(?:[^\x00-\x20\x7f,=\\]|\\[,= ])+"
MEASUREMENT = r"(?!#)(?:[^\x00-\x20\x7f,\\]|\\[, ])+"
FLOAT = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
TEXT = r'"(?:[^"\\\n\r\0]|\\["\\])*"'
FIELD = rf"{NAME}=(?:{FLOAT}|-?[0-9]+i|true|false|{TEXT})"
RECORD = re.compile(rf"{MEASUREMENT}(?:,{NAME}={NAME})* {FIELD}(?:,{FIELD})* -?[0-9]+")


@given(telemetries())
def test_records_stay_in_the_grammar_that_all_servers_share(one: Telemetry) -> None:
    for record in Encoder().encode(one):
        assert RECORD.fullmatch(record), record


@pytest.mark.parametrize("name", ["", "a\nb", "tab\t", "\0", "\x7f", "ends\\"])
def test_no_name_is_empty_ends_in_a_backslash_or_has_a_control_character(name: str) -> None:
    with pytest.raises(ValidationError):
        Series(asset=name, measurement="m", tags={})
    with pytest.raises(ValidationError):
        Series(asset="a", measurement=name, tags={})
    with pytest.raises(ValidationError):
        Series(asset="a", measurement="m", tags={name: "x"})
    with pytest.raises(ValidationError):
        Series(asset="a", measurement="m", tags={"x": name})
    with pytest.raises(ValueError, match="cannot be stored"):
        field_name(name, frozenset())


@pytest.mark.parametrize("name", ["", "a\nb", "tab\t", "\0", "\x7f"])
def test_a_field_that_no_store_can_keep_is_refused_by_the_encoder_too(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Encoder().encode(telemetry({name: 1.0}))


def test_no_measurement_begins_as_a_comment() -> None:
    with pytest.raises(ValidationError):
        Series(asset="a", measurement="#m", tags={})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "\ud800", "x" * 65_537])
def test_no_value_is_one_that_a_server_cannot_hold(value: Value) -> None:
    with pytest.raises(ValidationError):
        telemetry({"x": value})


def test_an_unsigned_integer_is_written_as_a_signed_one() -> None:
    (record,) = Encoder().encode(telemetry({"x": 2**63 - 1}))
    assert " x=9223372036854775807i " in record


def test_a_time_is_always_written_so_that_a_second_write_makes_no_second_point() -> None:
    (record,) = Encoder().encode(telemetry({"x": 1.0}, timestamp_ns=0))
    assert record.endswith(" x=1.0 0")


def test_an_equals_sign_is_escaped_in_tags_and_fields_and_literal_in_a_measurement() -> None:
    one = telemetry({"a=b": 1.0}, measurement="m=n", asset="p=q", tags={})
    (record,) = Encoder().encode(one)
    assert record.startswith("m=n,asset=p\\=q a\\=b=1.0 ")


def test_an_empty_text_is_a_value() -> None:
    (record,) = Encoder().encode(telemetry({"x": ""}))
    assert ' x="" ' in record
