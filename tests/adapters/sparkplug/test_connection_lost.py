"""The connection to the broker is lost: of nothing is known any more whether it is so, until it is heard again."""

from __future__ import annotations

import pytest

from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    qualities_of,
    series_of,
    stale_of,
    times_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import SECOND_NS, Speaking, by_alias, number
from tests.adapters.sparkplug.test_deaths import ms


def lost(role: str = "active") -> tuple[Listening, Speaking]:
    """Return a host that has lost its connection, and an edge node with a device that it knew."""
    host, node = Listening(role=role), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.dbirth("D", number("y", 1.0, 2)))
    host.pass_time(60, step=30)
    host.lose_connection()
    return host, node


def test_all_values_are_stale_since_the_connection_was_lost() -> None:
    host, _ = lost()
    lost_ms = host.now_ns // 1_000_000
    said = host.pass_time(5)
    assert stale_of(said) == {"x", "y"}
    assert [ms(time) for time in times_of(said, "x")] == [lost_ms]


def test_that_is_said_once() -> None:
    host, _ = lost()
    host.pass_time(5)
    assert observations_of(host.pass_time(60)) == []


def test_nobody_is_told_to_be_offline_but_nobody_to_be_online_either() -> None:
    host, _ = lost()
    assert presence_of(host.pass_time(60)) == [("N", None), ("D", None)]
    assert (host.node()["online"], host.node()["state"]) == (True, "stale")


def test_all_values_of_many_edge_nodes_are_told_to_be_stale_though_not_at_once() -> None:
    host = Listening()
    for index in range(30):
        host.hear(*Speaking(node=f"N{index}").nbirth(*(number(f"m{one}", 1.0) for one in range(1000))))
    host.lose_connection()
    first = sum(len(one.values) for one in observations_of(host.look()))
    rest = sum(len(one.values) for one in observations_of(host.pass_time(2)))
    assert first + rest == 30_000
    assert first <= 21_000


def test_where_no_message_was_missed_everything_goes_on_for_one_that_cannot_ask() -> None:
    host, node = lost("passive")
    host.pass_time(10)
    host.connect()
    assert values_of(host.hear(*node.data(by_alias(1, 2.0)))) == {"x": 2.0}
    assert values_of(host.hear(*node.data(by_alias(2, 3.0), device="D"))) == {"y": 3.0}
    assert host.node()["state"] == "online"


def test_one_that_can_ask_does_not_trust_the_number() -> None:
    host, node = lost()
    host.pass_time(10)
    host.connect()
    assert host.hear(*node.data(by_alias(1, 2.0))) == []
    host.pass_time(5)
    assert len(host.requests) == 1
    assert 2.0 in series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x")


def test_where_a_message_was_missed_data_waits_for_a_birth() -> None:
    host, node = lost()
    host.connect()
    node.skip()
    assert host.hear(*node.data(by_alias(1, 2.0))) == []
    assert values_of(host.hear(*node.nbirth(number("x", 1.0, 1))))["x"] == 2.0


def test_where_it_took_long_a_fitting_number_proves_nothing() -> None:
    host, node = lost()
    host.pass_time(61)
    host.connect()
    assert host.hear(*node.data(by_alias(1, 2.0))) == []


def test_how_long_it_took_is_counted_from_when_it_was_heard_last() -> None:
    host, node = lost()
    host.pass_time(40)
    host.connect()
    host.lose_connection()
    host.pass_time(40)
    host.connect()
    assert host.hear(*node.data(by_alias(1, 2.0))) == []


@pytest.mark.parametrize("skipped", [0, 1])
def test_an_active_host_asks_for_a_birth_in_any_case(skipped: int) -> None:
    host, node = lost()
    host.connect()
    node.skip(skipped)
    host.hear(*node.data(by_alias(1, 2.0)))
    host.pass_time(5)
    assert len(host.requests) == 1
    assert host.reasons()[0] == "the connection was lost"


def test_an_edge_node_that_is_not_heard_is_not_asked() -> None:
    host, _ = lost()
    host.connect()
    host.pass_time(60)
    assert host.requests == []


def test_a_passive_host_waits_for_the_next_birth() -> None:
    host, node = lost("passive")
    host.connect()
    node.skip()
    host.hear(*node.data(by_alias(1, 2.0)))
    host.pass_time(600, step=10)
    assert host.published == []
    assert values_of(host.hear(*node.nbirth(number("x", 1.0, 1))))["x"] == 2.0


def test_data_of_a_device_waits_until_it_is_born_again() -> None:
    host, node = lost()
    host.connect()
    node.skip()
    host.hear(*node.data(by_alias(2, 2.0), device="D"))
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert values_of(host.hear(*node.dbirth("D", number("y", 1.0, 2))))["y"] == 2.0


def test_a_birth_makes_everything_known_again() -> None:
    host, node = lost()
    host.connect()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.dbirth("D", number("y", 1.0, 2)))
    assert values_of(host.hear(*node.data(by_alias(2, 5.0), device="D"))) == {"y": 5.0}
    assert host.node()["state"] == "online"


def test_values_that_were_stale_are_told_again_by_a_birth_that_repeats_them() -> None:
    host, node = lost()
    host.pass_time(1)
    host.connect()
    said = host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert (values_of(said), qualities_of(said, "x")) == ({"x": 1.0}, [192])


def test_a_death_counts_that_comes_when_the_connection_is_there_again() -> None:
    host, node = lost()
    host.pass_time(1)
    host.connect()
    assert presence_of(host.hear(*node.ndeath())) == [("N", False), ("D", False)]


def test_what_was_stale_already_is_not_told_again_when_the_edge_node_dies() -> None:
    host, node = lost()
    host.pass_time(1)
    host.connect()
    assert stale_of(host.hear(*node.ndeath())) == set()


def test_a_connection_that_comes_back_before_anybody_looked_makes_stale_all_the_same() -> None:
    host, _ = lost()
    host.connect()
    assert stale_of(host.look()) == {"x", "y"}


def test_who_was_heard_again_before_anybody_looked_is_not_stale() -> None:
    host, node = lost()
    host.connect()
    host.hear(*node.data(by_alias(1, 2.0)))
    assert "x" not in stale_of(host.look())


def test_a_goodbye_on_purpose_is_no_different() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.published += host.host.disconnecting(host.now_ns)
    host.lose_connection()
    assert stale_of(host.pass_time(1)) == {"x"}
    assert host.now_ns > SECOND_NS
