"""The good records of a batch are written, whatever the others do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch
from gateway.sinks.bisect import Isolation, Rejection, write_all
from tests.gateway.sinks.memory import Memory, batch_of, refuse


def in_the_end(isolation: Isolation, sink: Memory) -> list[Rejection]:
    """Return what is refused once the sink is not held any more."""
    while True:
        try:
            return isolation.proceed(sink)
        except SinkHeld:
            assert sink.requests < 200


def test_a_good_batch_is_written_in_one_request() -> None:
    sink = Memory()
    assert write_all(sink, batch_of(5000)) == []
    assert sink.requests == 1


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_exactly_the_bad_records_are_left(case: tuple[int, set[int]]) -> None:
    count, bad = case
    sink = Memory(refuse(bad))

    rejections = write_all(sink, batch_of(count))

    assert rejections == [Rejection(number, b"%d" % number, f"{number} is bad") for number in sorted(bad)]
    assert sink.stored == set(range(count)) - bad


@given(st.lists(st.binary(max_size=50).map(lambda record: record.replace(b"\n", b" ")), min_size=2, max_size=40))
def test_a_batch_is_halved_between_its_middle_records(records: list[bytes]) -> None:
    halves = Batch(b"".join(record + b"\n" for record in records), len(records)).halves()
    middle = len(records) // 2
    assert [half.body.split(b"\n")[:-1] for half in halves] == [records[:middle], records[middle:]]
    assert [half.records for half in halves] == [middle, len(records) - middle]


@pytest.mark.parametrize("bad", [0, 1, 2499, 2500, 4999])
def test_one_bad_record_of_5000_costs_at_most_30_further_requests(bad: int) -> None:
    sink = Memory(refuse({bad}))
    assert len(write_all(sink, batch_of(5000))) == 1
    assert sink.requests <= 1 + 30


@given(st.integers(2, 200).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=6))))
def test_whatever_is_refused_in_unknown_words_the_accepted_stand_in_their_order_at_last(
    case: tuple[int, set[int]],
) -> None:
    count, bad = case
    writes: list[int] = []

    def note(numbers: list[int]) -> Exception | None:
        if refused := bad.intersection(numbers):
            return SinkRejected(f"{min(refused)} is odd", doubtful=True)
        writes.extend(numbers)
        return None

    if count - len(bad) < 1:
        return
    in_the_end(Isolation(batch_of(count)), Memory(note))
    last = {number: place for place, number in enumerate(writes)}
    good = sorted(set(range(count)) - bad)
    assert [last[number] for number in good] == sorted(last[number] for number in good)


def test_records_that_are_all_refused_are_not_tried_one_by_one() -> None:
    def older_than_the_retention(numbers: list[int]) -> Exception | None:
        old = sum(number < 3000 for number in numbers)
        return SinkRejected("too old", records=old) if old else None

    sink = Memory(older_than_the_retention)
    rejections = write_all(sink, batch_of(5000))

    assert [rejection.index for rejection in rejections] == list(range(3000))
    assert rejections[2999].record == b"2999"
    assert sink.stored == set(range(3000, 5000))
    assert sink.requests <= 31


@pytest.mark.parametrize("error", [SinkUnavailable("gone", connection_lost=True), SinkHeld("full")])
def test_trouble_of_the_sink_ends_the_attempt(error: Exception) -> None:
    sink = Memory(lambda _: error)
    with pytest.raises(type(error)):
        write_all(sink, batch_of(10))
    assert sink.requests == 1


def test_a_batch_larger_than_the_sink_takes_is_not_tried_whole() -> None:
    sink = Memory()
    sink.max_batch_bytes = 1000
    batch = batch_of(500)

    assert write_all(sink, batch) == []
    assert sink.stored == set(range(500))
    assert sink.requests == 2 ** ((len(batch.body) // 1000).bit_length())


def test_a_refused_size_is_learned_for_the_rest_of_the_batch() -> None:
    sink = Memory()

    def too_large(numbers: list[int]) -> Exception | None:
        if len(numbers) > 100:
            sink.max_batch_bytes = 101 * 15
            return SinkRejected("too large")
        return None

    sink.judge = too_large
    assert write_all(sink, batch_of(1600, size=10)) == []
    assert sink.requests == 1 + 16


def test_a_single_record_that_is_too_large_is_rejected() -> None:
    sink = Memory(lambda _: SinkRejected("too large"))
    sink.max_batch_bytes = 10
    assert [rejection.reason for rejection in write_all(sink, batch_of(1, size=100))] == ["too large"]


def test_a_refusal_in_unknown_words_counts_where_others_are_accepted() -> None:
    sink = Memory(refuse({3, 4, 70}, doubtful=True))
    assert [rejection.index for rejection in write_all(sink, batch_of(100))] == [3, 4, 70]
    assert sink.stored == set(range(100)) - {3, 4, 70}


@pytest.mark.parametrize("count", [1, 2, 7, 5000])
def test_a_refusal_in_unknown_words_of_everything_is_held(count: int) -> None:
    sink = Memory(lambda _: SinkRejected("<html>400</html>", doubtful=True))
    with pytest.raises(SinkHeld, match=r"not one record was accepted.*400"):
        write_all(sink, batch_of(count))
    assert sink.requests < 120


def test_many_records_in_a_row_refused_in_unknown_words_do_not_stop_the_others() -> None:
    bad = set(range(40))
    sink = Memory(refuse(bad, doubtful=True))
    assert {rejection.index for rejection in write_all(sink, batch_of(1000))} == bad
    assert sink.stored == set(range(40, 1000))


def test_a_sink_that_takes_nothing_is_sent_one_record_until_it_is_mended() -> None:
    sink = Memory(lambda _: SinkRejected("?", doubtful=True))
    for _ in range(3):
        with pytest.raises(SinkHeld, match="not one record was accepted"):
            Isolation(batch_of(5000), scout=4321).proceed(sink)
    assert sink.requests == 3
    for judge in (refuse({4321}), refuse({17})):
        sink = Memory(judge)
        assert len(Isolation(batch_of(5000), scout=4321).proceed(sink)) == 1
        assert len(sink.stored) == 4999


def test_what_was_held_starts_over_once_the_sink_is_mended() -> None:
    sink = Memory(lambda _: SinkRejected("?", doubtful=True))
    isolation = Isolation(batch_of(10))
    with pytest.raises(SinkHeld):
        isolation.proceed(sink)
    sink.judge = lambda _: None
    assert isolation.proceed(sink) == []
    assert sink.stored == set(range(10))


@pytest.mark.parametrize("lasts", range(1, 12))
def test_a_sink_that_refuses_in_unknown_words_for_a_while_costs_no_record(lasts: int) -> None:
    # Whenever that begins: the others are good, so none of them may become a dead letter.
    for begins in range(14):
        spell = range(begins + 1, begins + 1 + lasts)
        sink = Memory()

        def judge(numbers: list[int], sink: Memory = sink, spell: range = spell) -> Exception | None:
            if sink.requests in spell:
                return SinkRejected("<html>400</html>", doubtful=True)
            return SinkRejected("17 is bad") if 17 in numbers else None

        sink.judge = judge
        assert [rejection.index for rejection in in_the_end(Isolation(batch_of(32)), sink)] == [17]
        assert sink.stored == set(range(32)) - {17}


def test_one_record_of_5000_refused_in_unknown_words_costs_at_most_30_further_requests() -> None:
    sink = Memory(refuse({4999}, doubtful=True))
    assert len(write_all(sink, batch_of(5000))) == 1
    assert sink.requests <= 1 + 30
