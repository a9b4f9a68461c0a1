"""What is committed is there after any end of the process, until every sink has confirmed it."""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import SpoolError, SpoolFull, SpoolLocked
from gateway.models import Definition, Message
from gateway.spool import Amounts, DeadLetter, Group, Kind, Progress, Row, Spool, SpoolReader, survey
from gateway.spool.recent import Recent
from gateway.spool.redelivery import RECENT, RECORD
from tests.gateway.configurations import NOW_NS, message


def group_of(*topics: str, source: str = "plant", size: int = 10) -> Group:
    group = Group(source)
    for topic in topics:
        group.add(topic, [f"m,asset={topic} x={'1' * size} 1"])
    return group


def rows_of(spool: Spool, progress: Progress | None = None) -> list[Row]:
    """Return the rows as they are on the disk; those that a sink with this progress lacks."""
    reader = SpoolReader(spool.path, Recent())
    try:
        return list(reader.read((progress or Progress()).copy(), 2**30))
    finally:
        reader.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spool.db"


def test_what_is_committed_is_read_in_order_by_every_sink(path: Path) -> None:
    spool = Spool(path, ["a", "b"])
    for topic in ("t1", "t2", "t3"):
        spool.commit(group_of(topic))
    rows = rows_of(spool)
    assert [row.body for row in rows] == [f"m,asset={topic} x=1111111111 1\n".encode() for topic in ("t1", "t2", "t3")]
    spool.confirm("a", rows[:2])
    spool.save_positions()
    assert [row.id for row in rows_of(spool, spool.account.progress["a"])] == [rows[2].id]
    assert len(rows_of(spool, spool.account.progress["b"])) == 3, "b has confirmed nothing"
    spool.close()


def test_nothing_is_forgotten_before_every_sink_confirmed_it(path: Path) -> None:
    spool = Spool(path, ["a", "b"])
    spool.commit(group_of("t1", "t2"))
    (row,) = rows_of(spool)
    spool.confirm("a", [row])
    spool.save_positions()
    assert (spool.account.waiting.messages, spool.account.delivered) == (2, 0)
    spool.confirm("b", [row])
    spool.save_positions()
    assert (spool.account.waiting.messages, spool.account.delivered) == (0, 2)
    assert rows_of(spool) == []
    spool.close()


def test_places_of_sinks_outlive_a_restart(path: Path) -> None:
    spool = Spool(path, ["a", "b"])
    spool.commit(group_of("t1"))
    spool.commit(group_of("t2"))
    first, second = rows_of(spool)
    spool.confirm("a", [first])
    spool.close()
    spool = Spool(path, ["a", "b"])
    assert [spool.account.progress[sink].position for sink in "ab"] == [first.id, 0]
    assert [row.id for row in rows_of(spool)] == [first.id, second.id]
    assert spool.account.waiting.messages == 2
    spool.close()


def test_a_sink_that_is_gone_from_the_configuration_holds_up_nothing(path: Path) -> None:
    spool = Spool(path, ["a", "gone"])
    spool.commit(group_of("t1"))
    spool.close()
    spool = Spool(path, ["a"])
    spool.confirm("a", rows_of(spool)[:1])
    spool.save_positions()
    assert spool.account.waiting.rows == 0
    spool.close()


def test_a_row_knows_where_each_record_came_from(path: Path) -> None:
    spool = Spool(path, ["a"])
    group = Group("plant")
    group.add("t1", ["m x=1 1", "m x=2 2"])
    group.add("t2", ["m x=3 3"])
    group.add("t1", ["m x=4 4"])
    group.further.append("m x=5 5")
    spool.commit(group)
    (row,) = rows_of(spool)
    assert [row.origin_of(index) for index in range(5)] == [
        (0, "plant", "t1"),
        (0, "plant", "t1"),
        (1, "plant", "t2"),
        (2, "plant", "t1"),
        (-1, "plant", ""),
    ]
    assert (row.messages, row.points) == (3, 5)
    spool.close()


def test_a_reader_takes_batches_of_about_the_size_it_asks_for(path: Path) -> None:
    spool = Spool(path, ["a"])
    for _ in range(5):
        spool.commit(group_of("t", size=1000))
    reader = spool.reader()
    assert len(reader.read(Progress(), 1)) == 1, "at least one"
    assert len(reader.read(Progress(), 2500)) == 2
    reader.close()
    spool.close()


def test_kill_9_loses_nothing_that_was_committed(path: Path) -> None:
    script = (
        "import sys, pathlib; from gateway.spool import Spool, Group\n"
        "spool = Spool(pathlib.Path(sys.argv[1]), ['a'])\n"
        "for n in range(100000):\n"
        "    group = Group('plant'); group.add('t', [f'm x={n}.0 {n}']); spool.commit(group); print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    confirmed = [int(process.stdout.readline()) for _ in range(50)][-1]
    os.kill(process.pid, signal.SIGKILL)
    confirmed = max([confirmed, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
    process.wait()
    process.stdout.close()
    spool = Spool(path, ["a"])
    found = [int(row.body.split()[-1]) for row in rows_of(spool)]
    assert found == list(range(len(found)))
    assert len(found) > confirmed
    spool.close()


def test_a_second_gateway_is_kept_away(path: Path) -> None:
    spool = Spool(path, ["a"])
    with pytest.raises(SpoolLocked, match="used by another gateway"):
        Spool(path, ["a"])
    spool.close()
    Spool(path, ["a"]).close()


def test_a_full_spool_refuses_and_keeps_what_it_has_until_there_is_room_again(path: Path) -> None:
    spool = Spool(path, ["a"], max_bytes=3000)
    spool.commit(group_of("t1", size=1000))
    spool.commit(group_of("t2", size=1000))
    with pytest.raises(SpoolFull):
        spool.commit(group_of("t3", size=1000))
    assert spool.account.waiting.messages == 2
    spool.confirm("a", rows_of(spool)[:1])
    spool.commit(group_of("t3", size=1000))
    assert spool.account.waiting.messages == 2
    spool.close()


def test_a_group_larger_than_the_whole_room_does_not_wait_for_ever(path: Path) -> None:
    spool = Spool(path, ["a"], max_bytes=100)
    spool.commit(group_of("t1", size=1000))
    with pytest.raises(SpoolFull):
        spool.commit(group_of("t2", size=1000))
    spool.confirm("a", rows_of(spool)[:1])
    spool.commit(group_of("t2", size=1000))
    spool.close()


def test_a_full_spool_may_forget_the_oldest(path: Path) -> None:
    spool = Spool(path, ["a"], max_bytes=3500, drop_oldest=True)
    for topic in ("t1", "t2", "t3", "t4"):
        spool.commit(group_of(topic, size=1000))
    assert [row.origin_of(0)[2] for row in rows_of(spool)] == ["t2", "t3", "t4"]
    assert spool.account.dropped == 1
    spool.close()


def test_dropping_the_oldest_is_taken_back_if_the_commit_fails(path: Path) -> None:
    spool = Spool(path, ["a"], max_bytes=2500, drop_oldest=True)
    spool.commit(group_of("t1", size=1000))
    spool.commit(group_of("t2", size=1000))
    before = spool.account.copy()
    bad = group_of("t3", size=1000)
    bad.dead_letters.append(letter("x")._replace(sink=None))  # type: ignore[arg-type]  # which the file refuses
    with pytest.raises(SpoolError):
        spool.commit(bad)
    assert [row.origin_of(0)[2] for row in rows_of(spool, spool.account.progress["a"])] == ["t1", "t2"]
    assert (spool.account.dropped, spool.account.behind) == (0, before.behind)
    spool.close()


def test_with_too_little_room_on_the_disk_the_oldest_makes_place_for_the_newest(path: Path) -> None:
    spool = Spool(path, ["a"])
    for topic in ("t1", "t2", "t3"):
        spool.commit(group_of(topic, size=1000))
    spool.close()
    spool = Spool(path, ["a"], min_free=2**62, drop_oldest=True)
    spool.commit(group_of("t4", size=1000))
    assert [row.origin_of(0)[2] for row in rows_of(spool)] == ["t2", "t3", "t4"]
    assert spool.account.dropped == 1
    spool.close()


def test_room_is_left_on_the_disk(path: Path) -> None:
    spool = Spool(path, ["a"], min_free=2**62)
    with pytest.raises(SpoolFull, match="free on its disk"):
        spool.commit(group_of("t1"))
    spool.close()


def test_a_damaged_spool_is_set_aside_and_never_deleted(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no spool, but somebody's bytes" * 1000)
    spool = Spool(path, ["a"])
    spool.commit(group_of("t1"))
    spool.close()
    (aside,) = path.parent.glob("spool.db.damaged-*")
    assert aside.read_bytes().startswith(b"no spool")


def test_another_programs_database_is_not_touched(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE precious (x)")
    other.commit()
    other.close()
    with pytest.raises(SpoolError, match="no spool: name another file"):
        Spool(path, ["a"])


def test_an_unknown_version_is_refused(path: Path) -> None:
    Spool(path, ["a"]).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SpoolError, match="has format 99"):
        Spool(path, ["a"])


def test_only_this_user_may_read_it(path: Path) -> None:
    spool = Spool(path, ["a"])
    spool.commit(group_of("t1"))
    assert {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == dict.fromkeys(
        ["spool.db", "spool.db-wal", "spool.db-shm", "spool.db.lock", "spool.db.reserve"], 0
    )
    spool.close()


def test_held_messages_stay_until_they_are_released(path: Path) -> None:
    spool = Spool(path, ["a"])
    group = Group("plant")
    full = message("t1", b"\x00\xff", content_type="x/y", user_properties=(("a", "b"),))
    group.held = [("node1", full), ("node2", message("t2", b"2"))]
    spool.commit(group)
    spool.close()
    spool = Spool(path, ["a"])
    assert [(held.source, held.key, held.message) for held in spool.held()] == [
        ("plant", "node1", full),
        ("plant", "node2", message("t2", b"2")),
    ]
    group = Group("plant")
    group.released = ["node1"]
    spool.commit(group)
    assert [held.key for held in spool.held()] == ["node2"]
    spool.close()


def test_the_latest_message_for_a_key_is_remembered(path: Path) -> None:
    spool = Spool(path, ["a"])
    for number in range(3):
        group = Group("plant")
        group.remembered = {"birth": Message("t", b"%d" % number, NOW_NS + number)}
        spool.commit(group)
    assert [kept.payload for kept in spool.remembered("plant")] == [b"2"]
    assert spool.remembered("other") == []
    spool.close()


def test_the_catalogue_and_small_texts_outlive_a_restart(path: Path) -> None:
    definition = Definition("temp", "degC", low=0.0, high=100.0, asset="m1", measurement="cnc")
    spool = Spool(path, ["a"])
    group = Group("plant")
    group.definitions = [definition]
    spool.commit(group)
    spool.set_state("session:plant", "yes")
    spool.close()
    spool = Spool(path, ["a"])
    assert spool.catalogue() == {("m1", "cnc", "temp"): definition}
    assert (spool.state("session:plant"), spool.state("other")) == ("yes", "")
    spool.close()


def test_a_message_sent_again_is_recognised_across_a_restart(path: Path) -> None:
    spool = Spool(path, ["a"])
    redelivery = spool.redelivery("plant")
    group = Group("plant")
    group.redelivery += redelivery.note(message("t", b"1", packet_id=7))
    spool.commit(group)
    spool.close()
    spool = Spool(path, ["a"])
    redelivery = spool.redelivery("plant")
    assert redelivery.known(message("t", b"1", packet_id=7, duplicate=True))
    assert not redelivery.known(message("t", b"1", packet_id=7)), "the broker does not say that it sent it before"
    assert not redelivery.known(message("t", b"1", packet_id=8, duplicate=True))
    assert not redelivery.known(message("t", b"2", packet_id=7, duplicate=True))
    assert not spool.redelivery("other").known(message("t", b"1", packet_id=7, duplicate=True))
    spool.close()


def test_keys_for_redelivery_are_bounded(path: Path) -> None:
    spool = Spool(path, ["a"])
    redelivery = spool.redelivery("plant")
    for start in range(0, 200_000, 10_000):
        group = Group("plant")
        group.redelivery += redelivery.passed(10_000)
        for number in range(start, start + 10_000):
            group.redelivery += redelivery.note(message("t", b"%d" % number, packet_id=number % 65_535 + 1))
        spool.commit(group)
    size = spool._connection.execute("SELECT sum(length(keys)) FROM redelivery").fetchone()[0]
    assert RECENT <= size / RECORD.size < RECENT + 11_000
    last = message("t", b"199999", packet_id=199_999 % 65_535 + 1, duplicate=True)
    assert spool.redelivery("plant").known(last)
    spool.close()


def letter(reason: str, topic: str = "t", size: int = 100, mark: str = "") -> DeadLetter:
    return DeadLetter(Kind.UNDECODABLE, "plant", topic, b"x" * size, reason, fingerprint=mark)


def letters_of(spool: Spool) -> dict[tuple[str, str], int]:
    rows = spool._connection.execute("SELECT reason, topic, count(*) FROM dead_letters GROUP BY 1, 2")
    return {(reason, topic): number for reason, topic, number in rows}


def test_dead_letters_are_kept_while_there_is_room(path: Path) -> None:
    spool = Spool(path, ["a"])
    group = group_of("t1")
    group.dead_letters = [letter("not JSON")] * 100
    spool.commit(group)
    assert letters_of(spool) == {("not JSON", "t"): 100}
    spool.close()


def test_one_bad_metric_cannot_push_out_the_evidence_of_another(path: Path) -> None:
    spool = Spool(path, ["a"], max_dead_letters=5000, keep_per_reason=5)
    spool.reject([letter("rare", "t1")])
    for _ in range(20):
        spool.reject([letter("frequent", "t2")] * 10)
    spool.reject([letter("late", "t3")] * 3)
    kept = letters_of(spool)
    assert kept[("rare", "t1")] == 1
    assert kept[("late", "t3")] == 3
    assert 5 <= kept[("frequent", "t2")] <= 50
    assert sum(kept.values()) * 100 <= 5000
    seen = dict(spool._connection.execute("SELECT reason, seen FROM dead_letter_counts").fetchall())
    assert seen == {"rare": 1, "frequent": 200, "late": 3}
    spool.close()


def test_the_same_dead_letter_is_kept_once(path: Path) -> None:
    spool = Spool(path, ["a"])
    for _ in range(3):
        spool.reject([letter("type conflict", mark="db/1/0")])
    assert letters_of(spool) == {("type conflict", "t"): 1}
    spool.close()


def test_anyone_may_look_beside_the_running_gateway(path: Path) -> None:
    spool = Spool(path, ["a", "b"])
    spool.commit(group_of("t1", "t2"))
    spool.confirm("a", rows_of(spool)[:1])
    spool.save_positions()
    found = survey(path, 2**30, spool.account.oldest_ns + 10**9)
    assert found.waiting == spool.account.waiting
    assert {sink: behind.messages for sink, behind in found.behind.items()} == {"a": 0, "b": 2}
    assert found.hours_left is not None
    spool.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["commit", "a", "b", "save", "restart"]), max_size=40))
def test_sums_are_those_of_the_rows(tmp_path_factory: pytest.TempPathFactory, doing: list[str]) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool.db"
    spool = Spool(path, ["a", "b"], max_bytes=600, drop_oldest=True)
    readers = {"a": spool.reader(newest_first=True), "b": spool.reader()}
    for what in doing:
        match what:
            case "commit":
                spool.commit(group_of("t", "u"))
            case "a" | "b":
                if rows := readers[what].read(spool.account.progress[what].copy(), 100):
                    spool.confirm(what, rows)
            case "save":
                spool.save_positions()
            case "restart":
                before = spool.account
                spool.close()
                spool = Spool(path, ["a", "b"], max_bytes=600, drop_oldest=True)
                readers = {"a": spool.reader(newest_first=True), "b": spool.reader()}
                assert spool.account.behind == before.behind
        account = spool.account
        rows = spool._connection.execute("SELECT id, messages, points, size FROM records").fetchall()
        for sink, progress in account.progress.items():
            lacking = [Amounts(1, *amounts) for row, *amounts in rows if not progress.has(row)]
            assert account.behind[sink] == functools.reduce(Amounts.plus, lacking, Amounts())
        assert account.waiting == functools.reduce(Amounts.plus, (Amounts(1, *row[1:]) for row in rows), Amounts())
    spool.save_positions()
    found = survey(path, 2**30, spool.account.oldest_ns + 10**9)
    assert found.waiting == spool.account.waiting
    assert found.behind == spool.account.behind
    spool.close()
