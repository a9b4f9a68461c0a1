"""Records that kill the sink, or only seem to, are told from the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SinkUnavailable
from gateway.sinks.bisect import Isolation, Rejection
from tests.gateway.sinks.memory import Memory, batch_of, refuse


class Mortal(Memory):
    """Dies of some records: the connection is lost, and until it is started again nothing can be reached."""

    def __init__(self, deadly: set[int]) -> None:
        super().__init__(self._die)
        self.deadly = deadly
        self.alive = True
        self.deaths = 0

    def _die(self, numbers: list[int]) -> Exception | None:
        if not self.alive:
            return SinkUnavailable("refused")
        if self.deadly.intersection(numbers):
            self.alive = False
            self.deaths += 1
            return SinkUnavailable("lost", connection_lost=True)
        return None

    def check(self) -> str:
        if not self.alive:
            raise SinkUnavailable("refused")
        return super().check()


def isolate(sink: Mortal, isolation: Isolation) -> list[Rejection]:
    """Start the sink again whenever it has died, as its service manager does."""
    for _ in range(1000):
        try:
            return isolation.proceed(sink)
        except SinkUnavailable:
            sink.alive = True
    raise AssertionError("no end")


@given(st.integers(2, 100).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=3))))
def test_records_that_kill_the_sink_are_found(case: tuple[int, set[int]]) -> None:
    count, deadly = case
    sink = Mortal(deadly)
    if len(deadly) == count:
        return

    rejections = isolate(sink, Isolation(batch_of(count), lost_connections=True))

    assert {rejection.index for rejection in rejections} == deadly
    assert sink.stored == set(range(count)) - deadly


def test_a_record_is_given_up_only_after_it_killed_three_times_alone() -> None:
    sink = Mortal({5})
    (rejection,) = isolate(sink, Isolation(batch_of(8), lost_connections=True))
    assert rejection.index == 5
    assert "alone it failed 3 times" in rejection.reason
    assert sink.deaths == 3 + 3  # in pieces of 8, 4 and 2 records, then alone
    assert sink.checks == 1, "as long as it has taken nothing; then it is to take again what it took before"


def test_a_sink_that_loses_every_connection_rejects_nothing() -> None:
    sink = Memory(lambda _: SinkUnavailable("lost", connection_lost=True))
    isolation = Isolation(batch_of(4), lost_connections=True)
    for _ in range(20):
        with pytest.raises(SinkUnavailable):
            isolation.proceed(sink)
    sink.judge = lambda _: None
    assert isolation.proceed(sink) == []
    assert sink.stored == {0, 1, 2, 3}


def test_a_connection_lost_for_the_size_of_the_batch_rejects_nothing() -> None:
    sink = Memory(lambda numbers: SinkUnavailable("lost", connection_lost=True) if len(numbers) > 10 else None)
    assert Isolation(batch_of(100), lost_connections=True).proceed(sink) == []
    assert sink.stored == set(range(100))


def test_a_fault_without_a_reason_is_isolated_as_a_lost_connection_is() -> None:
    sink = Memory(lambda numbers: SinkUnavailable("HTTP 500", unexplained=True) if 3 in numbers else None)
    (rejection,) = Isolation(batch_of(10), lost_connections=True).proceed(sink)
    assert rejection.index == 3


def test_a_sink_that_resets_every_connection_is_asked_once_an_attempt() -> None:
    """It is alive, as far as a check can tell: a proxy before a database that is gone may well be."""
    sink = Memory(lambda _: SinkUnavailable("reset", connection_lost=True))
    isolation = Isolation(batch_of(5000), lost_connections=True)
    for attempt in range(20):
        with pytest.raises(SinkUnavailable):
            isolation.proceed(sink)
        assert sink.requests <= 13 * (attempt + 1)
    assert not isolation.undecided


def test_a_sink_that_hangs_for_long_rejects_nothing() -> None:
    """It took some, then writes hang though a check goes well: a disk that stalls."""
    sink = Memory(lambda numbers: SinkUnavailable("lost", connection_lost=True) if len(numbers) > 2 else None)
    isolation = Isolation(batch_of(8), lost_connections=True)

    def hang_after_the_first(_: list[int]) -> Exception | None:
        return SinkUnavailable("lost", connection_lost=True) if sink.stored else None

    sink.judge = lambda numbers: (
        hang_after_the_first(numbers) or (SinkUnavailable("lost", connection_lost=True) if len(numbers) > 2 else None)
    )
    for _ in range(50):
        with pytest.raises(SinkUnavailable):
            isolation.proceed(sink)
    sink.judge = lambda _: None
    assert isolation.proceed(sink) == []
    assert sink.stored == set(range(8))


def test_many_deadly_records_in_a_row_do_not_hide_the_good_ones() -> None:
    deadly = set(range(40))
    sink = Mortal(deadly)
    rejections = isolate(sink, Isolation(batch_of(200), lost_connections=True))
    assert {rejection.index for rejection in rejections} == deadly
    assert sink.stored == set(range(40, 200))


def test_of_deadly_records_alone_nothing_can_be_told() -> None:
    sink = Mortal({0, 1})
    isolation = Isolation(batch_of(2), lost_connections=True)
    told = []
    for _ in range(10):
        sink.alive = True
        with pytest.raises(SinkUnavailable):
            isolation.proceed(sink)
        told.append(isolation.undecided)
    assert not told[0]
    assert told[-1]


def test_a_failing_check_is_no_strike() -> None:
    sink = Mortal({0})
    isolation = Isolation(batch_of(2), lost_connections=True)
    while sink.deaths < 3:  # of both records, then twice of the first alone
        sink.alive = True
        with pytest.raises(SinkUnavailable):
            isolation.proceed(sink)
    for _ in range(10):
        with pytest.raises(SinkUnavailable, match="refused"):
            isolation.proceed(sink)
    sink.deadly = set()
    assert isolate(sink, isolation) == []


def test_bad_and_deadly_records_of_one_batch_are_told_apart() -> None:
    sink = Mortal({7})
    die = sink.judge
    sink.judge = lambda numbers: die(numbers) or refuse({2})(numbers)
    rejections = isolate(sink, Isolation(batch_of(16), lost_connections=True))
    assert [rejection.index for rejection in rejections] == [2, 7]
    assert sink.stored == set(range(16)) - {2, 7}
