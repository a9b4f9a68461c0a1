"""The order of messages: what is waited for, for how long, and what becomes of what came early or late."""

from __future__ import annotations

import pytest

from adapters.sparkplug.sequence import Order, Sequence
from gateway.models import Origin
from tests.adapters.sparkplug.listening import Listening, observations_of, presence_of, series_of, values_of
from tests.adapters.sparkplug.speaking import SECOND_NS, Speaking, by_alias, number


def started(**options: object) -> tuple[Listening, Speaking]:
    """Return a host, and an edge node that it knows."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    return host, node


def values(node: Speaking, *numbers: int) -> list[tuple[str, bytes]]:
    """Return messages of these numbers, each with its number as value."""
    return [node.data(by_alias(1, float(seq)), seq=seq) for seq in numbers]


def test_messages_in_order_are_told_at_once() -> None:
    host, node = started()
    assert series_of(host.hear_all(*values(node, 1, 2, 3)), "x") == [1.0, 2.0, 3.0]


def test_the_number_after_255_is_0() -> None:
    host, node = started()
    host.hear_all(*values(node, *range(1, 256)))
    assert series_of(host.hear_all(*values(node, 0, 1)), "x") == [0.0, 1.0]
    assert host.node()["gaps"] == 0


def test_any_number_of_a_birth_is_where_the_sequence_begins() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1), seq=8))
    assert series_of(host.hear_all(*values(node, 9, 10)), "x") == [9.0, 10.0]


def test_a_birth_of_a_device_has_a_number_of_the_same_sequence() -> None:
    host, node = started()
    host.hear(*node.dbirth("D", number("y", 0.0, 2)))
    assert values_of(host.hear(*node.data(by_alias(2, 1.0), device="D"))) == {"y": 1.0}


def test_a_message_behind_a_gap_waits() -> None:
    host, node = started()
    assert host.hear_all(*values(node, 2)) == []
    assert host.waiting == 1


def test_a_gap_that_is_filled_in_time_is_none() -> None:
    host, node = started()
    first, second, third = values(node, 1, 2, 3)
    host.hear_all(second, third)
    assert series_of(host.hear(*first), "x") == [1.0, 2.0, 3.0]
    host.pass_time(60)
    assert (host.requests, host.node()["gaps"]) == ([], 0)


def test_what_waits_is_told_in_order_whatever_order_it_came_in() -> None:
    host, node = started()
    messages = values(node, 1, 2, 3, 4, 5)
    said = host.hear_all(*(messages[index] for index in (4, 2, 1, 3, 0)))
    assert series_of(said, "x") == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert host.waiting == 0


def test_a_gap_across_the_turn_of_the_numbers_is_filled() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1), seq=253))
    messages = values(node, 254, 255, 0, 1)
    assert series_of(host.hear_all(*reversed(messages)), "x") == [254.0, 255.0, 0.0, 1.0]


def test_a_gap_that_is_not_filled_is_given_up_after_the_reorder_timeout() -> None:
    host, node = started(reorder_timeout="3s")
    host.hear_all(*values(node, 2))
    assert series_of(host.pass_time(2.75), "x") == []
    assert series_of(host.pass_time(0.5), "x") == [2.0]


def test_a_rebirth_is_asked_for_when_a_gap_is_given_up_and_not_before() -> None:
    host, node = started(reorder_timeout="3s")
    host.hear_all(*values(node, 2))
    host.pass_time(2.75)
    assert host.requests == []
    host.pass_time(2)
    assert [command.topic for command in host.requests] == ["spBv1.0/G/NCMD/N"]


def test_after_a_gap_is_given_up_messages_are_told_at_once() -> None:
    host, node = started()
    host.hear_all(*values(node, 5))
    host.pass_time(3)
    assert series_of(host.hear_all(*values(node, 6, 7)), "x") == [6.0, 7.0]


def test_without_a_timeout_nothing_waits_and_a_rebirth_is_asked_for_at_once() -> None:
    host, node = started(reorder_timeout="0s")
    assert series_of(host.hear_all(*values(node, 2, 3)), "x") == [2.0, 3.0]
    host.pass_time(1.5)
    assert len(host.requests) == 1


def test_two_gaps_are_given_up_one_after_the_other() -> None:
    host, node = started()
    host.hear_all(*values(node, 2, 4))
    assert series_of(host.pass_time(5), "x") == [2.0, 4.0]
    assert host.node()["gaps"] == 2


def test_a_second_gap_is_waited_for_as_long_as_the_first() -> None:
    host, node = started()
    first, second, fourth = values(node, 1, 2, 4)
    host.hear(*second)
    host.pass_time(1.5)
    host.hear(*fourth)
    host.hear(*first)
    assert series_of(host.pass_time(1.5), "x") == []
    assert series_of(host.pass_time(0.75), "x") == [4.0]


def test_the_same_message_again_is_told_again_and_is_no_gap() -> None:
    host, node = started()
    (message,) = values(node, 1)
    host.hear(*message)
    assert series_of(host.hear(*message), "x") == [1.0]
    assert host.node()["gaps"] == 0


def test_the_same_message_again_while_it_waits_is_told_with_it() -> None:
    host, node = started()
    first, second = values(node, 1, 2)
    host.hear_all(second, second)
    assert series_of(host.hear(*first), "x") == [1.0, 2.0, 2.0]


def test_a_late_message_is_told_as_history() -> None:
    host, node = started()
    first, second = values(node, 1, 2)
    host.hear(*second)
    host.pass_time(3)
    (one,) = observations_of(host.hear(*first))
    assert (dict(one.values), one.origin) == ({"x": 1.0}, Origin.HISTORICAL)


def test_a_late_message_changes_nothing_about_what_comes_next() -> None:
    host, node = started()
    first, second, third = values(node, 1, 2, 3)
    host.hear(*second)
    host.pass_time(3)
    host.hear_all(first, third)
    assert (host.waiting, host.node()["gaps"]) == (0, 1)


def test_a_late_death_of_a_device_does_not_end_it() -> None:
    host, node = started()
    late = node.ddeath("D")
    host.hear(*node.dbirth("D", number("y", 0.0, 2)))
    host.pass_time(3)
    assert presence_of(host.hear(*late)) == []
    assert host.device("D")["online"] is True


def test_messages_that_were_overtaken_by_a_birth_change_nothing() -> None:
    host, node = started()
    old = values(node, 7)[0]
    host.hear(*node.nbirth(number("x", 9.0, 1)))
    (one,) = observations_of(host.hear(*old))
    assert (one.origin, host.waiting, host.node()["gaps"]) == (Origin.HISTORICAL, 0, 0)


def test_an_old_message_with_the_number_of_the_next_is_history() -> None:
    host, node = started()
    old = values(node, 1)[0]
    host.hear(*node.nbirth(number("x", 9.0, 1)))
    (one,) = observations_of(host.hear(*old))
    assert one.origin is Origin.HISTORICAL


def test_what_waited_for_a_birth_may_have_the_number_of_the_next_by_chance() -> None:
    host, node = Listening(), Speaking()
    early = values(node, 1, 2, 3)
    host.hear_all(*early, node.nbirth(number("x", 9.0, 1)))
    said = host.hear_all(*values(node, 1, 2, 3))
    assert series_of(said, "x") == [1.0, 2.0, 3.0]
    assert (host.waiting, host.node()["gaps"]) == (0, 0)


def test_a_birth_ends_the_wait_for_what_was_before_it() -> None:
    host, node = started()
    host.hear_all(*values(node, 3))
    said = host.hear(*node.nbirth(number("x", 9.0, 1)))
    assert series_of(said, "x") == [9.0, 3.0]
    host.pass_time(10)
    assert (host.waiting, host.requests) == (0, [])


def test_a_jump_of_half_a_round_or_more_is_a_gap_as_soon_as_it_goes_on() -> None:
    host, node = started()
    said = host.hear_all(*values(node, 200, 201, 202))
    said += host.pass_time(3)
    said += host.hear_all(*values(node, 203))
    assert sorted(map(str, series_of(said, "x"))) == ["200.0", "201.0", "202.0", "203.0"]
    assert (host.node()["gaps"], host.node()["seq"]) == (1, 203)


def test_a_sender_that_counts_in_disorder_is_waited_for_no_more() -> None:
    host, node = started()
    for seq in range(2, 40, 2):
        host.hear_all(*values(node, seq, seq))
        host.pass_time(2.5)
    assert series_of(host.hear_all(*values(node, 40, 40, 42, 42)), "x") == [40.0, 40.0, 42.0, 42.0]


def test_nothing_of_a_sender_that_counts_in_disorder_is_lost() -> None:
    host, node = started()
    for seq in range(2, 100, 2):
        host.hear_all(*values(node, seq, seq))
    host.pass_time(200)
    assert sorted({float(str(value)) for value in series_of(host.said, "x")}) == [0.0, *map(float, range(2, 100, 2))]


def test_a_missing_number_is_0_where_0_is_the_next() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1), seq=255))
    host.hear(*node.unnumbered(by_alias(1, 5.0)))
    assert series_of(host.hear_all(*values(node, 1)), "x") == [1.0]
    assert host.node()["gaps"] == 0


def test_a_message_without_a_number_is_told_and_counts_for_nothing() -> None:
    host, node = started()
    node.seq = -1
    assert series_of(host.hear(*node.unnumbered(by_alias(1, 5.0))), "x") == [5.0]
    assert series_of(host.hear_all(*values(node, 1)), "x") == [1.0]


def test_no_more_than_a_bound_waits_for_a_missing_message() -> None:
    host, node = started()
    for _ in range(3):
        host.hear_all(*values(node, *range(2, 128)))
        host.hear_all(*values(node, *range(128, 256)))
    assert host.waiting < 1000
    assert len(host.host._nodes.get("G/N").sequence.ahead) <= 200  # type: ignore[union-attr]


def test_edge_nodes_are_counted_apart() -> None:
    host = Listening()
    first, second = Speaking(node="N1"), Speaking(node="N2")
    host.hear_all(first.nbirth(number("x", 0.0, 1)), second.nbirth(number("x", 0.0, 1)))
    host.hear_all(*values(first, 2))
    assert series_of(host.hear_all(*values(second, 1)), "x") == [1.0]


def sequence(expected: int = 10) -> Sequence:
    made = Sequence()
    made.begin(expected - 1)
    return made


@pytest.mark.parametrize(
    ("number", "order"),
    [
        (10, Order.NEXT),
        (9, Order.AGAIN),
        (8, Order.LATE),
        (11, Order.AHEAD),
        (137, Order.AHEAD),
        (138, Order.LATE),
        (None, Order.UNNUMBERED),
        (266, Order.NEXT),
        (2**64 - 1, Order.LATE),
    ],
)
def test_how_a_number_stands_to_the_next(number: int | None, order: Order) -> None:
    assert sequence().judge(number) is order


def test_a_number_missing_where_0_is_due_is_the_next() -> None:
    assert sequence(256).judge(None) is Order.NEXT


def test_what_waits_lasts_as_long_as_before_when_the_clock_is_set() -> None:
    made = sequence()
    made.wait(12, 100 * SECOND_NS)
    made.clock_was_set(-60 * SECOND_NS)
    assert made.gap_ns == 40 * SECOND_NS
