"""The verdict finds what is lost, doubled, disordered or wrong, and nothing else. A check that cannot fail is none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verification import Finding, Ledger, Point, Stream, judge
from gateway.verification.verdict import misplaced
from tests.gateway.verification.books import (
    CONSTANT,
    MESSAGES,
    SECOND,
    TIMED,
    UNTIMED,
    found,
    points,
    received_ns,
    send,
)

ALL = (TIMED, UNTIMED, CONSTANT)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.begin("kill -9")
    return ledger


def numbers(findings: list[Finding]) -> list[int]:
    return [finding.number for finding in findings]


def test_what_is_all_there_is_well(ledger: Ledger) -> None:
    for stream in ALL:
        send(ledger, stream, 10)
    verdict = judge(MESSAGES, ledger, {stream: points(stream, range(10)) for stream in ALL})
    assert verdict.stored == 30
    assert found(verdict) == {}


@pytest.mark.parametrize("stream", [TIMED, UNTIMED])
def test_a_missing_number_is_lost_and_told_with_its_phase(ledger: Ledger, stream: Stream) -> None:
    send(ledger, stream, 5)
    ledger.begin("SIGTERM")
    send(ledger, stream, 5)
    kept = points(stream, [0, 1, 2, 4, 5, 6, 7, 8])
    assert judge(MESSAGES, ledger, {stream: kept}).lost == [Finding(stream, 3, 0), Finding(stream, 9, 1)]


def test_a_missing_constant_message_is_lost_without_a_number(ledger: Ledger) -> None:
    send(ledger, CONSTANT, 10)
    assert judge(MESSAGES, ledger, {CONSTANT: points(CONSTANT, range(8))}).lost == [Finding(CONSTANT, -1, 0)] * 2


@pytest.mark.parametrize("stream", ALL)
def test_of_an_empty_database_all_is_lost(ledger: Ledger, stream: Stream) -> None:
    send(ledger, stream, 10)
    assert len(judge(MESSAGES, ledger, {}).lost) == 10


@pytest.mark.parametrize("stream", ALL)
def test_what_was_not_acknowledged_is_never_lost_and_never_doubled(ledger: Ledger, stream: Stream) -> None:
    send(ledger, stream, 10, unacknowledged=[2, 9])
    with_one_of_them = points(stream, [0, 1, 2, 3, 4, 5, 6, 7, 8])
    without = points(stream, [0, 1, 3, 4, 5, 6, 7, 8])
    for stored, here in ((with_one_of_them, 1), (without, 0)):
        verdict = judge(MESSAGES, ledger, {stream: stored})
        assert (verdict.lost, verdict.duplicated, verdict.wrong) == ([], [], [])
        assert (verdict.uncertain, verdict.uncertain_stored) == (2, here)


def test_an_uncertain_message_twice_or_late_is_none_of_the_gateways_doing(ledger: Ledger) -> None:
    send(ledger, UNTIMED, 3, unacknowledged=[1])
    stored = [*points(UNTIMED, [0, 2]), Point(received_ns(8), 1), Point(received_ns(9), 1)]
    verdict = judge(MESSAGES, ledger, {UNTIMED: stored})
    assert found(verdict) == {}


def test_a_second_copy_is_a_duplicate(ledger: Ledger) -> None:
    send(ledger, UNTIMED, 5)
    send(ledger, CONSTANT, 5)
    stored = {
        UNTIMED: [*points(UNTIMED, range(5)), Point(received_ns(9), 3), Point(received_ns(10), 3)],
        CONSTANT: points(CONSTANT, range(7)),
    }
    verdict = judge(MESSAGES, ledger, stored)
    assert verdict.duplicated == [Finding(UNTIMED, 3, 0)] * 2 + [Finding(CONSTANT, -1, 0)] * 2
    assert found(verdict) == {"duplicated": 4}


def test_between_acknowledged_and_attempted_any_count_of_constant_messages_is_right(ledger: Ledger) -> None:
    send(ledger, CONSTANT, 10, unacknowledged=[3, 4])
    stored = {count: {CONSTANT: points(CONSTANT, range(count))} for count in (7, 8, 9, 10, 11)}
    verdicts = {count: judge(MESSAGES, ledger, one) for count, one in stored.items()}
    assert {count: len(verdict.lost) for count, verdict in verdicts.items()} == {7: 1, 8: 0, 9: 0, 10: 0, 11: 0}
    assert {count: len(verdict.duplicated) for count, verdict in verdicts.items()} == {7: 0, 8: 0, 9: 0, 10: 0, 11: 1}


def test_a_lost_constant_message_is_not_made_up_for_by_another_stream(ledger: Ledger) -> None:
    other = CONSTANT._replace(machine="m1")
    send(ledger, CONSTANT, 5)
    send(ledger, other, 5)
    verdict = judge(MESSAGES, ledger, {CONSTANT: points(CONSTANT, range(4)), other: points(other, range(6))})
    assert (len(verdict.lost), len(verdict.duplicated)) == (1, 1)


class TestRedelivery:
    """Copies that a broker sends which does not mark them."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """Return one with 20 messages and an interruption after the tenth."""
        ledger = Ledger()
        ledger.begin("kill -9")
        send(ledger, UNTIMED, 20)
        ledger.interrupted(received_ns(10) - SECOND // 2)
        return ledger

    @staticmethod
    def again(*copies: int, after: float = 10) -> list[Point]:
        """Return all messages, and some of them once more after a message."""
        return [
            *points(UNTIMED, range(20)),
            *(Point(received_ns(0) + int((after + (place + 1) / 100) * SECOND), n) for place, n in enumerate(copies)),
        ]

    def test_within_the_window_they_are_excused_and_counted(self, ledger: Ledger) -> None:
        verdict = judge(MESSAGES, ledger, {UNTIMED: self.again(8, 9)}, redelivery_window=2)
        assert (verdict.duplicated, numbers(verdict.redelivered)) == ([], [8, 9])

    def test_more_than_the_window_holds_are_duplicates(self, ledger: Ledger) -> None:
        verdict = judge(MESSAGES, ledger, {UNTIMED: self.again(7, 8, 9)}, redelivery_window=2)
        assert (numbers(verdict.duplicated), numbers(verdict.redelivered)) == ([9], [7, 8])

    def test_where_the_broker_marks_them_there_is_no_excuse(self, ledger: Ledger) -> None:
        assert numbers(judge(MESSAGES, ledger, {UNTIMED: self.again(9)}).duplicated) == [9]

    def test_a_copy_without_an_interruption_since_the_first_is_a_duplicate(self, ledger: Ledger) -> None:
        verdict = judge(MESSAGES, ledger, {UNTIMED: self.again(15, after=16)}, redelivery_window=100)
        assert numbers(verdict.duplicated) == [15], "received after the interruption, both times"
        verdict = judge(MESSAGES, ledger, {UNTIMED: self.again(3, after=5)}, redelivery_window=100)
        assert numbers(verdict.duplicated) == [3], "before it, both times"

    def test_each_interruption_has_its_own_bound(self, ledger: Ledger) -> None:
        ledger.interrupted(received_ns(15) - SECOND // 2)
        stored = self.again(8, 9) + self.again(13, 14, after=15)[20:]
        assert judge(MESSAGES, ledger, {UNTIMED: stored}, redelivery_window=2).duplicated == []
        assert len(judge(MESSAGES, ledger, {UNTIMED: stored}, redelivery_window=1).duplicated) == 2

    def test_constant_messages_have_what_the_numbered_leave_of_the_bound(self, ledger: Ledger) -> None:
        send(ledger, CONSTANT, 10)
        stored = {UNTIMED: self.again(8), CONSTANT: points(CONSTANT, range(12))}
        verdict = judge(MESSAGES, ledger, stored, redelivery_window=2)
        assert (len(verdict.redelivered), verdict.duplicated) == (2, [Finding(CONSTANT, -1, 0)])

    def test_they_are_not_out_of_order(self, ledger: Ledger) -> None:
        assert judge(MESSAGES, ledger, {UNTIMED: self.again(8, 9)}, redelivery_window=2).out_of_order == []


def test_a_message_that_overtook_others_is_out_of_order_and_only_that(ledger: Ledger) -> None:
    send(ledger, UNTIMED, 10)
    stored = [Point(received_ns(1) + 1 if number == 7 else received_ns(number), number) for number in range(10)]
    assert numbers(judge(MESSAGES, ledger, {UNTIMED: stored}).out_of_order) == [7]


def test_timed_messages_say_nothing_about_order(ledger: Ledger) -> None:
    send(ledger, TIMED, 10)
    assert judge(MESSAGES, ledger, {TIMED: points(TIMED, reversed(range(10)))}).out_of_order == []


def test_what_nobody_sent_so_is_wrong(ledger: Ledger) -> None:
    send(ledger, TIMED, 3)
    other_time = Point((MESSAGES.time_ns(TIMED, 2) or 0) + 1, 2)
    stored = {TIMED: [*points(TIMED, [0, 1]), other_time, Point(received_ns(3), 3), Point(received_ns(0), -1)]}
    verdict = judge(MESSAGES, ledger, stored)
    assert sorted(numbers(verdict.wrong)) == [-1, 2, 3]
    assert numbers(verdict.lost) == [2]
    assert len(judge(MESSAGES, ledger, {**stored, UNTIMED: points(UNTIMED, [0])}).wrong) == 4, "a foreign topic"


class TestDeadBroker:
    """A broker that died may have forgotten what it had not delivered, and only that."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """Return one with 10 messages before the death of the broker, and 10 after it."""
        ledger = Ledger()
        ledger.begin("broker dies")
        send(ledger, UNTIMED, 10)
        ledger.broker_died()
        send(ledger, UNTIMED, 10)
        return ledger

    @pytest.mark.parametrize(
        ("missing", "lost"),
        [
            ([8, 9], []),  # what it had not delivered yet
            ([10, 11], []),  # what came before the gateway had subscribed again
            ([7, 8, 9, 10, 11], []),
            ([5], [5]),  # a hole: 6 came later and is there
            ([0, 1], [0, 1]),  # the beginning, when it had not died yet
            ([18, 19], [18, 19]),  # the end, when it did not die any more
            ([8, 9, 15], [15]),
            (list(range(10)), []),
            (list(range(10, 20)), list(range(10, 20))),
        ],
    )
    def test_only_around_its_death_is_anything_forgotten(
        self, ledger: Ledger, missing: list[int], lost: list[int]
    ) -> None:
        stored = {UNTIMED: points(UNTIMED, [number for number in range(20) if number not in missing])}
        verdict = judge(MESSAGES, ledger, stored, gap_reported=True)
        assert numbers(verdict.lost) == lost
        assert sorted(numbers(verdict.lost) + numbers(verdict.forgotten)) == missing

    def test_what_was_not_reported_as_a_gap_is_lost(self, ledger: Ledger) -> None:
        verdict = judge(MESSAGES, ledger, {UNTIMED: points(UNTIMED, range(8))}, gap_reported=False)
        assert (len(verdict.lost), verdict.forgotten) == (12, [])

    def test_a_broker_that_did_not_die_forgets_nothing(self) -> None:
        ledger = Ledger()
        ledger.begin("kill -9")
        send(ledger, UNTIMED, 10)
        assert len(judge(MESSAGES, ledger, {UNTIMED: points(UNTIMED, range(8))}, gap_reported=True).lost) == 2


@given(st.permutations(range(12)))
def test_without_the_misplaced_the_times_rise_and_no_fewer_would_do(times: list[int]) -> None:
    found = misplaced(dict(enumerate(times)))
    rest = [time for number, time in enumerate(times) if number not in found]
    assert rest == sorted(rest)
    lengths = [1] * len(times)
    for right in range(len(times)):
        lengths[right] += max((lengths[left] for left in range(right) if times[left] < times[right]), default=0)
    assert len(rest) == max(lengths)


@given(st.data())
def test_every_message_that_disappears_is_found(data: st.DataObject) -> None:
    generator = random.Random(data.draw(st.integers(0, 2**32)))
    ledger = Ledger()
    ledger.begin("kill -9")
    uncertain = {stream: {n for n in range(30) if generator.random() < 0.1} for stream in ALL}
    for stream in ALL:
        send(ledger, stream, 30, unacknowledged=uncertain[stream])
    gone = {stream: {n for n in range(30) if generator.random() < 0.2} for stream in ALL}
    stored = {
        stream: points(stream, [n for n in range(30) if n not in gone[stream] | uncertain[stream]]) for stream in ALL
    }
    verdict = judge(MESSAGES, ledger, stored)
    lost = sum(len(gone[stream] - uncertain[stream]) for stream in ALL)
    assert found(verdict) == ({"lost": lost} if lost else {})
