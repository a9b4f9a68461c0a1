"""How long messages take to a store: looked for in a file such as a gateway's historian is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.sinks.historian.schema import open_for_writing
from simulators.load.latency import StoreError, Watch
from tests.servers import wait_until


class Store:
    """A historian that is written by hand."""

    def __init__(self, path: Path) -> None:
        self._connection = open_for_writing(path)
        self._connection.execute("INSERT INTO series VALUES (1, 'press', 'press-1', '{}')")

    def add(self, time_ms: int) -> None:
        """Add a point."""
        time_ns = time_ms * 1_000_000
        self._connection.execute("INSERT INTO point VALUES (?, 1, ?, '{}')", (time_ns // 10**10, time_ns))
        self._connection.execute("REPLACE INTO latest VALUES (1, ?)", (f'{{"force": [{time_ns}, 1.5]}}',))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "historian.db")) as store:
        yield store


def test_what_is_told_is_found_when_it_is_there(tmp_path: Path, store: Store) -> None:
    with Watch(tmp_path / "historian.db", ["press-1"]) as watch:
        watch.told(["press-1", "press-2"], 1_790_000_000_000)
        watch.told(["press-1"], 1_790_000_001_000)
        store.add(1_790_000_000_000)
        wait_until(lambda: watch.latency().messages == 1, "the first is found")
        assert watch.latency().missing == 1
        store.add(1_790_000_001_000)
        found = watch.finish()
    assert (found.messages, found.missing) == (2, 0)
    assert found.median_ms is not None
    assert found.p99_ms is not None
    assert found.max_ms is not None
    assert 0 < found.median_ms <= found.p99_ms <= found.max_ms


def test_the_newest_point_does_not_stand_for_one_that_is_missing(tmp_path: Path, store: Store) -> None:
    with Watch(tmp_path / "historian.db", ["press-1"]) as watch:
        watch.told(["press-1"], 1_790_000_000_000)
        watch.told(["press-1"], 1_790_000_001_000)
        store.add(1_790_000_001_000)
        wait_until(lambda: watch.latency().messages == 1, "the newest is found")
        assert watch.latency().missing == 1


def test_a_historian_may_be_made_later(tmp_path: Path) -> None:
    with Watch(tmp_path / "later.db", ["press-1"]) as watch:
        watch.told(["press-1"], 1_790_000_000_000)
        with closing(Store(tmp_path / "later.db")) as store:
            store.add(1_790_000_000_000)
            assert watch.finish().messages == 1


def test_what_is_no_historian_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE other (name TEXT)")
    with pytest.raises(StoreError, match="no such table"):
        Watch(tmp_path / "other.db", ["press-1"])
