"""What the spool says of itself: what became of messages, and when it is full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.line_protocol import Encoder
from gateway.normalize import SeriesStates
from gateway.refusals import Refusal
from gateway.safekeeping import Safekeeping
from gateway.spool import DeadLetter, Group, Kind, Row, Spool
from gateway.status import Status


def group(*topics: str, size: int = 1) -> Group:
    made = Group("plant")
    for topic in topics:
        made.add(topic, [f"m,asset={topic} x={'1' * size} 1"])
    return made


@asynccontextmanager
async def safekeeping(path: Path, *sinks: str, **options: int) -> AsyncIterator[Safekeeping]:
    spool = Spool(path / "spool.db", sinks, **options)  # type: ignore[arg-type]
    keeping = Safekeeping(spool, SeriesStates(10), Encoder(), Status())
    try:
        yield keeping
    finally:
        await keeping.close()


def refusals(sink: str, row: Row, messages: Sequence[int]) -> list[Refusal]:
    return [
        Refusal(DeadLetter(Kind.REJECTED, "plant", f"t{number}", b"r", "no", "no", 1, sink=sink), row.id, number)
        for number in messages
    ]


async def test_a_message_that_two_sinks_refuse_counts_once_and_never_as_stored(tmp_path: Path) -> None:
    async with safekeeping(tmp_path, "a", "b") as keeping:
        counts = keeping._status.messages
        rows = []
        for _ in range(2):
            counts.received += 3
            row = await keeping.commit(group("t0", "t1", "t2"))
            assert row is not None
            rows.append(row)
        await keeping.confirm("a", rows[:1], refusals("a", rows[0], [1, 2]))
        await keeping.confirm("a", rows[1:], refusals("a", rows[1], [0]))
        await keeping.keep_house()
        assert (counts.stored, counts.quarantined) == (0, 3)
        await keeping.confirm("b", rows[:1], refusals("b", rows[0], [2]))
        await keeping.keep_house()
        assert (counts.stored, counts.quarantined, counts.waiting) == (1, 3, 2)
        await keeping.confirm("b", rows[1:], [])
        await keeping.keep_house()
        assert (counts.stored, counts.quarantined, counts.waiting) == (3, 3, 0)


async def test_messages_of_which_nothing_is_stored_do_not_make_a_full_spool_look_as_if_it_had_room(
    tmp_path: Path,
) -> None:
    async with safekeeping(tmp_path, "a", min_free=2**62) as keeping:
        commit = asyncio.create_task(keeping.commit(group("t")))
        async with asyncio.timeout(20):
            while keeping._status.spool.state != "full":  # noqa: ASYNC110  # what is watched is a plain text
                await asyncio.sleep(0.005)
        assert await keeping.commit(Group("other")) is None
        assert keeping._status.spool.state == "full"
        commit.cancel()


async def test_what_is_forgotten_for_want_of_room_is_told_at_once_and_then_each_minute(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with safekeeping(tmp_path, "a", max_bytes=1000, drop_oldest=True) as keeping:
        for _ in range(50):
            await keeping.commit(group("t", size=100))
        assert keeping._status.spool.dropped == keeping.spool.account.dropped > 30
        keeping._tell_of_dropping(keeping._told_at + 59)
        assert "".join(capsys.readouterr()).count("forgot the oldest") == 1
        keeping._tell_of_dropping(keeping._told_at + 60)
        told = "".join(capsys.readouterr())
        assert f"messages={keeping.spool.account.dropped - 1}" in told


async def fill(keeping: Safekeeping, topics: int) -> list[Row]:
    rows = [await keeping.commit(group(f"t{number}", size=10)) for number in range(topics)]
    return [row for row in rows if row is not None]


async def test_those_who_can_wait_are_told_when_the_spool_is_nearly_full_and_when_it_has_room_again(
    tmp_path: Path,
) -> None:
    async with safekeeping(tmp_path, "a", max_bytes=10_000) as keeping:
        told: list[tuple[bool, float]] = []
        keeping.tell_of_room(lambda accepting: told.append((accepting, keeping.spool.filled)))
        rows: list[Row] = []
        while not told:
            rows += await fill(keeping, 1)
            assert len(rows) < 1000
        (accepting, filled) = told[0]
        assert not accepting
        assert filled >= 0.95
        for row in rows:
            await keeping.confirm("a", [row], [])
            await keeping.keep_house()
        assert [accepting for accepting, _ in told] == [False, True]
        assert told[1][1] < 0.90


async def test_whoever_asks_while_there_is_no_room_is_told_at_once(tmp_path: Path) -> None:
    async with safekeeping(tmp_path, "a", max_bytes=10) as keeping:
        await fill(keeping, 1)
        told: list[bool] = []
        keeping.tell_of_room(told.append)
        assert told == [False]


async def test_a_write_that_finds_no_room_is_told_too(tmp_path: Path) -> None:
    async with safekeeping(tmp_path, "a", min_free=2**62) as keeping:
        told: list[bool] = []
        keeping.tell_of_room(told.append)
        commit = asyncio.create_task(keeping.commit(group("t")))
        async with asyncio.timeout(20):
            while not told:  # noqa: ASYNC110  # what is watched is a plain list
                await asyncio.sleep(0.005)
        assert told == [False]
        commit.cancel()


async def test_where_the_oldest_make_room_nobody_has_to_wait(tmp_path: Path) -> None:
    async with safekeeping(tmp_path, "a", max_bytes=1_000, drop_oldest=True) as keeping:
        told: list[bool] = []
        keeping.tell_of_room(told.append)
        await fill(keeping, 50)
        assert told == []
