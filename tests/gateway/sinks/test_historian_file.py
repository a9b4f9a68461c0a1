"""What the historian does about its file: full, locked, moved, or not its own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.errors import SinkHeld, SinkUnavailable
from gateway.settings.sinks import Historian as HistorianSettings
from gateway.sinks.historian import Historian, HistorianSink
from gateway.sinks.historian.reader import Sample
from tests.gateway.sinks.conftest import batch_of_lines, open_historian


def test_a_commit_waits_for_the_disk(sink: HistorianSink) -> None:
    connection = sink._open()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_is_waited_for(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    (pages,) = sink._open().execute("PRAGMA page_count").fetchone()
    sink._open().execute(f"PRAGMA max_page_count = {pages}")  # what SQLite says then is what it says of a full disk
    large = batch_of_lines(*(f"cnc,asset=new-{number} x={number}.5 {number}" for number in range(10_000)))
    with pytest.raises(SinkUnavailable, match="full"):
        sink.write(large)

    sink.write(large)

    with Historian(path) as historian:
        assert historian.point_count() == 10_001
        assert [sample.value for sample in historian.range("new-7", "cnc", "x")] == [7.5]


def test_a_file_that_another_process_keeps_locked_is_waited_for(path: Path) -> None:
    sink = HistorianSink(HistorianSettings(name="h", type="historian", path=path), busy_seconds=0.01)
    sink.check()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SinkUnavailable, match="locked"):
        sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    with pytest.raises(SinkUnavailable, match="locked"):
        sink.check()
    other.execute("ROLLBACK")
    other.close()
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    sink.close()


def test_a_file_that_is_taken_away_is_made_anew(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    aside = path.with_suffix(".old")
    path.rename(aside)
    sink.write(batch_of_lines("cnc,asset=a x=2.0 2"))
    with Historian(path) as historian, Historian(aside) as old:
        assert historian.range("a", "cnc", "x") == [Sample(2, 2.0)]
        assert old.range("a", "cnc", "x") == [Sample(1, 1.0)]


def test_a_database_of_something_else_is_left_alone(sink: HistorianSink, path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipe (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(SinkHeld, match="not a historian"):
        sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    with pytest.raises(SinkHeld, match="not a historian"):
        sink.check()
    with pytest.raises(SinkHeld, match="not a historian"):
        Historian(path)
    assert path.read_bytes() == before


def test_a_historian_of_another_version_is_left_alone(sink: HistorianSink) -> None:
    sink.check()
    sink._open().execute("PRAGMA user_version = 99")
    sink.close()
    with pytest.raises(SinkHeld, match="not a historian of version 1"):
        sink.check()


def test_a_file_that_is_no_database_is_held(sink: HistorianSink, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(SinkHeld, match="move the file aside"):
        sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    assert path.read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_made_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    sink = open_historian(tmp_path / "data" / "h.db")
    with pytest.raises(SinkUnavailable):
        sink.check()


def test_numbers_of_a_batch_that_failed_are_not_remembered(sink: HistorianSink, path: Path) -> None:
    sink.check()
    connection = sink._open()
    connection.execute("CREATE TEMP TRIGGER fail BEFORE INSERT ON main.point BEGIN SELECT RAISE(FAIL, 'made to'); END")
    with pytest.raises(SinkHeld, match="made to"):
        sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    sink.write(batch_of_lines("cnc,asset=b x=2.0 1", "cnc,asset=a x=1.0 1"))
    with Historian(path) as historian:
        assert historian.range("b", "cnc", "x") == [Sample(1, 2.0)]
        assert historian.range("a", "cnc", "x") == [Sample(1, 1.0)]


def test_a_check_says_what_it_found(sink: HistorianSink, path: Path) -> None:
    sink.write(batch_of_lines("cnc,asset=a x=1.0 1"))
    assert sink.check() == f"the historian {path} can be written and knows 1 series"


def test_reading_a_file_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(SinkUnavailable, match="unable to open"):
        Historian(path)
    assert not path.exists()
