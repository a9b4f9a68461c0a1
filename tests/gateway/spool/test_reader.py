"""What a sink is given next: from memory or from the disk, oldest or newest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.spool import Group, Progress, Row, Spool, SpoolReader
from gateway.spool.recent import MAX_BYTES, Recent


def group(topic: str, size: int = 10) -> Group:
    made = Group("plant")
    made.add(topic, [f"m,asset={topic} x={'1' * size} 1"])
    return made


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    one = Spool(tmp_path / "spool.db", ["a"])
    yield one
    one.close()


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("from_memory", [False, True])
def test_whatever_the_order_every_row_is_given_once(spool: Spool, *, newest_first: bool, from_memory: bool) -> None:
    rows = [spool.commit(group(f"t{number}")) for number in range(9)]
    reader = SpoolReader(spool.path, spool.recent if from_memory else Recent(), newest_first=newest_first)
    size = rows[0].size * 2 if rows[0] else 0
    given_rows: list[Row] = []
    while portion := reader.read(spool.account.progress["a"].copy(), size):
        assert [row.id for row in portion] == sorted(row.id for row in portion)
        given_rows += portion if not newest_first else portion[::-1]
        spool.confirm("a", portion)
    assert given_rows == (rows[::-1] if newest_first else rows)
    assert spool.account.progress["a"].stretches == []
    reader.close()


def test_fresh_rows_overtake_what_has_waited_and_the_gap_is_filled_behind_them(spool: Spool) -> None:
    reader = SpoolReader(spool.path, Recent(), newest_first=True)
    for number in range(4):
        spool.commit(group(f"old{number}"))
    order = []
    for number in range(3):
        spool.commit(group(f"new{number}"))
        for _ in range(2):
            (row,) = reader.read(spool.account.progress["a"].copy(), 1)
            order.append(row.origin_of(0)[2])
            spool.confirm("a", [row])
            spool.save_positions()
    assert order == ["new0", "old3", "new1", "old2", "new2", "old1"]
    assert spool.account.behind["a"].messages == 1
    reader.close()


def test_progress_beyond_a_gap_outlives_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", ["a", "b"])
    rows = [row for number in range(5) if (row := spool.commit(group(f"t{number}")))]
    spool.confirm("a", rows[3:])
    spool.confirm("b", rows[4:])
    spool.close()
    spool = Spool(tmp_path / "spool.db", ["a", "b"])
    assert [spool.account.behind[sink].rows for sink in "ab"] == [3, 4]
    assert spool.account.waiting.rows == 4, "what both have is gone"
    reader = spool.reader()
    assert [row.id for row in reader.read(spool.account.progress["a"].copy(), 2**20)] == [1, 2, 3]
    reader.close()
    spool.close()


def test_a_gap_whose_rows_were_dropped_is_closed(spool: Spool) -> None:
    rows = [row for number in range(5) if (row := spool.commit(group(f"t{number}")))]
    spool.confirm("a", rows[4:])
    spool.save_positions()
    spool._connection.execute("DELETE FROM records WHERE id <= 4")
    for newest_first in (False, True):
        reader = SpoolReader(spool.path, Recent(), newest_first=newest_first)
        progress = spool.account.progress["a"].copy()
        assert list(reader.read(progress, 2**20)) == []
        assert progress.position == rows[4].id
        reader.close()


def test_memory_keeps_no_more_than_its_bound(spool: Spool) -> None:
    for number in range(12):
        spool.commit(group(f"t{number}", size=MAX_BYTES // 10))
    assert spool.recent.after(0, 2**30) is None
    kept = spool.recent.after(4, 2**30)
    assert kept is not None
    assert sum(row.size for row in kept) <= MAX_BYTES


@pytest.mark.parametrize(("newest_first", "portion"), [(False, [1, 2]), (True, [3, 4])])
def test_memory_gives_a_portion_where_all_that_is_lacking_would_be_too_much(
    spool: Spool, *, newest_first: bool, portion: list[int]
) -> None:
    rows = [row for number in range(4) if (row := spool.commit(group(f"t{number}")))]
    reader = spool.reader(newest_first=newest_first)
    spool._connection.execute("DELETE FROM records")
    given_rows = reader.read(Progress(), rows[0].size * 2)
    assert [row.id for row in given_rows] == portion
    assert reader.read(Progress(), 1) == [rows[-1 if newest_first else 0]], "one in any case"
    reader.close()


@pytest.mark.parametrize("newest_first", [False, True])
def test_what_does_not_fit_into_a_batch_is_not_read_from_the_disk(spool: Spool, *, newest_first: bool) -> None:
    rows = [row for number in range(2) if (row := spool.commit(group(f"t{number}", size=2**22)))]
    reader = SpoolReader(spool.path, Recent(), newest_first=newest_first)
    before = _bytes_read_by_this_thread()
    assert len(reader.read(Progress(), rows[0].size)) == 1
    assert _bytes_read_by_this_thread() - before < 1.5 * rows[0].size
    reader.close()


def _bytes_read_by_this_thread() -> int:
    counters = Path("/proc/thread-self/io").read_text(encoding="utf-8")
    return int(counters.partition("rchar: ")[2].split()[0])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["commit", "read", "forget"]), max_size=40), st.booleans())
def test_memory_and_disk_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory,
    doing: list[str],
    big: bool,  # noqa: FBT001  # drawn
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.db", ["a"])
    memory, disk = spool.reader(), SpoolReader(spool.path, Recent())
    for what in doing:
        progress = spool.account.progress["a"]
        match what:
            case "commit":
                spool.commit(group("t", size=MAX_BYTES // 3 if big else 10))
            case "read":
                rows = memory.read(progress.copy(), 2**30)
                assert rows == disk.read(progress.copy(), 2**30)
                if rows:
                    spool.confirm("a", rows[: len(rows) // 2 + 1])
            case "forget":
                spool.save_positions()
    assert memory.read(Progress(2**40), 1) == []
    for reader in (memory, disk):
        reader.close()
    spool.close()


def test_the_backlog_may_go_before_what_is_fresh(spool: Spool) -> None:
    rows = [row for number in range(6) if (row := spool.commit(group(f"t{number}")))]
    spool.confirm("a", rows[3:5])
    progress = spool.account.progress["a"]
    reader = spool.reader(newest_first=True)
    assert reader.read(progress.copy(), 2**20, backlog_first=True) == rows[:3]
    assert reader.read(progress.copy(), 2**20) == rows[5:]
    spool._connection.execute("DELETE FROM records WHERE id <= 3")
    assert reader.read(progress.copy(), 2**20, backlog_first=True) == rows[5:], "what was there is gone"
    reader.close()
