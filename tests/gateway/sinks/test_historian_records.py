"""The historian reads what the encoder writes, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.line_protocol import Encoder
from gateway.models import INT64_MAX, INT64_MIN, Series, Telemetry
from gateway.sinks.historian.records import read_record, read_series

names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(0x20)), "\x7f", "\\"]),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {"time", "_field", "_measurement", "asset"} and not name.startswith("#"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.floats(allow_nan=False, allow_infinity=False) | st.integers(INT64_MIN, INT64_MAX) | st.booleans() | texts


def pictured(value: object) -> object:
    """Return what the encoder makes of a text: control characters but the tab become their pictures."""
    if not isinstance(value, str):
        return value
    return re.sub(r"[\x00-\x08\x0a-\x1f]", lambda match: chr(0x2400 + ord(match[0])), value).replace("\x7f", "\u2421")


@given(
    measurement=names,
    asset=names,
    tags=st.dictionaries(names, names, max_size=3),
    fields=st.dictionaries(names, values, min_size=1, max_size=5),
    timestamp_ns=st.integers(INT64_MIN, INT64_MAX),
)
def test_what_the_encoder_writes_is_read_as_it_was(
    measurement: str, asset: str, tags: dict[str, str], fields: dict[str, float | str], timestamp_ns: int
) -> None:
    own = {name: value for name, value in fields.items() if name not in tags} or {"a value": 1.5}
    tags.pop("a value", None)
    series = Series(asset=asset, measurement=measurement, tags=tags)
    telemetry = Telemetry(series=series, values=own, timestamp_ns=timestamp_ns)

    (line,) = Encoder().encode(telemetry)
    record = read_record(line.encode())
    key = read_series(record.series)

    assert (key.measurement, key.asset, key.tags) == (measurement, asset, tags | {"asset": asset})
    assert record.timestamp_ns == timestamp_ns
    assert record.fields == {name: pictured(value) for name, value in own.items()}
    assert list(map(type, record.fields.values())) == list(map(type, own.values()))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"cnc",
        b"cnc,asset=a",
        b"cnc,asset=a x=1",
        b"cnc,asset=a x=1.0 ",
        b"cnc,asset=a  1",
        b"cnc,asset=a x 1",
        b"cnc,asset=a x= 1",
        b"cnc,asset=a =1.0 1",
        b"cnc,asset=a x=1.0, 1",
        b"cnc,asset=a ,x=1.0 1",
        b"cnc,asset=a x=1.0,,y=1.0 1",
        b"cnc,asset=a x=1.0 y=1.0 1",
        b"cnc,asset=a x=1.0,x=2.0 1",
        b"cnc,asset=a x=1. 1",
        b"cnc,asset=a x=.5 1",
        b"cnc,asset=a x=+1.0 1",
        b"cnc,asset=a x=0x10 1",
        b"cnc,asset=a x=1_0 1",
        b"cnc,asset=a x=1u 1",
        b"cnc,asset=a x=1e999 1",
        b"cnc,asset=a x=NaN 1",
        b"cnc,asset=a x=t 1",
        b"cnc,asset=a x=True 1",
        b"cnc,asset=a x=9223372036854775808i 1",
        b'cnc,asset=a x="a 1',
        b'cnc,asset=a x="a"b" 1',
        b'cnc,asset=a x="a\\" 1',
        b'cnc,asset=a x="a\\n" 1',
        b'cnc,asset=a x="a\x00" 1',
        b'cnc,asset=a x="\xff" 1',
        b"cnc,asset=a \xff=1.0 1",
        b"cnc,asset=a x\x01=1.0 1",
        b"cnc,asset=a x\\=1.0 1",
        b"cnc,asset=a x=1.0 1.5",
        b"cnc,asset=a x=1.0 +1",
        b"cnc,asset=a x=1.0 1_000",
        b"cnc,asset=a x=1.0 9223372036854775808",
        b"cnc,asset=a x=1.0 1 ",
        b"cnc,asset=a x=1.0 1\r",
        b"# comment",
    ],
)
def test_what_the_encoder_would_not_write_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_record(line)


@pytest.mark.parametrize(
    "series",
    [
        b"cnc",
        b"cnc,",
        b",asset=a",
        b"cnc,line=1",
        b"cnc,asset=",
        b"cnc,asset",
        b"cnc,asset=a,asset=b",
        b"cnc,asset=a=b",
        b"cnc,asset=a\\",
        b"cnc\\x,asset=a",
        b"cnc\x00,asset=a",
        b"cnc,asset=\xff",
    ],
)
def test_a_series_that_the_encoder_would_not_write_is_refused(series: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_series(series)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    try:
        record = read_record(line)
        read_series(record.series)
    except ValueError:
        return
    assert record.fields


def test_a_record_made_to_be_slow_to_read_is_not() -> None:
    # With a pattern that tries other ways to read them, any of these would take hours.
    for line in (b"a" * 50_000, b"\\," * 50_000, b"m,t=" + b"v" * 50_000, b'm,asset=a x="' + b'\\"' * 50_000 + b" 1"):
        with pytest.raises(ValueError, match=r"."):
            read_series(read_record(line).series)
