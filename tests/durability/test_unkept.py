"""What the gateway acknowledged and the database does not have is found, for every kind of message."""

from __future__ import annotations

import pytest

from gateway.verification.ledger import Ledger
from gateway.verification.messages import Kind, Messages, Stream
from gateway.verification.verdict import Point
from tests.durability.examine import Row, unkept
from tests.durability.report import totals

MESSAGES = Messages("run", 1_700_000_000_000)


@pytest.mark.parametrize("kind", Kind)
def test_what_is_missing_is_found(kind: Kind) -> None:
    stream, ledger = Stream(kind, "m0"), Ledger()
    ledger.begin("no fault")
    numbers = [ledger.send(stream) for _ in range(4)]
    payloads = [MESSAGES.payload(stream, number) for number in numbers[:3]]
    acknowledged = {MESSAGES.topic(stream): {payload: payloads.count(payload) for payload in payloads}}
    stored = {stream: [Point(1, 0), Point(2, 1 if kind is Kind.CONSTANT else 2)]}
    assert unkept(MESSAGES, ledger, acknowledged, stored) == [(stream, -1 if kind is Kind.CONSTANT else 1)]
    stored[stream].append(Point(3, 1))
    assert unkept(MESSAGES, ledger, acknowledged, stored) == []


@pytest.mark.parametrize(
    "row",
    [
        Row("p", "f", "after_commit", sent=10, lost=1),
        Row("p", "f", "after_commit", sent=10, duplicated=1),
        Row("p", "f", "after_commit", sent=10, out_of_order=1),
        Row("p", "f", "after_commit", sent=10, wrong=1),
        Row("p", "f", "after_commit", trouble="could not run"),
    ],
)
def test_one_bad_row_fails_all(row: Row) -> None:
    good = Row("p", "no fault", "after_commit", sent=10, forgotten_by_broker=3)
    assert totals([good], seed=1, seconds=1, quick=True)["passed"]
    assert not totals([good, row], seed=1, seconds=1, quick=True)["passed"]
    assert row.complaint()
