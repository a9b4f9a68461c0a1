"""One host at several brokers: an edge node may go from one to another, and is there while it is at one of them."""

from __future__ import annotations

from tests.adapters.sparkplug.listening import Listening, presence_of, stale_of, values_of
from tests.adapters.sparkplug.speaking import SECOND_NS, Speaking, by_alias, number


def pair() -> tuple[Listening, Listening, Speaking]:
    """Return a host at two brokers, and an edge node that is at the first."""
    first, second, node = Listening(), Listening(), Speaking()
    first.host.know([second.host])
    second.host.know([first.host])
    first.hear_all(node.nbirth(number("x", 1.0, 1), bdseq=0), node.dbirth("D", number("y", 1.0, 2)))
    for host in (first, second):
        host.now_ns += SECOND_NS
    return first, second, node


def test_an_edge_node_that_went_to_another_broker_is_not_offline() -> None:
    first, second, node = pair()
    second.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1))
    said = first.hear(*node.ndeath(0))
    assert (presence_of(said), stale_of(said)) == ([], set())


def test_an_edge_node_that_is_at_no_other_broker_is_offline() -> None:
    first, _, node = pair()
    assert presence_of(first.hear(*node.ndeath(0))) == [("N", False), ("D", False)]


def test_an_edge_node_that_was_at_another_broker_before_is_offline() -> None:
    _, second, node = pair()
    second.hear(*node.nbirth(bdseq=1))
    assert presence_of(second.hear(*node.ndeath(1))) == [("N", False)]


def test_a_lost_connection_makes_nobody_stale_who_went_to_another_broker() -> None:
    first, second, node = pair()
    second.hear_all(node.nbirth(number("x", 1.0, 1), bdseq=1), node.dbirth("D", number("y", 1.0, 2)))
    first.lose_connection()
    said = first.pass_time(1)
    assert (presence_of(said), stale_of(said)) == ([], set())


def test_a_lost_connection_makes_stale_who_was_only_there() -> None:
    first, _, _ = pair()
    first.lose_connection()
    assert stale_of(first.pass_time(1)) == {"x", "y"}


def test_aliases_of_one_broker_are_nothing_to_another() -> None:
    first, second, node = pair()
    second.hear(*node.nbirth(number("z", 1.0, 1), bdseq=1))
    assert values_of(second.hear(*node.data(by_alias(1, 5.0)))) == {"z": 5.0}
    assert "z" not in values_of(first.said)
