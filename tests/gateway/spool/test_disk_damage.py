"""A damaged file is set aside and never deleted; all that can be read of it goes on, and what is missing is told."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import SpoolError
from gateway.models import Definition
from gateway.spool import DeadLetter, Group, Kind, Progress, Spool
from gateway.spool.damage import reading
from gateway.spool.redelivery import RECORD
from tests.gateway.configurations import message
from tests.gateway.spool.observed import Observed, observe, rows_of

PAGE = 4096
ROWS = 60
Break = Callable[[bytearray], None]


def group_of(number: int) -> Group:
    group = Group("plant")
    for record in range(5):
        one = message("t", b"%d" % number, packet_id=number + 1)
        group.add("t", [f'm n={number}i,s="{"x" * 300}" {record}'])
        group.redelivery += RECORD.pack(one.packet_id, number, record)
    group.dead_letters.append(DeadLetter(Kind.UNDECODABLE, "plant", f"t{number}", b"bytes %d" % number, "not JSON"))
    group.held.append((f"key{number}", message("t", b"held %d" % number)))
    group.remembered[f"key{number}"] = message("t", b"birth %d" % number, received_ns=number)
    group.definitions.append(Definition("n", asset=f"a{number}", measurement="m"))
    return group


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a spool of which sink `a` has the first ten rows and `b` the first 20."""
    path = tmp_path / "spool.db"
    spool = Spool(path, ["a", "b"])
    for number in range(ROWS):
        spool.commit(group_of(number))
    spool.set_state("session:plant", "yes")
    spool.confirm("a", rows_of(spool)[:10])
    spool.confirm("b", rows_of(spool)[:20])
    spool.close()
    return path


def read_everything(path: Path) -> Observed:
    """Return what a spool keeps, but for what it says of damage; read it as a gateway does."""
    spool = Spool(path, ["a", "b"])
    try:
        reader = spool.reader()
        try:
            reader.read(Progress(), 2**30)
        finally:
            reader.close()
        with reading(path):
            found = observe(spool)
    finally:
        spool.close()
    return replace(found, state={key: value for key, value in found.state.items() if key != "damaged"})


def seen(path: Path) -> Observed:
    """Return what a spool keeps, after as many starts as it takes to get there."""
    for _ in range(3):
        try:
            return read_everything(path)
        except SpoolError as error:
            assert "is damaged" in str(error)  # noqa: PT017  # it may be damaged or not
    raise AssertionError("it never starts")


def damage(path: Path, harm: Break) -> bytes:
    content = bytearray(path.read_bytes())
    harm(content)
    path.write_bytes(content)
    return bytes(content)


def page_of(content: bytes, mark: bytes) -> int:
    """Return where the page begins that has this."""
    place = content.index(mark)
    return place - place % PAGE


def garbage(length: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(length)


def aside_of(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.damaged-[0-9]"))


def no_leftovers(path: Path) -> None:
    there = {file.name.removeprefix(path.name) for file in path.parent.iterdir()}
    assert there <= {
        "",
        ".lock",
        ".reserve",
        "-wal",
        "-shm",
        *(file.name[len(path.name) :] + ending for file in aside_of(path) for ending in ("", "-wal", "-shm")),
    }


def test_without_its_first_page_nothing_is_lost(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = seen(path)

    def harm(content: bytearray) -> None:
        content[:PAGE] = bytes(PAGE)

    damaged = damage(path, harm)
    assert seen(path) == before
    (aside,) = aside_of(path)
    assert aside.read_bytes() == damaged, "it stays as it was found"
    told = capsys.readouterr().out
    assert "The spool was damaged and set aside" in told
    assert f"rows={ROWS - 10}" in told
    assert "missing=0" in told
    assert "dmesg" in told
    no_leftovers(path)


def test_a_damaged_page_costs_what_stood_on_it(path: Path) -> None:
    before = seen(path)

    def harm(content: bytearray) -> None:
        place = page_of(bytes(content), b"m n=33i")
        content[place : place + PAGE] = garbage(PAGE)

    damage(path, harm)
    after = seen(path)
    lost = [body for body in before.rows if body not in after.rows]
    assert 0 < len(lost) < 10
    assert any(b"m n=33i" in body for body in lost)
    assert [body for body in before.rows if body not in lost] == list(after.rows), "the others, in their order"
    assert (after.held, after.remembered, after.dead_letters, after.redelivery, after.definitions, after.state) == (
        before.held,
        before.remembered,
        before.dead_letters,
        before.redelivery,
        before.definitions,
        before.state,
    )
    spool = Spool(path, ["a", "b"])
    known = spool.damage()
    assert known is not None
    assert (known.times, known.rows, known.missing) == (1, len(after.rows), len(lost))
    assert known.aside == aside_of(path)[0].name
    row = spool.commit(group_of(100))
    assert row is not None
    assert row.id == ROWS + 1, "numbers rise for ever"
    spool.close()


def test_damage_inside_a_value_is_seen_when_it_is_read(path: Path) -> None:
    """SQLite has no checksums: it hands garbage over."""

    def harm(content: bytearray) -> None:
        place = bytes(content).index(b"m n=40i") + 100
        content[place : place + 600] = bytes(600)

    damage(path, harm)
    spool = Spool(path, ["a", "b"])
    reader = spool.reader()
    with pytest.raises(
        SpoolError, match=r"is damaged \(row 41 is not what was written\): the next start sets it aside"
    ):
        reader.read(spool.account.progress["a"].copy(), 2**30)
    reader.close()
    spool.close()
    after = seen(path)
    assert len(after.rows) == ROWS - 11
    assert not any(b"m n=40i" in body for body in after.rows)
    no_leftovers(path)


def read_on(spool: Spool) -> None:
    reader = spool.reader()
    try:
        reader.read(spool.account.progress["a"].copy(), 2**30)
    finally:
        reader.close()


def forget(spool: Spool) -> None:
    spool._connection.execute("PRAGMA shrink_memory")  # what it read at the start is forgotten
    spool.account.unsaved = True
    for sink in ("a", "b"):
        spool.account.progress[sink].add(1, ROWS)
    spool.save_positions()


@pytest.mark.parametrize("use", [read_on, forget])
def test_damage_under_a_running_gateway_ends_it_and_is_repaired_once(path: Path, use: Callable[[Spool], None]) -> None:
    before = seen(path)
    spool = Spool(path, ["a", "b"])

    def harm(content: bytearray) -> None:
        for mark in (b"m n=20i", b"m n=50i"):
            place = page_of(bytes(content), mark)
            content[place : place + PAGE] = garbage(PAGE)

    damage(path, harm)
    with pytest.raises(SpoolError, match=r"is damaged \(.*\): the next start sets it aside"):
        use(spool)
    spool.close()
    assert path.with_name("spool.db.is-damaged").exists(), "so that the next start knows"
    after = seen(path)
    assert ROWS - 10 - 20 < len(after.rows) < ROWS - 10
    assert set(after.rows) <= set(before.rows)
    for _ in range(3):
        assert seen(path) == after, "the next starts find nothing"
    assert len(aside_of(path)) == 1
    no_leftovers(path)


def test_a_salvage_may_be_interrupted_anywhere(path: Path) -> None:
    """Each step leaves a state from which the next start goes on."""
    before = seen(path)
    content = path.read_bytes()
    damaged = bytes(PAGE) + content[PAGE:]
    mark, aside = path.with_name("spool.db.is-damaged"), path.with_name("spool.db.damaged-1")
    salvaged = path.with_name("spool.db.salvaged")
    states: list[dict[Path, bytes]] = [
        {path: damaged},
        {path: damaged, mark: b""},
        {aside: damaged, mark: b"reason"},
        {aside: damaged, mark: b"reason", path.with_name("spool.db.unfinished"): b"half"},
        {aside: damaged, mark: b"reason", path.with_name("spool.db.copy"): b"half"},
        {aside: damaged, mark: b"reason", salvaged: content},
        {aside: damaged, salvaged: content},
        {aside: damaged, path: content},
    ]
    for state in states:
        for file in path.parent.iterdir():
            file.unlink()
        for file, there in state.items():
            file.write_bytes(there)
        assert seen(path) == before
        assert [file.name for file in aside_of(path)] == [aside.name]
        assert aside.read_bytes() == damaged
        no_leftovers(path)


def test_damage_is_counted_over_the_years(path: Path) -> None:
    for times in (1, 2):
        damage(path, lambda content: content.__setitem__(slice(0, PAGE), bytes(PAGE)))
        spool = Spool(path, ["a", "b"])
        known = spool.damage()
        assert known is not None
        assert (known.times, known.aside) == (times, f"spool.db.damaged-{times}")
        spool.close()


def test_what_was_never_a_spool_is_set_aside(path: Path) -> None:
    path.write_bytes(b"no spool, but somebody's bytes" * 1000)
    assert seen(path).rows == ()
    assert aside_of(path)[0].read_bytes().startswith(b"no spool")


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_damaged_the_gateway_starts_and_tells_no_lies(path: Path, seed: int) -> None:
    before = seen(path)
    chosen = random.Random(seed)

    def harm(content: bytearray) -> None:
        for _ in range(chosen.choice([1, 3, 20])):
            place = chosen.randrange(len(content))
            length = chosen.choice([512, PAGE, 3 * PAGE])  # a few bytes of a value can change without a trace
            content[place : place + length] = chosen.choice([garbage(length, seed), bytes(length)])[
                : len(content) - place
            ]
        if chosen.random() < 0.3:
            del content[chosen.randrange(len(content)) :]

    damage(path, harm)
    after = seen(path)
    assert set(after.rows) <= set(before.rows)
    assert set(after.definitions.items()) <= set(before.definitions.items())
    for sink in ("a", "b"):
        assert after.has[sink] <= before.has[sink], "no row is taken for delivered that is not"
    spool = Spool(path, ["a", "b"])
    spool.commit(group_of(200))
    spool.close()


@pytest.mark.parametrize(("pragma", "reason"), [("user_version", "has format 99"), ("application_id", "but no spool")])
def test_what_is_not_ours_to_repair_stays_as_it_is(path: Path, pragma: str, reason: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {pragma} = 99")
    connection.close()
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(SpoolError, match=reason):
            Spool(path, ["a", "b"])
    assert path.read_bytes() == before
    no_leftovers(path)
