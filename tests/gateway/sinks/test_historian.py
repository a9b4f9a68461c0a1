"""The historian keeps the overwrite rule of InfluxDB, and says what is wrong with its file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import SinkRejected
from gateway.models import Value
from gateway.sinks.historian import Historian, HistorianSink
from gateway.sinks.historian.reader import Latest, Sample
from tests.gateway.sinks.conftest import batch_of_lines, open_historian

SECOND = 1_000_000_000


def spell(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}i"
        case float():
            return repr(value)
        case str():
            return f'"{value}"'


Store = dict[tuple[str, int], dict[str, Value]]
points = st.tuples(
    st.sampled_from(["cnc,asset=a", "cnc,asset=b", "press,asset=a,line=1"]),
    st.sampled_from([-1, 0, 1, 9_999_999_999, 10_000_000_000, 1_700_000_000_000_000_000]),
    st.dictionaries(
        st.sampled_from(["x", "y", "z"]),
        st.floats(-1e6, 1e6) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.text("ab é", max_size=3),
        min_size=1,
        max_size=3,
    ),
)


@given(batches=st.lists(st.lists(points, min_size=1, max_size=6), max_size=6), reopen=st.sets(st.integers(0, 5)))
@settings(max_examples=60, deadline=None)  # each example is a file, and each batch waits for the disk
def test_the_file_holds_what_the_overwrite_rule_says(
    batches: list[list[tuple[str, int, dict[str, Value]]]], reopen: set[int]
) -> None:
    model: Store = {}
    with TemporaryDirectory() as folder:
        sink = open_historian(Path(folder) / "h.db")
        sink.check()
        for number, records in enumerate(batches):
            lines = []
            for series, timestamp_ns, fields in records:
                lines.append(f"{series} {','.join(f'{k}={spell(v)}' for k, v in fields.items())} {timestamp_ns}")
                model.setdefault((series, timestamp_ns), {}).update(fields)
            sink.write(batch_of_lines(*lines))
            if number in reopen:
                sink.close()
        with Historian(Path(folder) / "h.db") as historian:
            found: Store = {}
            for point in historian.points():
                series = ",".join([point.measurement, *(f"{k}={v}" for k, v in sorted(point.tags.items()))])
                found[series, point.timestamp_ns] = point.fields
            newest: dict[tuple[str, str], tuple[int, Value]] = {}
            for (series, timestamp_ns), fields in sorted(model.items(), key=lambda item: item[0][1]):
                newest |= {(series, name): (timestamp_ns, value) for name, value in fields.items()}
            latest = {
                (",".join([now.measurement, *(f"{k}={v}" for k, v in sorted(now.tags.items()))]), now.field): (
                    now.timestamp_ns,
                    now.value,
                )
                for asset in historian.assets()
                for now in historian.latest(asset)
            }
            assert repr(sorted(found.items())) == repr(sorted((key, dict(fields)) for key, fields in model.items()))
            assert latest == newest
            assert historian.point_count() == len(model)
            assert historian.value_count() == sum(map(len, model.values()))
        sink.close()


def test_writing_a_batch_again_changes_nothing(sink: HistorianSink, path: Path) -> None:
    records = batch_of_lines("cnc,asset=a x=1.5 1", "cnc,asset=a y=true 1", "cnc,asset=a x=2.5 2")
    sink.write(records)
    sink.write(records)
    with Historian(path) as historian:
        assert historian.point_count() == 2
        assert historian.value_count() == 3


def test_what_is_there_can_be_listed(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.5,y=2i 1", "press,asset=b,line=1 z=true 1", "cnc,asset=b q=1.5 1"))
    with Historian(path) as historian:
        assert historian.assets() == ["a", "b"]
        assert historian.measurements() == ["cnc", "press"]
        assert historian.measurements("a") == ["cnc"]
        assert historian.fields("cnc") == ["q", "x", "y"]
        assert historian.fields("cnc", "a") == ["x", "y"]
        assert historian.fields("none") == []


def test_the_latest_values_come_from_whatever_point_had_them_last(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0,y=1i 1", "cnc,asset=a x=3.0 3", 'cnc,asset=a x=2.0,z="late" 2'))
    with Historian(path) as historian:
        tags = {"asset": "a"}
        assert historian.latest("a") == [
            Latest("cnc", tags, "x", 3, 3.0),
            Latest("cnc", tags, "y", 1, 1),
            Latest("cnc", tags, "z", 2, "late"),
        ]
        assert historian.latest("b") == []


def test_a_range_has_one_field_in_order_of_time_over_all_periods(sink: HistorianSink, path: Path) -> None:
    times = [-15 * SECOND, -1, 0, 9 * SECOND, 10 * SECOND, 3600 * SECOND]
    sink.write(batch_of_lines(*(f"cnc,asset=a x={time}i {time}" for time in reversed(times)), "cnc,asset=a y=1.0 5"))
    with Historian(path) as historian:
        assert historian.range("a", "cnc", "x") == [Sample(time, time) for time in times]
        assert [sample.value for sample in historian.range("a", "cnc", "x", -1, 10 * SECOND)] == times[1:5]
        assert [sample.value for sample in historian.range("a", "cnc", "x", limit=2)] == times[:2]
        assert historian.range("a", "cnc", "none") == []
        assert historian.range("b", "cnc", "x") == []


def test_a_range_of_the_narrow_layout_is_told_apart_by_its_tag(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a,metric=x value=1.0 2", "cnc,asset=a,metric=y value=2.0 1"))
    with Historian(path) as historian:
        assert historian.range("a", "cnc", "value", tags={"metric": "x"}) == [Sample(2, 1.0)]
        assert historian.range("a", "cnc", "value") == [Sample(1, 2.0), Sample(2, 1.0)]


def test_a_record_that_cannot_be_read_is_named_and_nothing_of_its_batch_is_kept(
    sink: HistorianSink, path: Path
) -> None:
    sink.check()
    with pytest.raises(SinkRejected, match="a record cannot be read: record 1,"):
        sink.write(batch_of_lines("cnc,asset=a x=1.0 1", "cnc,asset=a x= 2"))
    with Historian(path) as historian:
        assert historian.point_count() == 0


def test_a_file_is_read_while_it_is_written(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    with Historian(path) as historian:
        going = historian.points()
        next(going)
        sink.write(batch_of_lines("cnc,asset=a x=2.0 2"))
        assert historian.range("a", "cnc", "x")[-1] == Sample(2, 2.0)


def test_a_reader_can_change_nothing(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    with Historian(path) as historian, pytest.raises(sqlite3.OperationalError, match="readonly"):
        historian._connection.execute("DELETE FROM point")


def test_a_file_can_be_read_when_nobody_writes_it(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    sink.close()
    with Historian(path) as historian:
        assert historian.point_count() == 1
