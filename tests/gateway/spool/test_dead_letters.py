"""Evidence is kept of everything, within bounds, whatever one bad machine does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.dead_letters import letters, tallies
from gateway.spool import DeadLetter, Group, Kind, Selection, Spool
from gateway.spool import dead_letter_box as box_module
from gateway.spool.dead_letters import MAX_NAME, OVERHEAD, series_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    with closing(Spool(path, ["a"], max_dead_letters=100_000, keep_per_reason=5)) as opened:
        yield opened


def letter(reason: str = "not JSON", topic: str = "t", size: int = 1000, **fields: object) -> DeadLetter:
    made = DeadLetter(Kind.UNDECODABLE, "plant", topic, b"x" * size, reason, received_ns=1)
    return made._replace(**fields)  # type: ignore[arg-type]


def kept_by(path: Path) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return how many were seen and are kept, by reason, topic and subject."""
    return {(one.reason, one.topic, one.subject): (one.seen, one.kept) for one in tallies(path)}


def bytes_kept(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        number: int = connection.execute("SELECT coalesce(sum(size), 0) FROM dead_letters").fetchone()[0]
    return number


def test_a_bad_value_does_not_push_out_another_that_comes_by_the_same_topic(spool: Spool, path: Path) -> None:
    bad = letter("not an int", kind=Kind.VALUE, subject="speed")
    spool.reject([bad] * 500)
    spool.reject([bad._replace(subject="torque")])
    spool.reject([bad] * 500)
    kept = kept_by(path)
    assert kept["not an int", "t", "torque"] == (1, 1)
    seen, still = kept["not an int", "t", "speed"]
    assert seen == 1000
    assert 5 <= still < 100
    assert bytes_kept(path) <= 100_000


def test_rejected_records_are_told_apart_by_their_series(spool: Spool, path: Path) -> None:
    def rejected(record: bytes) -> DeadLetter:
        return letter("type conflict", kind=Kind.REJECTED, payload=record, sink="db")

    spool.reject([rejected(b"cnc,asset=m1 x=%d 1" % number + b" " * 1000) for number in range(200)])
    spool.reject([rejected(rb"cnc,asset=m\ 2 x=1 1")])
    kept = kept_by(path)
    assert kept["type conflict", "t", r"cnc,asset=m\ 2"] == (1, 1)
    assert kept["type conflict", "t", "cnc,asset=m1"][0] == 200


def test_the_series_of_a_record_ends_at_the_first_space_that_is_one() -> None:
    assert series_of(rb"a\ b,c=d\,e\ f x=1 2") == rb"a\ b,c=d\,e\ f".decode()
    assert series_of(b"") == ""


def test_the_first_of_each_sort_are_kept_and_the_room_is_never_exceeded(spool: Spool, path: Path) -> None:
    for number in range(10):
        spool.reject([letter(topic=f"t{number}")] * 200)
        assert bytes_kept(path) <= 100_000
    kept = kept_by(path)
    assert all(kept["not JSON", f"t{number}", ""][1] >= 5 for number in range(10))
    assert letters(path, Selection(topic="t0"))[-1].id == 1, "the first ones are what stays"


def test_more_sorts_than_there_is_room_for_do_not_push_each_other_out(spool: Spool, path: Path) -> None:
    spool.reject([letter(topic=f"t{number}") for number in range(500)])
    kept = kept_by(path)
    assert len(kept) == 500, "all are counted"
    assert kept["not JSON", "t0", ""] == (1, 1)
    assert bytes_kept(path) <= 100_000


def test_empty_letters_need_room_too(spool: Spool, path: Path) -> None:
    spool.reject([letter(size=0)] * 1000)
    ((seen, kept),) = kept_by(path).values()
    assert seen == 1000
    assert kept <= 100_000 / OVERHEAD


def test_a_letter_that_is_larger_than_all_the_room_is_counted_and_pushes_out_nothing(spool: Spool, path: Path) -> None:
    spool.reject([letter(topic="small")] * 10)
    spool.reject([letter(topic="large", size=200_000)])
    kept = kept_by(path)
    assert kept["not JSON", "small", ""] == (10, 10)
    assert kept["not JSON", "large", ""] == (1, 0)


def test_10_000_topics_are_counted_and_more_do_not_take_more_memory(
    spool: Spool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_module, "MAX_COUNTED", 50)
    monkeypatch.setattr(box_module, "MAX_FURTHER", 10)
    spool.reject([letter(topic=f"hostile/{number}", size=10) for number in range(200)])
    spool.reject([letter("another fault", size=10)])
    kept = kept_by(path)
    assert kept["not JSON", "(others)", ""][0] == 150
    assert kept["another fault", "(others)", ""] == (1, 1), "its reason is still told apart"
    spool.reject([letter(f"'{number}' is no number", size=10) for number in range(200)])
    kept = kept_by(path)
    assert len(kept) <= 61
    assert kept["(others)", "(others)", ""][0] > 100
    assert sum(seen for seen, _ in kept.values()) == 401
    assert len(spool._dead_letters._counted) == len(spool._dead_letters._sorts) == len(kept)


def test_long_names_are_kept_whole_and_counted_by_their_beginning(spool: Spool, path: Path) -> None:
    spool.reject([letter(topic="x" * 5000, size=1), letter(topic="x" * 6000, size=1)])
    assert kept_by(path) == {("not JSON", "x" * MAX_NAME, ""): (2, 2)}
    assert [len(one.topic) for one in letters(path)] == [6000, 5000]


def test_reasons_and_details_are_cut(spool: Spool, path: Path) -> None:
    spool.reject([letter("r" * 10_000, detail="d" * 10_000)])
    (kept,) = letters(path)
    assert (len(kept.reason), len(kept.detail)) == (120, 1000)


def test_what_was_rejected_is_kept_and_counted_once_however_often_it_is_told(spool: Spool, path: Path) -> None:
    for _ in range(3):
        spool.reject([letter(fingerprint="db/1/0")])
    assert kept_by(path) == {("not JSON", "t", ""): (1, 1)}


def test_numbers_and_bounds_hold_over_a_restart(path: Path) -> None:
    with closing(Spool(path, ["a"], max_dead_letters=100_000, keep_per_reason=5)) as spool:
        spool.reject([letter()] * 200)
    before = kept_by(path)
    with closing(Spool(path, ["a"], max_dead_letters=100_000, keep_per_reason=5)) as again:
        again.reject([letter("late")])
        assert bytes_kept(path) <= 100_000
    (seen, kept), late = kept_by(path)["not JSON", "t", ""], kept_by(path)["late", "t", ""]
    assert (seen, late) == (200, (1, 1))
    assert kept == before["not JSON", "t", ""][1] - 1


def test_a_commit_that_fails_counts_nothing(spool: Spool, path: Path) -> None:
    group = Group("plant")
    group.dead_letters = [letter(), letter(kind=Kind.VALUE, sink=None)]
    with pytest.raises(Exception, match="NOT NULL"):
        spool.commit(group)
    spool.reject([letter()])
    assert kept_by(path) == {("not JSON", "t", ""): (1, 1)}
