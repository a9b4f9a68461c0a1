"""Whatever was committed outlives a power cut at any moment: a model of the spool beside the real one.

The real spool runs in a process of its own and does what hypothesis thinks of. Its disk logs every write, so for any
moment, in the middle of any call too, the test works out what a power cut would leave (an arbitrary part of what was
not flushed), opens that, and compares it with the model: what was done must be there, a call that had begun is done
wholly or not at all, and nothing else may have changed. Flushes fail, too, and the process is killed while the disk
lives on.

The same histories are tried each time. To search on among others, for as long as you like:

    CRASH_MODEL_EXAMPLES=5000 .venv/bin/python -m pytest tests/gateway/spool/test_crash_model.py
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from gateway.errors import SpoolError
from gateway.spool import Row, Spool
from tests.gateway.spool.groups import EXTRAS, Groups, after
from tests.gateway.spool.history import Cut, History, put
from tests.gateway.spool.observed import Observed, observe
from tests.gateway.spool.spool_process import MEGABYTE, SINKS, Answer, Argument, End, SpoolProcess

EXAMPLES = int(os.environ.get("CRASH_MODEL_EXAMPLES", "0"))
CUTS = 5
"""Moments of a history at which the power is cut, each time one is judged."""
NOTHING = Observed(has=dict.fromkeys(SINKS, frozenset()))
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # it gets a folder of its own in it
FAULTS = ("FAULTY_DISK_FAIL_SYNC", "FAULTY_DISK_KILL_SYNC")
seeds = st.integers(0, 2**32 - 1)


class SpoolOnAFailingDisk(RuleBasedStateMachine):
    """Each rule is a call of the spool, or a misfortune."""

    def __init__(self, process: SpoolProcess) -> None:
        super().__init__()
        self.process = process
        self.root = Path(tempfile.mkdtemp(prefix="spool-", dir=MEMORY))
        self.running = self.failed = self.faulty = False
        self.groups = Groups()
        self.rows: dict[bytes, Row] = {}
        self.safe = NOTHING
        """What must be on disk now."""
        self.has: dict[str, frozenset[bytes]] = dict(NOTHING.has)
        """By sink: what it has confirmed, be it saved or not."""
        self.history = History(self.root / "first", Cut({}, [NOTHING]))

    # -- calls of the spool ------------------------------------------------------------------------------------------

    @initialize(checkpoint=st.sampled_from([1, 10, 2000]), name=st.sampled_from(["spool.db", "new/folder/spool.db"]))
    def first_start(self, checkpoint: int, name: str) -> None:
        self.checkpoint, self.name = checkpoint, name
        self.start()

    @precondition(lambda self: self.running)
    @rule(
        records=st.lists(st.integers(0, 4), min_size=1, max_size=4),
        size=st.sampled_from([1, 300, 20_000]),
        extras=st.sets(st.sampled_from(EXTRAS)),
    )
    def commit(self, records: list[int], size: int, extras: set[str]) -> None:
        for number in records:
            group = self.groups.group(number, size, extras)
            if not self.running or group.empty:
                return
            answer = self.call(after(self.with_places_saved(), group), "commit", group)
            if isinstance(answer, Row):
                assert answer.id > self.history.highest, "numbers of rows rise for ever"
                self.history.highest = answer.id
                self.rows[answer.body] = answer

    @precondition(lambda self: self.running and not self.failed and self.safe.rows)
    @rule(sink=st.sampled_from(SINKS), first=st.integers(0, 9), count=st.integers(1, 4), save=st.booleans())
    def confirm(self, sink: str, first: int, count: int, save: bool) -> None:  # noqa: FBT001
        waiting = [self.rows[body] for body in self.safe.rows]
        start = first % len(waiting)
        rows = list(takewhile(lambda row: row.body not in self.has[sink], waiting[start : start + count]))
        if rows:
            self.call(self.safe, "confirm", sink, rows)
            self.has[sink] |= {row.body for row in rows}
        if save:
            self.call(self.with_places_saved(), "save_positions")

    @precondition(lambda self: self.running)
    @rule(key=st.sampled_from("xy"), value=st.text(max_size=3))
    def set_state(self, key: str, value: str) -> None:
        self.call(replace(self.safe, state={**self.safe.state, key: value}), "set_state", key, value)

    @precondition(lambda self: self.running)
    @rule()
    def reject(self) -> None:
        letter = self.groups.letter()
        letters = (*self.safe.dead_letters, (letter.reason, letter.payload))
        self.call(replace(self.safe, dead_letters=letters), "reject", [letter])

    # -- misfortunes -------------------------------------------------------------------------------------------------

    @rule(close=st.booleans(), fault=st.sampled_from(["", "", *FAULTS]), number=st.integers(1, 9))
    def restart(self, close: bool, fault: str, number: int) -> None:  # noqa: FBT001
        """End it as it should, or as `kill -9` does; it may be hit again while it starts."""
        if self.running and close:
            self.call(self.safe if self.failed else self.with_places_saved(), "close")
        self.kill()
        self.start({fault: str(number)} if fault else None)

    @precondition(lambda self: self.running and not self.faulty)
    @rule(fault=st.sampled_from(FAULTS), number=st.integers(1, 5))
    def let_a_flush_fail_or_kill(self, fault: str, number: int) -> None:
        self.process.arm({fault: str(number)})
        self.faulty = True

    @precondition(lambda self: self.running and not self.failed)
    @rule(fault=st.sampled_from(FAULTS), seed=seeds)
    def lose_the_process_in_a_commit_and_then_the_power(self, fault: str, seed: int) -> None:
        """What the next process reads of that commit it takes for safe, so it must be."""
        self.process.arm({fault: "1"})
        self.faulty = True
        self.commit([1], 1, set())
        self.kill()
        self.start()
        self.cut_the_power(seed)

    @rule(seed=seeds)
    def cut_the_power(self, seed: int) -> None:
        """Judge what several power cuts would have left, and go on from one of them."""
        self.kill()
        chosen = random.Random(seed)
        cuts = list(self.history.cuts(CUTS, chosen))
        for cut in cuts:
            self.judge(cut)
        self.history = History(Path(tempfile.mkdtemp(dir=self.root)), chosen.choice([cuts[-1], *cuts]))
        self.start()

    def teardown(self) -> None:
        try:
            self.kill()
            for cut in self.history.cuts(2 * CUTS, random.Random(len(self.rows))):
                self.judge(cut)
        finally:
            shutil.rmtree(self.root)

    # -- how ---------------------------------------------------------------------------------------------------------

    def start(self, fault: Mapping[str, str] | None = None) -> None:
        """Start a process that opens the spool: what it finds there is safe from then on."""
        self.running, self.failed, self.faulty = True, False, bool(fault)
        history = self.history
        history.call(history.possible)
        path = history.folder / self.name
        answer = self.process.open(path, history.folder, history.log, self.checkpoint, fault or {})
        if answer is None:
            found, rows = self.process.call("observe"), self.process.call("rows_of")
            assert isinstance(found, Observed)
            assert isinstance(rows, list)
            assert found in history.possible
            history.returned([found])
            self.safe, self.has = found, dict(found.has)
            self.rows = {row.body: row for row in rows}
        else:
            assert fault, answer
            if answer is not End.KILLED:
                assert isinstance(answer, SpoolError)
                self.process.kill()
            self.running = False

    def kill(self) -> None:
        if self.running:
            self.process.kill()
        self.running = False

    def call(self, result: Observed, name: str, *arguments: Argument) -> Answer:
        """Make a call of which this is the result on disk."""
        before = self.history.possible
        if self.failed and name != "close":
            self.history.call(before)
            answer = self.process.call(name, *arguments)
            assert isinstance(answer, SpoolError) or name == "save_positions", "after a disk has failed, no promises"
            self.history.returned(before)
            return answer
        self.history.call([*before, result])
        answer = self.process.call(name, *arguments)
        if isinstance(answer, SpoolError | End):
            assert self.faulty, answer
            self.failed, self.running = True, answer is not End.KILLED
        elif not self.failed:
            self.history.returned([result])
            if result != self.safe:
                self.safe = result
                self.has = {sink: self.has[sink] & set(result.rows) for sink in SINKS}
        return answer

    def with_places_saved(self) -> Observed:
        """Return what is on disk once it knows how far the sinks are."""
        rows = tuple(body for body in self.safe.rows if not all(body in self.has[sink] for sink in SINKS))
        return replace(self.safe, rows=rows, has={sink: self.has[sink] & set(rows) for sink in SINKS})

    def judge(self, cut: Cut) -> None:
        """Open what a power cut left: it must be what it may be, and work."""
        folder = Path(tempfile.mkdtemp(prefix="judged-", dir=self.root))
        put(folder, cut.image)
        path = folder / self.name
        spool = Spool(path, SINKS, reserve=MEGABYTE)
        found = observe(spool)
        assert found in cut.possible, f"after a power cut: {found}\n{cut.possible}"
        spool.commit(self.groups.group(1, 1, set(EXTRAS)))
        spool.close()
        assert not list(path.parent.glob("*damaged*"))
        shutil.rmtree(folder)


@pytest.fixture
def process() -> Iterator[SpoolProcess]:
    process = SpoolProcess()
    yield process
    process.stop()


def test_what_was_committed_outlives_power_cuts_kills_and_failing_flushes(process: SpoolProcess) -> None:
    run_state_machine_as_test(
        lambda: SpoolOnAFailingDisk(process),  # type: ignore[arg-type]  # it only calls it
        settings=settings(
            max_examples=EXAMPLES or 50,
            derandomize=not EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
