"""One sink's way out of the spool: what it is given next, and what is known of a record that it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import backlog
from gateway.delivery import Delivery
from gateway.errors import SinkRejected
from gateway.spool import Group, Row, Spool
from gateway.status import SinkStatus
from tests.gateway.fakes import FakeSink


def group(*topics: str) -> Group:
    made = Group("plant")
    for topic in topics:
        made.add(topic, [f"m,asset={topic} x=1 1", f"m,asset={topic} x=2 2"])
    return made


@asynccontextmanager
async def way_out(spool: Spool, sink: FakeSink, *, newest_first: bool = False) -> AsyncIterator[Delivery]:
    progress = spool.account.progress[sink.name].copy()
    way = Delivery(sink, spool.reader(newest_first=newest_first), SinkStatus(), progress, newest_first)
    try:
        yield way
    finally:
        way.close(1)
        spool.close()


async def test_the_backlog_has_its_turn_though_something_fresh_has_come_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, sink = Spool(tmp_path / "spool.db", ["store"]), FakeSink()
    old = [row for number in range(10) if (row := spool.commit(group(f"old{number}")))]
    sink.max_batch_bytes = 160  # two rows at a time
    monkeypatch.setattr(backlog.Backlog, "is_old", lambda _, rows: rows[-1].id <= old[-1].id)
    given: list[Row] = []
    async with way_out(spool, sink, newest_first=True) as way:
        for number in range(30):  # a database so far away that with each answer there is something new
            spool.commit(group(f"fresh{number}"))
            way.news.set()
            rows = await way.read()
            given += rows
            way.progress.add(*spool.confirm("store", rows))
    assert given[1].id > old[-1].id, "what is fresh goes first"
    assert {*old} < {*given}
    assert len(given) == len({*given})


async def test_a_refused_record_leads_back_to_its_message(tmp_path: Path) -> None:
    spool, sink = Spool(tmp_path / "spool.db", ["store"]), FakeSink()
    for topics in (["a"], ["b", "c"], ["d", "e", "f"]):
        spool.commit(group(*topics))
    sink.refuses = lambda record: SinkRejected("no", records=1) if "x=2" in record else None
    async with way_out(spool, sink) as way:
        refusals = await way.write(await way.read())
    assert [(one.row, one.message, one.letter.topic) for one in refusals] == [
        (1, 0, "a"),
        (2, 0, "b"),
        (2, 1, "c"),
        (3, 0, "d"),
        (3, 1, "e"),
        (3, 2, "f"),
    ]
    assert all(f"asset={one.letter.topic} " in one.letter.payload.decode() for one in refusals)
    assert [one.letter.fingerprint for one in refusals[:2]] == ["store/1/1", "store/2/1"]
