"""A disk without room costs nothing but time: what does not fit is refused whole, and goes on when there is room."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import SpoolFull
from gateway.spool import Group, Spool, SpoolReader
from tests.gateway.spool.observed import observe, rows_of
from tests.servers.disk.small import small_disk

MB = 2**20


def group_of(number: int, size: int) -> Group:
    group = Group("plant")
    group.add("t", [f'm n={number}i,s="{"x" * size}" {number}'])
    return group


def fill(folder: Path, leave: int = 0) -> Path:
    """Use up the room of a disk, but for so many bytes."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
    return ballast


def commit_until_full(spool: Spool, size: int = 100_000, first: int = 0) -> int:
    """Commit groups until one is refused; return its number."""
    for number in range(first, first + 10_000):
        try:
            spool.commit(group_of(number, size))
        except SpoolFull:
            return number
    raise AssertionError("the disk is never full")


def keep_texts_until_full(spool: Spool, kept: dict[str, str]) -> None:
    for number in range(1000):
        spool.set_state(f"key{number}", "x" * 4000)
        kept[f"key{number}"] = "x" * 4000


def numbers(spool: Spool) -> list[int]:
    return [int(row.body.split()[-1]) for row in rows_of(spool)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 6) as folder:
        yield folder


@pytest.mark.parametrize("size", [100, 5000, 300_000, 2_000_000])
def test_what_does_not_fit_on_the_disk_is_refused_whole(disk: Path, size: int) -> None:
    spool = Spool(disk / "spool.db", ["a"])
    if size < 300_000:
        fill(disk, leave=MB)
    refused = commit_until_full(spool, size)
    before = observe(spool)
    assert numbers(spool) == list(range(refused))
    with pytest.raises(SpoolFull, match=r"the disk of .* is full"):
        spool.commit(group_of(refused, size))
    assert observe(spool) == before
    spool._connection.close()
    spool._lock.release()
    spool = Spool(disk / "spool.db", ["a"])
    assert observe(spool) == before, "as much after a restart, on a disk that is still full"
    spool.close()


def test_the_spool_goes_on_when_there_is_room_again(disk: Path) -> None:
    ballast = fill(disk, leave=3 * MB)
    spool = Spool(disk / "spool.db", ["a"])
    refused = commit_until_full(spool)
    ballast.unlink()
    spool.commit(group_of(refused, 100_000))
    assert numbers(spool) == list(range(refused + 1))
    spool.close()


def test_draining_the_spool_makes_room_inside_its_file(disk: Path) -> None:
    spool = Spool(disk / "spool.db", ["a"])
    refused = commit_until_full(spool)
    for _ in range(3):
        rows = rows_of(spool)
        spool.confirm("a", rows[: len(rows) // 2])
        spool.save_positions()
        refused = commit_until_full(spool, first=refused)
        assert len(numbers(spool)) > len(rows) // 2, "there was room for more"
        assert numbers(spool) == list(range(refused - len(numbers(spool)), refused))
    spool.close()


def test_a_reader_in_the_way_of_the_log_loses_nothing_when_the_disk_is_full(disk: Path) -> None:
    """While someone reads, SQLite's own log grows and cannot be reused."""
    spool = Spool(disk / "spool.db", ["a"])
    spool.commit(group_of(0, 1000))
    looking = sqlite3.connect(disk / "spool.db", isolation_level=None)
    looking.execute("BEGIN")
    looking.execute("SELECT count(*) FROM records").fetchone()
    refused = commit_until_full(spool, first=1)
    looking.close()
    assert numbers(spool) == list(range(refused))
    spool.confirm("a", rows_of(spool))
    for _ in range(100):  # the gateway does it once a second
        spool.save_positions()
    spool.commit(group_of(refused, 100_000))
    assert numbers(spool) == [refused]
    spool.close()


def test_dead_letters_and_texts_are_refused_like_records(disk: Path) -> None:
    spool = Spool(disk / "spool.db", ["a"])
    commit_until_full(spool)
    fill(disk)
    kept: dict[str, str] = {}
    with pytest.raises(SpoolFull):
        keep_texts_until_full(spool, kept)
    assert kept, "there is a reserve for what must be kept"
    assert observe(spool).state == kept
    spool.close()


def test_a_full_disk_is_left_by_delivering(disk: Path) -> None:
    """Confirming rows writes, too: there must be room for that where there is none for new rows."""
    spool = Spool(disk / "spool.db", ["a"])
    commit_until_full(spool)
    commit_until_full(spool, size=1, first=10_000)
    fill(disk)
    expected = numbers(spool)
    while rows := rows_of(spool)[:5]:
        spool.confirm("a", rows)
        spool.save_positions()
        expected = expected[5:]
        assert numbers(spool) == expected
    spool.close()


def test_the_reserve_on_the_disk_stays_free(disk: Path) -> None:
    spool = Spool(disk / "spool.db", ["a"], min_free=2 * MB)
    refused = commit_until_full(spool)
    found = os.statvfs(disk)
    assert found.f_bavail * found.f_frsize > MB
    reader = SpoolReader(spool.path, spool.recent)
    spool.confirm("a", reader.read(spool.account.progress["a"].copy(), 10 * MB))
    spool.save_positions()
    reader.close()
    assert numbers(spool) == []
    assert refused > 5
    spool.close()
