"""What a report says of its runs."""

from __future__ import annotations

import json
from io import StringIO

from rich.console import Console

from gateway.verification import Ledger, Outcome, Stored, judge
from gateway.verification.report import Report, tables
from gateway.verification.rows import rows_of
from tests.gateway.verification.books import CONSTANT, MESSAGES, TIMED, points, send


def outcome(stored: Stored) -> Outcome:
    """Return a run of three phases with two kinds of faults, 10 timed messages in each and 5 constant ones in one."""
    ledger = Ledger()
    for fault in ("kill -9", "SIGTERM", "kill -9"):
        ledger.begin(fault)
        send(ledger, TIMED, 10)
    send(ledger, CONSTANT, 5)
    verdict = judge(MESSAGES, ledger, stored)
    rows = rows_of(ledger, verdict, "after_commit", kills=[1, 1, 2], seconds=[0.5, 0.25, 1.0])
    return Outcome(rows, verdict, MESSAGES, ledger, 0, ["a trouble"])


GOOD: Stored = {TIMED: points(TIMED, range(30)), CONSTANT: points(CONSTANT, range(5))}
BAD: Stored = {TIMED: points(TIMED, [n for n in range(30) if n not in (3, 12, 13)]), CONSTANT: points(CONSTANT, [1])}


def test_each_fault_has_a_row_with_what_struck_under_its_name() -> None:
    rows = {row.fault: row for row in outcome(BAD).rows}
    assert list(rows) == ["kill -9", "SIGTERM"]
    assert (rows["kill -9"].sent, rows["kill -9"].acknowledged, rows["kill -9"].stored) == (25, 25, 20)
    assert (rows["kill -9"].lost, rows["SIGTERM"].lost) == (5, 2)
    assert (rows["kill -9"].kills, rows["kill -9"].seconds) == (3, 1.5)


def test_the_object_for_machines_adds_the_rows_up() -> None:
    report = Report([outcome(GOOD), outcome(BAD)], seed=7, seconds=12.345)
    found = json.loads(json.dumps(report.as_json()))
    assert {key: found[key] for key in ("sent", "acknowledged", "lost", "duplicated", "out_of_order", "kills")} == {
        "sent": 70,
        "acknowledged": 70,
        "lost": 7,
        "duplicated": 0,
        "out_of_order": 0,
        "kills": 8,
    }
    assert (found["seed"], found["seconds"], found["troubles"]) == (7, 12.35, ["a trouble"] * 2)
    wanted = {"fault", "mode", "sent", "acknowledged", "lost", "duplicated", "out_of_order", "kills", "seconds"}
    assert all(wanted <= set(row) for row in found["rows"])
    assert len(found["rows"]) == 4
    assert found["lost_messages"] == [
        f"{MESSAGES.topic(CONSTANT)}: 4",
        f"{MESSAGES.topic(TIMED)}: number 3, 12, 13",
    ]


def test_it_has_failed_if_anything_was_lost_or_is_wrong() -> None:
    assert not Report([outcome(GOOD)], 1, 1.0).failed
    assert Report([outcome(GOOD), outcome(BAD)], 1, 1.0).failed
    assert Report([outcome({**GOOD, TIMED: [*GOOD[TIMED], *points(TIMED, [77])]})], 1, 1.0).failed


def test_the_table_fits_a_terminal_and_leaves_out_what_there_is_none_of() -> None:
    drawing = StringIO()
    console = Console(width=80, file=drawing)
    for table in tables(outcome(BAD).rows):
        console.print(table)
    drawn = drawing.getvalue()
    assert "acknowledged after commit" in drawn
    assert "kill -9" in drawn
    assert "…" not in drawn
    assert "gotten" not in drawn
