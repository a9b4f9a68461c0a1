"""The InfluxDB sink against a real influxd 1.6.7: what it answers, and what is stored afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import SinkHeld, SinkRejected
from gateway.interfaces import Batch
from gateway.line_protocol import Encoder
from gateway.models import Series, Telemetry, Value
from gateway.sinks.bisect import write_all
from tests.integration.plant import OpenSink, batch, count, numbered, open_sinks
from tests.servers.databases import Influxd


@pytest.fixture
def open_sink() -> Iterator[OpenSink]:
    """Return a function that opens a sink for a server's database `plant`."""
    with open_sinks() as open_one:
        yield open_one


def test_a_batch_is_stored_and_may_be_written_again(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd)
    for _ in range(2):
        sink.write(batch('cnc,asset=a,line=l1 x=1.5,n=2i,on=true,state="RUNNING" 1700000000123456789'))
    assert influxd.query("SELECT * FROM cnc", "plant") == [
        {"time": 1700000000123456789, "asset": "a", "line": "l1", "n": 2, "on": True, "state": "RUNNING", "x": 1.5}
    ]


def test_what_the_encoder_writes_is_stored_as_it_was(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    series = Series(asset="press 7, left=right", measurement="cnc", tags={"line": 'l"1"', "halle ü": "ß"})
    values: dict[str, Value] = {
        "x y": 1e-7,
        "a=b": 3,
        "text": 'he said "no" \\ to C:\\temp\\',
        "flag": False,
        "big": 1e22,
    }
    records = Encoder().encode(Telemetry(series=series, values=values, timestamp_ns=-5))

    open_sink(influxd, gzip=True).write(batch(*records))

    (row,) = influxd.query("SELECT * FROM cnc", "plant")
    assert row == {"time": -5, "asset": "press 7, left=right", "line": 'l"1"', "halle ü": "ß", **values}


def test_a_missing_database_is_held_until_it_is_there(influxd: Influxd, open_sink: OpenSink) -> None:
    sink = open_sink(influxd)
    with pytest.raises(SinkHeld, match='database not found: "plant"'):
        sink.write(numbered(1))
    with pytest.raises(SinkHeld, match='database not found: "plant"'):
        sink.check()
    influxd.create_database("plant")
    assert "InfluxDB 1.6.7" in sink.check()
    sink.write(numbered(1))
    assert count(influxd) == 1


def test_a_check_leaves_nothing(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    open_sink(influxd).check()
    assert influxd.query("SHOW MEASUREMENTS", "plant") == []


def test_a_missing_retention_policy_is_held(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd, retention_policy="year")
    with pytest.raises(SinkHeld, match="retention policy not found: year"):
        sink.write(numbered(1))
    with pytest.raises(SinkHeld, match="retention policy not found: year"):
        sink.check()
    influxd.query('CREATE RETENTION POLICY "year" ON "plant" DURATION INF REPLICATION 1')
    sink.write(numbered(1))
    assert influxd.query('SELECT x FROM "year".cnc', "plant") == [{"time": 1, "x": 1.5}]


@pytest.mark.parametrize("bad", [{0}, {4999}, {17, 18, 4000}])
def test_only_the_record_of_another_type_is_left_over(influxd: Influxd, open_sink: OpenSink, bad: set[int]) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd)
    sink.write(batch("cnc,asset=a x=0.5 -1"))
    lines = [f"cnc,asset=a x={number}{'i' if number in bad else '.5'} {number}" for number in range(5000)]

    rejections = write_all(sink, batch(*lines))

    assert [rejection.index for rejection in rejections] == sorted(bad)
    assert [rejection.record.decode() for rejection in rejections] == [lines[number] for number in sorted(bad)]
    assert all("field type conflict" in rejection.reason for rejection in rejections)
    assert count(influxd) == 1 + 5000 - len(bad)


def test_only_the_record_that_cannot_be_read_is_left_over(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    lines = [f"cnc,asset=a x={number}.5 {number}" for number in range(100)]
    lines[40] = 'cnc,asset=a x="never closed 40'  # takes all that follow with it

    (rejection,) = write_all(open_sink(influxd), batch(*lines))

    assert rejection.index == 40
    assert "unable to parse" in rejection.reason
    assert count(influxd) == 99


def test_points_older_than_the_retention_are_rejected_without_trying_each(
    influxd: Influxd, open_sink: OpenSink
) -> None:
    influxd.create_database("plant", retention="1h")
    now = time.time_ns()
    fresh = [f"cnc,asset=a x=1.5 {now - number}" for number in range(1000)]

    rejections = write_all(open_sink(influxd), Batch(numbered(4000).body + batch(*fresh).body, 5000))

    assert [rejection.index for rejection in rejections] == list(range(4000))
    assert "points beyond retention policy" in rejections[0].reason
    assert count(influxd) == 1000


def test_too_many_series_are_held(tmp_path: Path, open_sink: OpenSink) -> None:
    limit: dict[str, int | str] = {"max-series-per-database": 10, "index-version": "inmem"}
    with Influxd(tmp_path / "limited", data=limit) as influxd:
        influxd.create_database("plant")
        lines = [f"cnc,asset=a{number} x=1.5 1" for number in range(20)]
        with pytest.raises(SinkHeld, match=r"max-series-per-database limit exceeded.*raise its limit"):
            write_all(open_sink(influxd), batch(*lines))


def test_a_body_larger_than_the_server_takes_is_split(tmp_path: Path, open_sink: OpenSink) -> None:
    with Influxd(tmp_path / "small", http={"max-body-size": 200_000}) as influxd:
        influxd.create_database("plant")
        sink = open_sink(influxd, max_batch="20MB")
        records = numbered(50_000)
        assert len(records.body) > 1_000_000

        assert write_all(sink, records) == []

        assert count(influxd) == 50_000
        assert 65_536 <= sink.max_batch_bytes <= 200_000


def test_a_batch_of_24_megabytes_is_written(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    text = "t" * 2000
    records = batch(*(f'cnc,asset=a text="{text}" {number}' for number in range(11_850)))
    assert 23_900_000 < len(records.body) < 25_000_000
    sink = open_sink(influxd, timeout="120s")

    sink.write(records)

    assert count(influxd, "text") == 11_850
    with pytest.raises(SinkRejected, match="too large"):
        sink.write(Batch(records.body * 2, records.records * 2))


def test_wrong_credentials_are_held_and_right_ones_found_in_the_file(tmp_path: Path, open_sink: OpenSink) -> None:
    password = tmp_path / "password"
    password.write_text("wrong\n")
    with Influxd(tmp_path / "guarded", administrator=("admin", "pässword")) as influxd:
        influxd.create_database("plant")
        with pytest.raises(SinkHeld, match="HTTP 401"):
            open_sink(influxd).check()
        sink = open_sink(influxd, username="admin", password_file=password)
        with pytest.raises(SinkHeld, match="HTTP 401: authorization failed"):
            sink.write(numbered(1))
        password.write_text("pässword\n")
        sink.write(numbered(1))
        assert count(influxd) == 1

        influxd.query("CREATE USER reader WITH PASSWORD 'pässword'")
        influxd.query("GRANT READ ON plant TO reader")
        reader = open_sink(influxd, username="reader", password_file=password)
        with pytest.raises(SinkHeld, match=r"HTTP 403.*not authorized to write"):
            reader.write(numbered(1))
        with pytest.raises(SinkHeld, match="HTTP 403"):
            reader.check()


def test_a_user_who_may_only_write_passes_the_check(tmp_path: Path, open_sink: OpenSink) -> None:
    password = tmp_path / "password"
    password.write_text("w")
    with Influxd(tmp_path / "guarded", administrator=("admin", "a")) as influxd:
        influxd.create_database("plant")
        influxd.query("CREATE USER writer WITH PASSWORD 'w'")
        influxd.query("GRANT WRITE ON plant TO writer")
        sink = open_sink(influxd, username="writer", password_file=password)
        assert "accepts credentials and target" in sink.check()
