"""What the encoder writes, a real InfluxDB stores: N records in, N points out, every value as it was."""

from __future__ import annotations

import json
import struct
from itertools import count
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.line_protocol import Encoder
from gateway.models import BAD, MAX_TEXT_BYTES, Telemetry, Value
from tests.gateway.telemetry import NOON_NS, Point, point, telemetries, telemetry
from tests.servers.databases import Influxd

DATABASE = "encoder"
numbers = count()


class Table(NamedTuple):
    """One series of an answer; numbers stand as the text that the server sent."""

    name: str
    tags: dict[str, str]
    columns: list[str]
    values: list[list[str | bool | None]]


@pytest.fixture
def database(influxd: Influxd) -> Influxd:
    influxd.create_database(DATABASE)
    return influxd


def write(database: Influxd, records: list[str]) -> int:
    """Write the records in one request and return the status."""
    url = f"{database.url}/write?{urlencode({'db': DATABASE, 'precision': 'ns'})}"
    with urlopen(Request(url, data="\n".join(records).encode() + b"\n")) as response:  # noqa: S310  # loopback
        status: int = response.status
        return status


def ask(database: Influxd, query: str) -> list[Table]:
    url = f"{database.url}/query?{urlencode({'db': DATABASE, 'epoch': 'ns', 'q': query})}"
    with urlopen(url) as response:  # noqa: S310  # loopback
        # Left as text, so that no digit and no sign of a zero is lost.
        (result,) = json.load(response, parse_int=str, parse_float=str)["results"]
    return [
        Table(table.get("name", ""), table.get("tags", {}), table["columns"], table["values"])
        for table in result.get("series", [])
    ]


def read(database: Influxd, measurement: str) -> list[Point]:
    """Return all points of a measurement, with every value in the type in which it is stored."""
    quoted = '"' + measurement.replace('"', '\\"') + '"'
    (fields,) = ask(database, f"SHOW FIELD KEYS FROM {quoted}")
    kinds = {name: kind for name, kind in fields.values if isinstance(name, str)}
    return [
        Point(
            table.name,
            table.tags,
            {
                name: float(value) if kinds[name] == "float" else int(value) if kinds[name] == "integer" else value
                for name, value in zip(table.columns[1:], row[1:], strict=True)
                if value is not None
            },
            int(row[0] or 0),
        )
        for table in ask(database, f"SELECT * FROM {quoted} GROUP BY *")  # quoted above
        for row in table.values
    ]


def exact(points: list[Point]) -> list[Point]:
    """Return the points so that floats are equal only if every bit is, and types are told apart."""
    return [
        one._replace(
            fields={
                name: f"{type(value).__name__} {struct.pack('<d', value).hex() if isinstance(value, float) else value}"
                for name, value in one.fields.items()
            }
        )
        for one in points
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(telemetries(), min_size=1, max_size=12))
def test_every_record_becomes_one_point_with_equal_values(database: Influxd, drawn: list[Telemetry]) -> None:
    # Each under a measurement of its own, for a database keeps one type for a field; within one week, for it makes
    # files for every week.
    several = [
        telemetry(
            one.values,
            asset=one.series.asset,
            measurement=f"{one.series.measurement} {next(numbers)}",
            tags=one.series.tags,
            timestamp_ns=NOON_NS + one.timestamp_ns % 10**9,
            quality=one.quality,
            time_status=one.time_status,
        )
        for one in drawn
    ]
    several = [one for one in several if point(one).fields]
    encoder = Encoder()
    records = [record for one in several for record in encoder.encode(one)]
    assert len(records) == len(several)

    if records:
        assert write(database, records) == 204

    for one in several:
        assert exact(read(database, point(one).measurement)) == exact([point(one)])


def test_values_at_their_limits_are_stored_bit_by_bit(database: Influxd) -> None:
    values: dict[str, Value] = {
        "zero": 0.0,
        "negative zero": -0.0,
        "smallest": 5e-324,
        "largest": 1.7976931348623157e308,
        "1e22": 1e22,
        "1e-7": 1e-7,
        "least": -(2**63),
        "most": 2**63 - 1,
        "long": "é" * (MAX_TEXT_BYTES // 2),
        "quotes": '\\"=' * 1000 + "\\",
    }
    one = telemetry(values, measurement="limits")

    assert write(database, Encoder().encode(one)) == 204

    assert exact(read(database, "limits")) == exact([point(one)])


def test_one_time_with_more_fields_than_a_record_takes_is_one_point(database: Influxd) -> None:
    one = telemetry({f"x{number}": number / 7 for number in range(700)}, measurement="many")
    records = Encoder().encode(one)
    assert len(records) == 3

    assert write(database, records) == 204

    assert exact(read(database, "many")) == exact([point(one)])


def test_writing_again_changes_nothing(database: Influxd) -> None:
    several = [telemetry({"x": float(n)}, measurement="again", timestamp_ns=NOON_NS + n) for n in range(100)]
    encoder = Encoder()
    records = [record for one in several for record in encoder.encode(one)]

    assert [write(database, records) for _ in range(2)] == [204, 204]

    assert exact(read(database, "again")) == exact([point(one) for one in several])


def test_a_hostile_device_writes_into_no_series_but_its_own(database: Influxd) -> None:
    evil = "x f=1 1\nevil,asset=other f=666 1\n"
    one = telemetry({"f": 1.0, "said_text": evil, '"': '"'}, asset="a\\, evil=1", measurement='own "one"')
    two = telemetry({"f": 2.0}, measurement="own two", quality={"f": BAD})
    encoder = Encoder()

    assert write(database, encoder.encode(one) + encoder.encode(two)) == 204

    assert exact(read(database, 'own "one"')) == exact([point(one)])
    assert exact(read(database, "own two")) == exact([point(two)])
    assert ask(database, "SHOW MEASUREMENTS WITH MEASUREMENT = evil") == []
