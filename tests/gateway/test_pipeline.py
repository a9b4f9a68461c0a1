"""The path of a value, with a real spool and fakes at both ends."""

from __future__ import annotations

import asyncio
import functools
import random
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path as File

import pytest

from gateway import backlog as backlog_module
from gateway import delivery as delivery_module
from gateway import pipeline as pipeline_module
from gateway.clock import Clock
from gateway.delivery import Backoff, Delivery
from gateway.errors import SinkError, SinkHeld, SinkRejected, SinkUnavailable, SpoolError
from gateway.filling import MAX_GROUP_BYTES, Filling
from gateway.interfaces import Batch, Unreadable
from gateway.line_protocol import Encoder
from gateway.models import Command, Hold, Message, Observation, Reject, Release
from gateway.normalize import SeriesStates
from gateway.pipeline import deliver, ingest, keep_house, pass_time
from gateway.safekeeping import Safekeeping
from gateway.spool import Group, Spool
from gateway.status import SinkStatus, Status
from tests.gateway import test_translator
from tests.gateway.configurations import message
from tests.gateway.fakes import FakeSink, FakeSource


class Line:
    """A whole gateway between a fake source and fake sinks."""

    def __init__(
        self,
        folder: File,
        sinks: int = 1,
        linger: float = 0.01,
        *,
        write_through: bool = False,
        order: str = "oldest_first",
        **spool: object,
    ) -> None:
        self.source = FakeSource()
        self.sinks = [FakeSink(f"store{number}") for number in range(sinks)]
        self.bench = test_translator.Bench()
        self.status: Status = self.bench.status
        self.linger = linger
        self.spool = Spool(folder / "spool.db", [sink.name for sink in self.sinks], **spool)  # type: ignore[arg-type]
        self.safekeeping = Safekeeping(
            self.spool, SeriesStates(10), Encoder(), self.status, write_through=write_through
        )
        self.order = order
        self.backlog_rate = 1e9

    @asynccontextmanager
    async def running(self, *, delivering: bool = True) -> AsyncIterator[None]:
        newest_first = self.order == "newest_first"
        ways = [
            Delivery(
                sink,
                self.spool.reader(newest_first=newest_first),
                SinkStatus(),
                self.spool.account.progress[sink.name].copy(),
                newest_first,
                self.backlog_rate,
            )
            for sink in self.sinks
        ]
        self.safekeeping.ways += ways
        self.statuses = [way.status for way in ways]
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(self._ingest()),
                    tasks.create_task(pass_time(self.safekeeping, Clock())),
                    tasks.create_task(keep_house(self.safekeeping)),
                    *(tasks.create_task(deliver(way, self.safekeeping)) for way in ways if delivering),
                ]
                yield
                for task in running:
                    task.cancel()
        finally:
            for way in ways:
                way.close(1)
            await self.safekeeping.close()

    async def _ingest(self) -> None:
        await ingest(self.source, self.bench.translator, self.safekeeping, self.linger, Clock())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  # what is watched are plain numbers
                await asyncio.sleep(0.005)


def _rows_ever_committed(line: Line) -> int:
    """Return the number of the last row that was ever written to the spool's file."""
    connection = sqlite3.connect(line.spool.path)
    try:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()
    finally:
        connection.close()
    return 0 if row is None else int(row[0])


def _acknowledged(line: Line, number: int) -> bool:
    return len(line.source.acknowledged) == number


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(delivery_module, "LEAST_WAIT", 0.0)
    monkeypatch.setattr(pipeline_module, "RETRY", 0.05)
    monkeypatch.setattr(pipeline_module, "HOLD", 0.05)


async def test_what_arrives_is_stored_and_then_acknowledged(tmp_path: File) -> None:
    line = Line(tmp_path)
    async with line.running():
        line.source.feed(message(payload=b"1"), message(payload=b"2"))
        line.source.feed(message(payload=b"3"))
        await line.until(lambda: len(line.sinks[0].records) == 3)
        await line.until(lambda: line.status.messages.stored == 3)
        assert [m.payload for m in line.source.acknowledged] == [b"1", b"2", b"3"]
    assert line.status.messages.waiting == 0


async def test_nothing_is_acknowledged_before_it_is_committed(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(tmp_path)
    depths: list[int] = []
    acknowledge = line.source.acknowledge

    def note(messages: object) -> None:
        depths.append(line.spool.account.waiting.messages)
        acknowledge(messages)  # type: ignore[arg-type]

    monkeypatch.setattr(line.source, "acknowledge", note)
    async with line.running(delivering=False):
        for number in range(20):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
    assert depths == list(range(1, 21))


async def test_when_the_commit_fails_nothing_is_acknowledged_and_the_gateway_ends(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path)

    def fail(_: Group) -> None:
        raise SpoolError("disk I/O error")

    monkeypatch.setattr(line.spool, "commit", fail)
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012  # it is the end of the block that raises
        async with line.running():
            line.source.feed(message(payload=b"1"))
            await asyncio.sleep(10)
    assert caught.group_contains(SpoolError)
    assert line.source.acknowledged == []


async def test_an_outage_of_the_sink_loses_nothing_and_stops_no_other(tmp_path: File) -> None:
    line = Line(tmp_path, sinks=2)
    line.sinks[0].errors = [SinkUnavailable("away") for _ in range(5)] + [SinkHeld("no token") for _ in range(5)]
    async with line.running():
        for number in range(10):
            line.source.feed(message(payload=b"%d" % number))
        await line.until(lambda: len(line.sinks[1].records) == 10)
        await line.until(lambda: len(line.sinks[0].records) == 10)
        await line.until(lambda: line.status.messages.stored == 10)
        assert line.statuses[0].retries == 10
        assert line.statuses[0].state == "ready"
    assert line.sinks[0].records == line.sinks[1].records


async def test_a_record_that_a_sink_will_never_take_becomes_a_dead_letter_and_the_others_go_on(tmp_path: File) -> None:
    line = Line(tmp_path)

    def refuse(record: str) -> SinkError | None:
        return SinkRejected("type conflict: field x") if " x=3.0" in record else None

    line.sinks[0].refuses = refuse
    async with line.running():
        line.source.feed(*(message(payload=b"%d" % number) for number in range(8)))
        await line.until(lambda: line.status.messages.stored == 7)
    assert len(set(line.sinks[0].records)) == 7
    assert (line.status.messages.quarantined, line.status.messages.waiting) == (1, 0)
    spool = Spool(line.spool.path, ["store0"])
    (kept,) = spool._connection.execute("SELECT kind, topic, sink, reason, payload FROM dead_letters").fetchall()
    assert kept[:4] == ("rejected", "s1/m1/telemetry", "store0", "type conflict")
    assert b" x=3.0" in kept[4]
    spool.close()


async def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path: File) -> None:
    line = Line(tmp_path)
    async with line.running(delivering=False):
        line.source.feed(message(payload=b"1"), message(payload=b"2"))
        await line.until(lambda: len(line.source.acknowledged) == 2)
    line = Line(tmp_path)
    assert line.status.messages.waiting == 2
    async with line.running():
        await line.until(lambda: line.status.messages.stored == 2)
    assert len(line.sinks[0].records) == 2


async def test_with_after_sink_a_confirmed_message_is_acknowledged_and_never_on_the_disk(tmp_path: File) -> None:
    line = Line(tmp_path, sinks=2, write_through=True)
    async with line.running():
        for number in range(5):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
            assert [len(sink.records) for sink in line.sinks] == [number + 1] * 2
    assert line.status.spool.written_through == line.status.messages.stored == 5
    assert _rows_ever_committed(line) == 0


async def test_with_after_sink_nothing_is_acknowledged_before_every_sink_has_it(tmp_path: File) -> None:
    line = Line(tmp_path, sinks=2, write_through=True)
    had: list[list[int]] = []
    acknowledge = line.source.acknowledge

    def note(messages: Sequence[Message | Unreadable]) -> None:
        had.append([len(sink.records) for sink in line.sinks])
        acknowledge(messages)

    line.source.acknowledge = note  # type: ignore[method-assign]
    async with line.running():
        for number in range(10):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
    assert had == [[number, number] for number in range(1, 11)]


async def test_with_after_sink_the_spool_takes_over_while_a_sink_is_away_and_hands_back_after(tmp_path: File) -> None:
    line = Line(tmp_path, sinks=2, write_through=True)
    async with line.running():
        line.source.feed(message(payload=b"0"))
        await line.until(functools.partial(_acknowledged, line, 1))
        line.sinks[0].errors = [SinkUnavailable("away") for _ in range(10)]
        for number in range(1, 20):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
        assert _rows_ever_committed(line) > 0
        await line.until(lambda: line.status.messages.stored == 20)
        committed = _rows_ever_committed(line)
        line.source.feed(message(payload=b"20"))
        await line.until(lambda: line.status.messages.stored == 21)
        assert _rows_ever_committed(line) == committed, "it is written through again"
    for sink in line.sinks:
        assert len(set(sink.records)) == 21


async def test_with_after_sink_a_sink_that_hangs_holds_up_no_acknowledgement(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "PATIENCE", 0.05)
    line = Line(tmp_path, write_through=True)
    answer = threading.Event()
    write = line.sinks[0].write

    def hang(batch: Batch) -> None:
        answer.wait(20)
        write(batch)

    line.sinks[0].write = hang  # type: ignore[method-assign]
    async with line.running():
        for number in range(5):
            line.source.feed(message(payload=b"%d" % number))
        await line.until(lambda: len(line.source.acknowledged) == 5)
        assert not line.sinks[0].records
        answer.set()
        await line.until(lambda: line.status.messages.stored == 5)
    assert len(set(line.sinks[0].records)) == 5


async def test_with_after_sink_a_refused_record_becomes_a_dead_letter(tmp_path: File) -> None:
    line = Line(tmp_path, write_through=True)
    line.sinks[0].refuses = lambda record: SinkRejected("type conflict: x") if " x=3.0" in record else None
    async with line.running():
        line.source.feed(*(message(payload=b"%d" % number) for number in range(8)))
        await line.until(lambda: line.status.messages.stored == 7)
    assert (line.status.messages.quarantined, line.status.messages.waiting) == (1, 0)


async def test_with_after_sink_what_could_be_doubled_goes_by_the_disk(tmp_path: File) -> None:
    line = Line(tmp_path, write_through=True)
    async with line.running():
        line.source.feed(message(payload=b"1")._replace(packet_id=7))  # without a time: its key must be kept with it
        await line.until(lambda: line.status.messages.stored == 1)
    assert _rows_ever_committed(line) == 1


async def test_newest_first_sends_fresh_data_before_what_has_waited_and_both_finish(tmp_path: File) -> None:
    line = Line(tmp_path)
    async with line.running(delivering=False):
        for number in range(20):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
    line = Line(tmp_path, order="newest_first")
    line.sinks[0].max_batch_bytes = 1  # a row at a time
    async with line.running():
        await line.until(lambda: line.status.messages.stored == 20)
        line.source.feed(message(payload=b"20"))
        await line.until(lambda: line.status.messages.stored == 21)
    values = [float(record.split(" x=")[1].split(" ")[0].split(",")[0]) for record in line.sinks[0].records]
    assert values == [*range(19, -1, -1), 20]
    assert line.spool.account.progress["store0"].stretches == []


async def test_what_has_waited_goes_out_no_faster_than_allowed(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "OLD_NS", 0)
    line = Line(tmp_path)
    async with line.running(delivering=False):
        for number in range(10):
            line.source.feed(message(payload=b"%d" % number))
            await line.until(functools.partial(_acknowledged, line, number + 1))
    line = Line(tmp_path)
    line.backlog_rate = 8  # points a second, half of them at a time: three portions, with waits between them
    async with line.running():
        await line.until(lambda: line.status.messages.stored == 10)
    assert line.statuses[0].batches == 3


async def test_a_group_is_committed_at_once_when_the_broker_waits_for_an_acknowledgement(tmp_path: File) -> None:
    line = Line(tmp_path, linger=3600)
    line.source.window = 2
    async with line.running():
        line.source.feed(message(payload=b"1"), message(payload=b"2"))
        await line.until(lambda: len(line.source.acknowledged) == 2)
        line.source.feed(message(payload=b"3"))
        line.source.feed(message(payload=b"4"))
        await line.until(lambda: len(line.source.acknowledged) == 4)


async def test_a_full_spool_stops_acknowledging_until_a_sink_has_taken_some(tmp_path: File) -> None:
    line = Line(tmp_path, max_bytes=1000)
    line.sinks[0].errors = [SinkUnavailable("away")] * 200
    async with line.running():
        for number in range(40):
            line.source.feed(message(payload=b"%d" % number))
            await asyncio.sleep(0.015)
        assert line.status.spool.state == "full"
        assert len(line.source.acknowledged) < 40
        line.sinks[0].errors.clear()
        await line.until(lambda: len(line.source.acknowledged) == 40)
        await line.until(lambda: line.status.messages.stored == 40)
    assert len(set(line.sinks[0].records)) == 40


async def test_what_is_being_committed_when_the_gateway_stops_is_still_acknowledged(tmp_path: File) -> None:
    line = Line(tmp_path, linger=0)
    async with line.running():
        for number in range(50):
            line.source.feed(message(payload=b"%d" % number))
        await line.until(lambda: len(line.source.acknowledged) > 0)
    assert len(line.source.acknowledged) == line.status.messages.stored + line.spool.account.waiting.messages


async def test_a_spool_that_is_full_with_silences_waiting_gets_room_again(tmp_path: File) -> None:
    line = Line(tmp_path, max_bytes=1000)
    line.sinks[0].errors = [SinkUnavailable("away")] * 10_000
    line.bench.adapter.due = [Observation({"later": 1.0}, asset="m1", measurement="cnc")]
    async with line.running():
        for number in range(40):
            line.source.feed(message(payload=b"%d" % number))
            await asyncio.sleep(0.015)
        await line.until(lambda: line.status.spool.state == "full")
        await line.until(lambda: line.statuses[0].waiting_messages > 0)  # house is kept meanwhile
        line.sinks[0].errors.clear()
        await line.until(lambda: line.status.messages.stored == 40)
        await line.until(lambda: line.status.spool.rows == 0)


async def test_a_gateway_whose_spool_is_full_still_stops(tmp_path: File) -> None:
    line = Line(tmp_path, min_free=2**62)
    async with line.running():
        line.source.feed(message(payload=b"1"))
        await line.until(lambda: line.status.spool.state == "full")
    assert line.source.acknowledged == []


async def test_commands_are_sent_after_their_message_is_safe(tmp_path: File) -> None:
    line = Line(tmp_path)
    line.bench.adapter._decode = lambda _: [Observation({"x": 1.0}), Command("cmd/rebirth", b"")]
    async with line.running():
        line.source.feed(message())
        await line.until(lambda: len(line.source.sent) == 1)
        assert len(line.source.acknowledged) == 1


def test_waits_grow_to_their_bound_with_full_jitter() -> None:
    random.seed(1)
    backoff = Backoff()
    waits = [backoff.next(5.0) for _ in range(200)]
    assert max(waits) <= 5.0
    assert max(waits[20:]) > 4.0
    assert min(waits[20:]) < 1.0
    backoff.reset()
    assert backoff.next(5.0) <= delivery_module.FIRST_WAIT


async def test_what_adapters_say_as_time_passes_is_committed_and_then_sent(tmp_path: File) -> None:
    line = Line(tmp_path)
    line.bench.adapter.due = [Command("cmd/a", b""), Command("elsewhere", b"")]
    async with line.running():
        await line.until(lambda: [command.topic for command in line.source.sent] == ["cmd/a"])
        line.source.feed(message(payload=b"1"))
        line.bench.adapter.due = [Command("cmd/b", b"")]
        await line.until(lambda: len(line.source.sent) == 2)


async def test_a_message_that_is_released_as_time_passes_is_stored_and_not_held_any_more(tmp_path: File) -> None:
    """Also where it was held in the group that is not committed yet."""
    line = Line(tmp_path, linger=3600)
    waited: list[Message] = []

    def decode(one: Message) -> Sequence[Hold | Observation]:
        if one in waited:
            return (Observation({"x": float(one.payload)}),)
        waited.append(one)
        line.bench.adapter.due = [Release("m1")]
        return (Hold("m1"),)

    line.bench.adapter._decode = decode
    async with line.running(delivering=False):
        line.source.window = 2
        line.source.feed(message(payload=b"7"))
        await line.until(lambda: bool(waited) and not line.bench.adapter.due)
        assert not line.source.acknowledged
        line.source.feed(message(payload=b"8")._replace(packet_id=3))
        await line.until(lambda: len(line.source.acknowledged) == 2)
        assert [held.message.payload for held in line.spool.held()] == [b"8"]
        assert line.spool.account.waiting.messages == 1


async def test_what_follows_from_time_alone_counts_as_no_message(tmp_path: File) -> None:
    line = Line(tmp_path)
    line.bench.adapter._decode = lambda one: (Observation({"x": float(one.payload)}),)
    async with line.running():
        line.source.feed(message(payload=b"1"))
        await line.until(lambda: line.status.messages.stored == 1)
        place = {"site": "s1", "machine": "m1"}
        line.bench.adapter.due = [Observation({"later": 1.0}, place=place), Reject("never", "no number")]
        await line.until(lambda: any(" later=1.0" in record for record in line.sinks[0].records))
        await line.until(lambda: line.status.spool.rows == 0)
    assert line.status.rejected == {"no number": 1}
    assert (line.status.messages.waiting, line.status.messages.quarantined) == (0, 0)


async def test_when_the_source_has_ended_all_that_it_brought_is_committed(tmp_path: File) -> None:
    line = Line(tmp_path, linger=3600)
    async with line.running(delivering=False):
        line.source.feed(message(payload=b"1"))
        line.source.feed(message(payload=b"2"))
        line.source.feed()
        await line.until(lambda: len(line.source.acknowledged) == 2)
    assert line.spool.account.waiting.messages == 2


async def test_what_adapters_say_of_the_end_of_a_source_is_committed_however_much_it_is(tmp_path: File) -> None:
    line, left = Line(tmp_path, linger=3600), [1.0, 2.0, 3.0]
    place = {"site": "s1", "machine": "m1"}

    def advance(now_ns: int) -> Sequence[Observation]:
        del now_ns
        return (Observation({"x": left.pop()}, place=place),) if line.source.acknowledged and left else ()

    line.bench.adapter.advance = advance  # type: ignore[method-assign]
    line.source.acknowledged.append(message())
    line.source.feed()
    await ingest(line.source, line.bench.translator, line.safekeeping, line.linger, Clock())
    assert (left, line.spool.account.waiting.points) == ([], 3)
    await line.safekeeping.close()


def many_held(line: Line, number: int) -> None:
    """Have the adapter hold messages until `birth` comes."""
    known: list[Message] = []

    def decode(one: Message) -> Sequence[Hold | Release | Observation]:
        if one.payload == b"birth":
            known.append(one)
            return (Release("m1"),)
        return (Observation({"x": float(one.payload)}),) if known else (Hold("m1"),)

    line.bench.adapter._decode = decode
    line.bench.waiting.max_bytes = 10**7
    line.source.feed(*(message(payload=b"%d" % index) for index in range(number)))


async def test_others_have_their_turn_while_many_messages_are_released(tmp_path: File) -> None:
    line, turns = Line(tmp_path), list[int]()
    many_held(line, 2000)
    async with line.running(delivering=False):
        await line.until(lambda: _acknowledged(line, 2000))
        line.source.feed(message(payload=b"birth"))
        while not _acknowledged(line, 2001):
            await asyncio.sleep(0)
            turns.append(line.status.points)
        assert len(set(turns)) >= 10
        assert line.spool.account.waiting.messages == 2000
        assert line.spool.held() == []


async def test_what_is_released_as_the_gateway_stops_is_committed_whole(tmp_path: File) -> None:
    line = Line(tmp_path)
    many_held(line, 2000)
    async with line.running(delivering=False):
        await line.until(lambda: _acknowledged(line, 2000))
        line.source.feed(message(payload=b"birth"))
        while not line.status.points:  # noqa: ASYNC110  # as in `until`, but at once
            await asyncio.sleep(0)
        assert line.bench.translator.behind
    assert line.spool.account.waiting.messages == 2000


async def test_what_nobody_sends_again_is_committed_when_the_gateway_stops(tmp_path: File) -> None:
    line = Line(tmp_path, linger=3600)
    async with line.running(delivering=False):
        line.source.feed(message(payload=b"1"), message(payload=b"2")._replace(packet_id=1))
        await line.until(lambda: line.status.messages.received == 2)
    assert line.spool.account.waiting.messages == 2
    assert [one.payload for one in line.source.acknowledged] == [b"1", b"2"]


async def test_what_is_sent_again_is_not_committed_when_the_gateway_stops(tmp_path: File) -> None:
    line = Line(tmp_path, linger=3600)
    async with line.running(delivering=False):
        line.source.feed(message(payload=b"2")._replace(packet_id=1))
        await line.until(lambda: line.status.messages.received == 1)
    assert line.source.acknowledged == []
    assert line.spool.account.waiting.messages == 0


async def test_a_group_closes_when_its_records_have_become_many_from_few_bytes(tmp_path: File) -> None:
    line = Line(tmp_path)
    text = "x" * (MAX_GROUP_BYTES // 40)
    line.bench.adapter._decode = lambda _: (Observation({f"value{number}": text for number in range(20)}),)
    filling = Filling(line.source, line.bench.translator, 3600.0, Clock())
    for number in range(3):
        line.source.feed(message(payload=b"%d" % number))
    async with asyncio.timeout(20):
        await filling.fill()
    assert [len(messages) for messages in filling.taken] == [1, 1], "half a megabyte of records each"
    await line.safekeeping.close()


async def test_time_does_not_run_ahead_of_what_waits_to_be_translated(tmp_path: File) -> None:
    line = Line(tmp_path)
    seen: list[int] = []
    moments: list[int] = []

    def decode(one: Message) -> Sequence[Observation]:
        seen.append(one.received_ns)
        return (Observation({"x": 1.0}),)

    def advance(now_ns: int) -> Sequence[Observation]:
        moments.append(now_ns - seen[-1] if seen else -1)
        return ()

    line.bench.adapter._decode = decode
    line.bench.adapter.advance = advance  # type: ignore[method-assign]
    filling = Filling(line.source, line.bench.translator, 0.0, Clock())
    filling._turn = 0.0
    line.source.feed(message(payload=b"1"))
    line.source.feed(message(payload=b"2"))
    await filling.fill()
    assert moments == [0]
    await line.safekeeping.close()
