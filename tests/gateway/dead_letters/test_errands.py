"""The running gateway does what is asked for, counts it right, and lets nothing wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.dead_letters import Errands, ask, errands, letters, look_up
from gateway.line_protocol import Encoder
from gateway.normalize import SeriesStates
from gateway.safekeeping import Safekeeping
from gateway.spool import Action, DeadLetter, Group, Kind, Selection, Spool
from gateway.spool import requests as requests_module
from gateway.status import Status
from tests.gateway.dead_letters.letters import make, records_of, rejected, undecodable


class Gateway:
    """What a running gateway has to do with dead letters."""

    def __init__(self, path: Path, **room: int) -> None:
        self.path = path
        self.status = Status()
        self.spool = Spool(path, ["store0"], **room)  # type: ignore[arg-type]
        self.safekeeping = Safekeeping(self.spool, SeriesStates(10), Encoder(), self.status)
        self.errands = Errands(self.safekeeping, ["plant"], make, self.status)

    async def set_aside(self, *given: DeadLetter) -> None:
        """Receive messages of which nothing can be stored."""
        group = Group("plant")
        group.dead_letters += given
        for letter in given:
            self.status.messages.received += 1
            self.status.messages.quarantined += 1
            self.status.quarantined.count(letter.reason if letter.kind is not Kind.REJECTED else "rejected by store0")
        await self.safekeeping.commit(group)

    async def do(self, action: Action = Action.RETRY, chosen: Selection | None = None) -> None:
        """Ask for something, and have it done."""
        ask(self.path, action, chosen or Selection())
        while await self.errands.do_portion():
            pass

    def balanced(self) -> bool:
        """Whether as many messages wait as there are in the spool."""
        return self.status.messages.waiting == self.spool.account.waiting.messages

    def counts(self) -> tuple[int, int, int, int]:
        """Return what was received, waits, is quarantined and ignored."""
        counts = self.status.messages
        return counts.received, counts.waiting, counts.quarantined, counts.ignored


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path / "spool.db")
    yield made
    await made.safekeeping.close()


async def test_messages_of_this_run_move_from_quarantined_to_waiting(gateway: Gateway) -> None:
    await gateway.set_aside(undecodable(), undecodable(), undecodable(b"{"))
    await gateway.do()
    assert gateway.counts() == (3, 2, 1, 0)
    assert gateway.balanced()
    assert gateway.status.quarantined == {"not understood": 1}
    assert gateway.status.points == 2


async def test_messages_of_an_earlier_run_are_counted_as_received_now(tmp_path: Path) -> None:
    before = Gateway(tmp_path / "spool.db")
    await before.set_aside(undecodable(), undecodable())
    await before.safekeeping.close()
    gateway = Gateway(tmp_path / "spool.db")
    await gateway.set_aside(undecodable())
    await gateway.do()
    assert gateway.counts() == (3, 3, 0, 0)
    assert gateway.balanced()
    await gateway.safekeeping.close()


async def test_records_that_a_sink_rejected_are_counted_as_messages_again(gateway: Gateway) -> None:
    await gateway.set_aside(rejected(b"m x=1 1"))
    gateway.spool.reject([rejected(b"m x=1 2"), rejected(b"m x=1 3")])  # further records of the same message
    await gateway.do()
    assert gateway.counts() == (3, 3, 0, 0)
    assert gateway.balanced()
    assert records_of(gateway.spool) == ["m x=1 1", "m x=1 2", "m x=1 3"]


async def test_a_message_that_was_stored_in_part_is_counted_once_more(gateway: Gateway) -> None:
    gateway.spool.reject([undecodable(kind=Kind.VALUE)])
    await gateway.do()
    assert gateway.counts() == (1, 1, 0, 0)
    assert gateway.balanced()


async def test_a_message_of_which_nothing_is_stored_is_counted_as_ignored(gateway: Gateway) -> None:
    await gateway.set_aside(undecodable(b"{}"))
    await gateway.do()
    assert gateway.balanced()
    received, waiting, quarantined, ignored = gateway.counts()
    assert received == waiting + quarantined + ignored


async def test_purging_leaves_the_counts_of_messages_as_they_are(gateway: Gateway) -> None:
    await gateway.set_aside(undecodable(), undecodable())
    await gateway.do(Action.PURGE)
    assert gateway.counts() == (2, 0, 2, 0)
    assert letters(gateway.path) == []


async def test_a_full_spool_takes_a_purge_and_a_retry_waits_for_room(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "spool.db", min_free=2**62)
    gateway.spool.reject([undecodable(), undecodable(b"{")])
    await gateway.do(Action.PURGE, Selection(numbers=(2,)))
    assert [letter.id for letter in letters(gateway.path)] == [1]
    request = ask(gateway.path, Action.RETRY, Selection())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await gateway.errands.do_portion()
    assert gateway.status.spool.state == "full"
    assert not look_up(gateway.path, request.id).done
    assert [letter.id for letter in letters(gateway.path)] == [1], "nothing is lost"
    await gateway.safekeeping.close()


async def test_a_letter_that_this_program_did_not_write_stops_nobody(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.spool.reject([undecodable(), undecodable()])
    gateway.spool._connection.execute("UPDATE dead_letters SET properties = '{' WHERE id = 1")
    await gateway.do()
    assert "given up" in "".join(capsys.readouterr())
    assert [letter.id for letter in letters(gateway.path)] == [2, 1]
    await gateway.do(chosen=Selection(numbers=(2,)))
    assert [letter.id for letter in letters(gateway.path)] == [1]


async def test_requests_are_found_and_done_one_after_the_other(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "LOOK", 0.01)
    monkeypatch.setattr(errands, "PAUSE", 0.0)
    monkeypatch.setattr(requests_module, "LETTERS", 7)
    gateway.spool.reject([undecodable(received_ns=10**18 + number) for number in range(50)])
    first = ask(gateway.path, Action.RETRY, Selection(limit=20))
    second = ask(gateway.path, Action.PURGE, Selection())
    async with asyncio.timeout(30):
        task = asyncio.create_task(gateway.errands.run())
        while not look_up(gateway.path, second.id).done:  # noqa: ASYNC110  # what is watched is a file
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
    assert look_up(gateway.path, first.id).results.stored == 20
    assert look_up(gateway.path, second.id).results.purged == 30
    times = [int(record.rsplit(" ", 1)[1]) for record in records_of(gateway.spool)]
    assert times == [10**18 + number for number in range(20)]
    assert gateway.balanced()
