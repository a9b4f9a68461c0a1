"""What is known by heart of a spool is what its rows come to, whatever sinks come, go, or change their order."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.spool import Amounts, Group, Spool, survey

CONFIGURATIONS = (("a", "b"), ("a",), ("b", "a", "c"), ("c",))


def group_of(*topics: str) -> Group:
    group = Group("plant")
    for topic in topics:
        group.add(topic, [f"m,asset={topic} x=1 1"])
    return group


def total(amounts: Sequence[Amounts]) -> Amounts:
    return functools.reduce(Amounts.plus, amounts, Amounts())


def check(spool: Spool) -> None:
    """Compare what is known by heart, here and to a survey, with the rows in the file."""
    spool.save_positions()
    account = spool.account
    rows = spool._connection.execute("SELECT id, messages, points, size FROM records").fetchall()
    behind = {
        sink: total([Amounts(1, *amounts) for row, *amounts in rows if not progress.has(row)])
        for sink, progress in account.progress.items()
    }
    assert account.behind == behind
    assert account.waiting == total([Amounts(1, *amounts) for _, *amounts in rows])
    found = survey(spool.path, 2**30, account.oldest_ns + 10**9)
    assert (found.waiting, found.behind) == (account.waiting, account.behind)


def test_what_only_a_sink_lacked_that_is_gone_is_not_subtracted_from_what_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", ["a", "b"])
    row = spool.commit(group_of("t1", "t2"))
    assert row is not None
    spool.confirm("a", [row])
    spool.close()
    spool = Spool(tmp_path / "spool.db", ["a"])
    assert spool.account.waiting == Amounts()
    assert spool.account.delivered == 0, "nothing was delivered since it was opened"
    assert not spool._connection.execute("SELECT count(*) FROM records").fetchone()[0]
    row = spool.commit(group_of("t3"))
    assert row is not None
    spool.confirm("a", [row])
    spool.save_positions()
    assert spool.account.waiting == Amounts()
    spool.close()


def test_a_new_sink_lacks_what_is_there_and_not_what_was_deleted_in_the_middle(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", ["a"])
    rows = [spool.commit(group_of(f"t{number}")) for number in range(5)]
    spool.confirm("a", [row for row in rows[2:4] if row is not None])
    spool.close()
    spool = Spool(tmp_path / "spool.db", ["a", "b"])
    assert spool.account.behind["b"].rows == 3
    for sink in ("a", "b"):
        for row in (rows[0], rows[1], rows[4]):
            assert row is not None
            spool.confirm(sink, [row])
    spool.save_positions()
    assert spool.account.behind == {"a": Amounts(), "b": Amounts()}
    assert spool.account.waiting == Amounts(), "or it would be full for ever of what is not there"
    spool.close()


@pytest.mark.parametrize("sink", ["b", "c"])
def test_a_sink_that_comes_back_lacks_all_that_is_there(tmp_path: Path, sink: str) -> None:
    path = tmp_path / "spool.db"
    for sinks in (["a", sink], ["a"], ["a", sink]):
        spool = Spool(path, sinks)
        spool.commit(group_of("t"))
        check(spool)
        assert spool.account.behind[sinks[-1]] == spool.account.behind["a"]
        spool.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just("commit"),
            st.tuples(st.sampled_from("abc"), st.booleans()),
            st.sampled_from(CONFIGURATIONS),
        ),
        max_size=40,
    )
)
def test_sums_hold_while_sinks_come_and_go_and_change_their_order(
    tmp_path_factory: pytest.TempPathFactory, doing: list[str | tuple[str, bool] | tuple[str, ...]]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool.db"
    spool = Spool(path, CONFIGURATIONS[0], max_bytes=900, drop_oldest=True)
    for what in doing:
        match what:
            case "commit":
                spool.commit(group_of("t", "u"))
            case (str() as sink, bool() as newest_first):
                if sink in spool.account.progress:
                    reader = spool.reader(newest_first=newest_first)
                    if rows := reader.read(spool.account.progress[sink].copy(), 100):
                        spool.confirm(sink, rows)
                    reader.close()
            case _:
                spool.close()
                spool = Spool(path, [str(sink) for sink in what], max_bytes=900, drop_oldest=True)
        check(spool)
    spool.close()
