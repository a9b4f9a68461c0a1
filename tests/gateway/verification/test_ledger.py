"""The ledger: only what the broker acknowledged is owed, and each message belongs to a phase and to a life."""

from __future__ import annotations

from gateway.verification import Ledger
from tests.gateway.verification.books import TIMED, UNTIMED, send


def test_only_what_was_acknowledged_is_owed() -> None:
    ledger = Ledger()
    send(ledger, TIMED, 5, unacknowledged=[1, 3])
    assert list(ledger.owed(TIMED)) == [0, 2, 4]
    assert (ledger.sent, ledger.acknowledged) == (5, 3)
    assert ledger.is_owed(TIMED, 2)
    assert not any(ledger.is_owed(TIMED, number) for number in (-1, 1, 3, 5))


def test_a_message_belongs_to_the_phase_it_was_sent_in_even_if_it_is_acknowledged_later() -> None:
    ledger = Ledger()
    ledger.begin("kill -9")
    send(ledger, TIMED, 3)
    late = ledger.send(TIMED)
    ledger.begin("SIGTERM")
    ledger.acknowledge(TIMED, late)
    send(ledger, TIMED, 2)
    send(ledger, UNTIMED, 4)
    assert [ledger.phase_of(TIMED, number) for number in range(6)] == [0, 0, 0, 0, 1, 1]
    assert [ledger.phase_of(UNTIMED, number) for number in range(4)] == [1, 1, 1, 1]
    assert [ledger.counts(phase) for phase in range(2)] == [(4, 4), (6, 6)]


def test_a_phase_without_messages_of_a_stream_has_none() -> None:
    ledger = Ledger()
    ledger.begin("a")
    send(ledger, TIMED, 2)
    ledger.begin("b")
    ledger.begin("c")
    send(ledger, TIMED, 2)
    assert [ledger.phase_of(TIMED, number) for number in range(4)] == [0, 0, 2, 2]
    assert ledger.counts(1) == (0, 0)


def test_the_lives_of_the_broker_share_the_numbers_between_them() -> None:
    ledger = Ledger()
    send(ledger, TIMED, 3)
    ledger.broker_died()
    send(ledger, TIMED, 2)
    send(ledger, UNTIMED, 1)
    ledger.broker_died()
    assert ledger.lives(TIMED) == [range(3), range(3, 5), range(5, 5)]
    assert ledger.lives(UNTIMED) == [range(0), range(1), range(1, 1)]
