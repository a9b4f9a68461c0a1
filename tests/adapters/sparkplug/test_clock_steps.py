"""Somebody sets the clock of the gateway: nothing freezes, nobody falls silent, and pauses last as long as before."""

from __future__ import annotations

import pytest

from tests.adapters.sparkplug.listening import Listening, observations_of, presence_of, series_of, values_of
from tests.adapters.sparkplug.speaking import SECOND_NS, Speaking, by_alias, number

DAY_NS = 86_400 * SECOND_NS
STEPS = pytest.mark.parametrize("step", [-DAY_NS, -10 * SECOND_NS, DAY_NS], ids=["day-back", "seconds-back", "ahead"])


def started(**options: object) -> tuple[Listening, Speaking]:
    """Return a host, and an edge node that it knows."""
    host, node = Listening(**options), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1)), node.dbirth("D", number("y", 0.0, 2)))
    host.pass_time(60, step=1)
    return host, node


@STEPS
def test_data_is_told_as_ever(step: int) -> None:
    host, node = started()
    host.now_ns += step
    host.look()
    assert values_of(host.hear(*node.data(by_alias(1, 5.0)))) == {"x": 5.0}
    assert values_of(host.hear(*node.data(by_alias(2, 6.0), device="D"))) == {"y": 6.0}


@STEPS
def test_a_gap_is_given_up_as_ever(step: int) -> None:
    host, node = started()
    host.now_ns += step
    host.look()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    assert series_of(host.pass_time(3), "x") == [5.0]


def test_a_gap_is_given_up_though_the_clock_is_set_back_meanwhile() -> None:
    host, node = started()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(1)
    host.now_ns -= DAY_NS
    assert series_of(host.pass_time(3), "x") == [5.0]


@STEPS
def test_a_rebirth_is_asked_for_as_ever(step: int) -> None:
    host, node = started()
    host.now_ns += step
    host.look()
    host.hear(*node.data(by_alias(99, 5.0)))
    host.pass_time(3)
    assert len(host.requests) == 1


def test_a_request_that_is_due_is_made_though_the_clock_is_set_back_meanwhile() -> None:
    host, node = started()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(2)
    host.now_ns -= DAY_NS
    host.pass_time(3)
    assert len(host.requests) == 1


def test_an_edge_node_that_was_asked_before_is_asked_again_after_the_same_pause() -> None:
    host, node = started()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(4)
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    host.now_ns -= DAY_NS
    host.look()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(8)
    assert len(host.requests) == 2


def test_a_request_that_fails_is_repeated_though_the_clock_is_set_back_meanwhile() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(99, 5.0)))
    host.pass_time(3)
    host.now_ns -= DAY_NS
    host.pass_time(10)
    assert len(host.requests) == 2


@STEPS
def test_nobody_dies_of_it(step: int) -> None:
    host, _ = started()
    host.now_ns += step
    assert presence_of(host.pass_time(60, step=1)) == []


def test_silence_is_measured_as_ever_after_it_is_set_back() -> None:
    host, node = started(silence="10min")
    host.hear(*node.data(by_alias(1, 5.0)))
    host.now_ns -= DAY_NS
    host.pass_time(300, step=1)
    assert host.requests == []
    host.pass_time(310, step=1)
    assert len(host.requests) >= 1


def test_a_doubtful_death_is_decided_though_the_clock_is_set_back_meanwhile() -> None:
    host, node = started()
    host.hear(*node.ndeath(200))
    host.now_ns -= DAY_NS
    assert ("N", False) in presence_of(host.pass_time(15))


def test_a_missing_device_is_noticed_though_the_clock_is_set_back_meanwhile() -> None:
    host, node = started()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    host.now_ns -= DAY_NS
    assert presence_of(host.pass_time(5)) == [("D", False)]


def test_what_is_told_of_presence_keeps_its_order_when_the_clock_is_set_back_a_little() -> None:
    host, node = started()
    host.now_ns -= 70 * SECOND_NS
    host.look()
    host.hear(*node.ndeath())
    first, last = (str(one.time) for one in observations_of(host.said, "sparkplug_node"))
    assert first < last


def test_a_message_that_was_read_just_before_time_was_told_is_no_step() -> None:
    host, node = started()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    for _ in range(20):
        host.now_ns += SECOND_NS // 2
        host.look()
        host.now_ns -= SECOND_NS // 4
        host.look()
    assert series_of(host.said, "x")[-1] == 5.0
    assert len(host.requests) >= 1
