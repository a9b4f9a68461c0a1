"""A flush that fails is never asked for again: what it should have written may be gone, whatever the next one says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.errors import SpoolError, SpoolFull
from gateway.spool import Group, Row, Spool
from tests.gateway.spool.observed import Observed, observe
from tests.gateway.spool.spool_process import SINKS, End, SpoolProcess
from tests.servers.disk.replay import Disk, entries

FAIL, KILL = "FAULTY_DISK_FAIL_SYNC", "FAULTY_DISK_KILL_SYNC"
NOTHING_SURVIVES = 0


def group_of(number: int, records: int = 1) -> Group:
    group = Group("plant")
    for record in range(records):
        group.add("t", [f'm n={number}i,s="{"x" * 3000}" {record}'])
    return group


class Machine:
    """One computer: its disk, and the spool's process on it."""

    def __init__(self, process: SpoolProcess, folder: Path) -> None:
        self.process, self.folder, self.log = process, folder / "disk", folder / "log"
        self.folder.mkdir()
        self.spool = self.folder / "spool.db"

    def start(self, checkpoint: int = 2000, fault: Mapping[str, str] | None = None) -> object:
        return self.process.open(self.spool, self.folder, self.log, checkpoint, fault or {})

    def commit(self, number: int, records: int = 1) -> object:
        return self.process.call("commit", group_of(number, records))

    def numbers(self) -> list[int]:
        found = self.process.call("observe")
        assert isinstance(found, Observed)
        return [int(body.split(b"n=")[1].split(b"i")[0]) for body in found.rows]

    def left_by_a_power_cut(self, folder: Path) -> list[int]:
        """Return the numbers of the rows that are there when nothing survives that was not flushed."""
        disk = Disk(self.folder, {})
        for entry in entries(self.log):
            disk.apply(entry)
        folder.mkdir()
        for name, content in disk.after_power_cut(random.Random(0), NOTHING_SURVIVES).items():
            (folder / name).write_bytes(content)
        spool = Spool(folder / "spool.db", SINKS)
        try:
            return [int(body.split(b"n=")[1].split(b"i")[0]) for body in observe(spool).rows]
        finally:
            spool.close()


@pytest.fixture(scope="module")
def process() -> Iterator[SpoolProcess]:
    process = SpoolProcess()
    yield process
    process.stop()


@pytest.fixture
def machine(process: SpoolProcess, tmp_path: Path) -> Machine:
    return Machine(process, tmp_path)


def test_the_log_of_the_disk_accounts_for_every_byte(machine: Machine) -> None:
    """Or what the crash model says would prove nothing."""
    machine.start(checkpoint=5)
    for number in range(20):
        machine.commit(number, records=number + 1)
        rows = machine.process.call("rows_of")
        machine.process.call("confirm", "a", rows)  # type: ignore[arg-type]
        machine.process.call("confirm", "b", rows)  # type: ignore[arg-type]
    for last in (False, True):
        disk = Disk(machine.folder, {})
        for entry in entries(machine.log):
            disk.apply(entry)
        there = {file.name: file.read_bytes() for file in machine.folder.iterdir() if file.suffix != ".reserve"}
        assert {name: there.get(name) for name in disk.seen() if not name.endswith(".reserve")} == {
            name: content for name, content in there.items() if not name.endswith("-shm")
        }
        if not last:
            machine.process.call("close")
    machine.process.kill()


def test_after_a_failed_flush_nothing_is_committed_any_more(machine: Machine) -> None:
    machine.start()
    machine.commit(1)
    machine.process.arm({FAIL: "1"})
    answer = machine.commit(2)
    assert isinstance(answer, SpoolError)
    assert not isinstance(answer, SpoolFull), "waiting for room would be asking again"
    assert "disk I/O error" in str(answer)
    for _ in range(3):
        assert "the disk has failed" in str(machine.commit(3))
        assert "the disk has failed" in str(machine.process.call("set_state", "x", "y"))
        assert "the disk has failed" in str(machine.process.call("reject", []))
    assert machine.process.call("close") is None
    machine.process.kill()
    machine.start()
    assert machine.numbers() in ([1], [1, 2]), "what was acknowledged, and perhaps what was not"
    assert isinstance(machine.commit(4), Row)
    machine.process.kill()


@pytest.mark.parametrize("fault", [FAIL, KILL])
def test_what_a_restart_takes_for_safe_is_safe(machine: Machine, tmp_path: Path, fault: str) -> None:
    """The process ends before the flush, or because it failed: the next one reads from memory what no disk has.

    It takes for safe what it reads, and acknowledges a second copy of those messages.
    """
    machine.start()
    machine.commit(1)
    machine.process.arm({fault: "1"})
    answer = machine.commit(2)
    if answer is not End.KILLED:
        machine.process.kill()
    assert machine.left_by_a_power_cut(tmp_path / "before") == [1]
    machine.start()
    seen = machine.numbers()
    assert seen == [1, 2]
    machine.process.kill()
    assert machine.left_by_a_power_cut(tmp_path / "after") == seen


def test_a_failed_flush_while_the_log_is_copied_loses_nothing(machine: Machine, tmp_path: Path) -> None:
    """SQLite says nothing of it, and copies all of it again."""
    machine.start(checkpoint=10)
    committed = []
    for number in range(40):
        machine.process.arm({FAIL: str(number % 4 + 1)})
        if not isinstance(machine.commit(number, records=3), Row):
            break
        committed.append(number)
        assert machine.left_by_a_power_cut(tmp_path / str(number))[: len(committed)] == committed
    machine.process.kill()
    machine.start()
    assert machine.numbers()[: len(committed)] == committed
    machine.process.kill()


def test_a_flush_that_fails_at_the_start_is_said(machine: Machine) -> None:
    machine.start()
    machine.commit(1)
    machine.process.kill()
    failures = 0
    for number in range(1, 30):
        answer = machine.start(fault={FAIL: str(number)})
        failures += isinstance(answer, SpoolError)
        machine.process.kill()
    assert failures >= 2, "of SQLite's log, and of the folder"
    machine.start()
    assert machine.numbers() == [1]
    machine.process.kill()
