"""Rebirths: when one is asked for, how often, and when not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from adapters.sparkplug.codec import DataType
from adapters.sparkplug.rebirths import SECOND, Asking, Rebirths
from adapters.sparkplug.topics import MessageType
from tests.adapters.sparkplug.listening import Listening, values_of
from tests.adapters.sparkplug.speaking import MILLISECOND_NS, Speaking, by_alias, number


def with_a_gap(**options: object) -> tuple[Listening, Speaking]:
    """Return a host for which a message of a known edge node is missing."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    node.skip()
    host.hear(*node.data(by_alias(1, 1.0)))
    return host, node


def times_asked(host: Listening, seconds: int) -> list[int]:
    """Let time pass; return after how many seconds a rebirth was asked for, each time."""
    asked, began_ns = [], host.now_ns
    while host.now_ns < began_ns + seconds * SECOND:
        before = len(host.requests)
        host.pass_time(1, step=1)
        asked += [(host.now_ns - began_ns) // SECOND] * (len(host.requests) - before)
    return asked


def test_a_request_is_a_command_to_the_edge_node() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    assert [command.topic for command in host.requests] == [f"spBv1.0/G/{MessageType.NCMD}/N"]


def test_a_request_is_published_at_qos_0_and_not_retained() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    assert [(command.qos, command.retain) for command in host.requests] == [(0, False)]


def test_a_request_names_the_metric_and_no_alias() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    (metric,) = host.request.metrics
    assert (metric.name, metric.alias) == ("Node Control/Rebirth", None)


def test_a_request_sets_the_metric_to_true() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    (metric,) = host.request.metrics
    assert (metric.value, metric.field, metric.datatype) == (True, "boolean_value", DataType.BOOLEAN)


def test_a_request_tells_its_time_in_milliseconds() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    (metric,) = host.request.metrics
    assert host.request.timestamp == metric.timestamp
    assert 0 <= host.now_ns // MILLISECOND_NS - (host.request.timestamp or 0) < 4_000


def test_a_request_has_no_sequence_number() -> None:
    host, _ = with_a_gap()
    host.pass_time(4)
    assert host.request.seq is None


def test_a_gap_is_one_reason_and_one_request() -> None:
    host, node = with_a_gap()
    host.hear_all(*(node.data(by_alias(1, 1.0)) for _ in range(20)))
    host.pass_time(4.5)
    assert len(host.requests) == 1
    assert host.reasons() == ["a gap in the sequence"]


def test_a_birth_answers_it() -> None:
    host, node = with_a_gap()
    host.pass_time(4)
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    assert times_asked(host, 60) == []
    assert (host.node()["rebirths_asked"], host.node()["rebirths_answered"]) == (1, 1)


def test_a_birth_that_another_host_asked_for_makes_a_request_needless() -> None:
    host, node = with_a_gap()
    host.pass_time(1.75)
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    assert times_asked(host, 60) == []
    assert host.node()["rebirths_answered"] == 0


def test_a_request_that_is_not_answered_is_repeated_with_pauses_that_double() -> None:
    host, _ = with_a_gap()
    pauses = [later - earlier for earlier, later in pairwise(times_asked(host, 400))]
    assert len(pauses) >= 5
    for number_of, pause in enumerate(pauses):
        assert 5 * 2**number_of <= pause <= 5 * 2**number_of * 1.2 + 1


def test_pauses_grow_to_a_longest() -> None:
    host, _ = with_a_gap(rebirth_backoff="1s", rebirth_backoff_max="8s")
    pauses = [later - earlier for earlier, later in pairwise(times_asked(host, 200))]
    assert max(pauses) <= 8 * 1.2 + 1
    assert pauses[-1] >= 8


def test_births_that_help_only_for_moments_do_not_make_pauses_short_again() -> None:
    host, node = with_a_gap()
    began_ns, asked = host.now_ns, list[int]()
    for _ in range(20):
        asked += [(host.now_ns - began_ns) // SECOND + after for after in times_asked(host, 7)]
        host.hear(*node.nbirth(number("x", 0.0, 1)))
        node.skip()
        host.hear(*node.data(by_alias(1, 1.0)))
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert all(pause >= 5 * 2**index for index, pause in enumerate(pauses))


def test_a_clean_minute_makes_pauses_short_again() -> None:
    host, node = with_a_gap()
    times_asked(host, 100)
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    host.pass_time(300, step=10)
    node.skip()
    host.hear(*node.data(by_alias(1, 1.0)))
    first, second, *_ = times_asked(host, 20)
    assert first <= 4
    assert second - first <= 7


def test_all_edge_nodes_together_are_asked_no_faster_than_the_budget() -> None:
    host = Listening(rebirths_per_second=5)
    for index in range(100):
        host.hear(*Speaking(node=f"N{index}").data(by_alias(1, 1.0)))
    asked = times_asked(host, 60)
    nodes = [command.topic for command in host.requests]
    assert set(nodes) == {f"spBv1.0/G/NCMD/N{index}" for index in range(100)}
    for second in range(60):
        assert sum(time == second for time in asked) <= 5


@pytest.mark.parametrize("per_second", [1, 3, 10, 50])
def test_no_second_has_more_requests_than_the_budget_whenever_it_begins(per_second: int) -> None:
    host = Listening(rebirths_per_second=per_second)
    for index in range(200):
        host.hear(*Speaking(node=f"N{index}").data(by_alias(1, 1.0)))
    times: list[int] = []
    for _ in range(24):
        before = len(host.requests)
        host.pass_time(0.25)
        times += [host.now_ns] * (len(host.requests) - before)
    assert len(times) > per_second
    assert all(later - earlier >= SECOND for earlier, later in zip(times, times[per_second:], strict=False))


def test_the_budget_of_a_second_is_not_spent_at_once() -> None:
    host = Listening(rebirths_per_second=20)
    for index in range(50):
        host.hear(*Speaking(node=f"N{index}").data(by_alias(1, 1.0)))
    host.now_ns += 10 * SECOND
    host.look()
    assert 1 <= len(host.requests) <= 6


def test_the_budget_is_spent_on_those_first_who_wait_longest() -> None:
    host = Listening(rebirths_per_second=0.5, rebirth_backoff="1s", reorder_timeout="0s")
    for index in range(4):
        host.hear(*Speaking(node=f"N{index}").data(by_alias(1, 1.0)))
        host.pass_time(1)
    host.pass_time(8)
    assert len({command.topic for command in host.requests}) == 4


def test_two_hosts_ask_at_different_times() -> None:
    due = []
    for name in ("one", "two"):
        host, _ = with_a_gap(host_id=name)
        while not host.requests:
            host.pass_time(0.01, step=0.01)
        due.append(host.now_ns)
    assert due[0] != due[1]


def test_two_hosts_do_not_drive_each_other() -> None:
    node, hosts = Speaking(), [Listening(host_id="one"), Listening(host_id="two")]
    birth = node.nbirth(number("x", 0.0, 1))
    node.skip()
    gap = node.data(by_alias(1, 1.0))
    for host in hosts:
        host.hear_all(birth, gap)
    asked = 0
    for _ in range(240):
        for host in hosts:
            host.pass_time(0.25)
        if sum(len(host.requests) for host in hosts) > asked:
            asked = sum(len(host.requests) for host in hosts)
            birth = node.nbirth(number("x", 0.0, 1))
            for host in hosts:
                host.hear(*birth)
    assert asked <= 2


def test_a_passive_host_never_asks() -> None:
    host, node = with_a_gap(role="passive")
    host.hear(*node.data(by_alias(99, 1.0)))
    host.hear(*Speaking(node="M").data(by_alias(1, 1.0)))
    host.pass_time(3_600, step=10)
    assert host.published == []


def test_a_passive_host_knows_why_it_would_ask() -> None:
    host, _ = with_a_gap(role="passive")
    host.pass_time(4)
    assert host.node()["last_rebirth_reason"] == "a gap in the sequence"


def test_nothing_is_asked_without_a_connection() -> None:
    host, _ = with_a_gap()
    host.lose_connection()
    host.pass_time(30)
    assert host.requests == []


def test_what_was_to_be_asked_is_asked_when_there_is_a_connection() -> None:
    host, _ = with_a_gap()
    host.lose_connection()
    host.pass_time(30)
    host.connect()
    host.pass_time(1)
    assert len(host.requests) == 1


def test_nothing_is_asked_while_the_spool_takes_nothing() -> None:
    host, _ = with_a_gap()
    host.published += host.host.accepting(False, host.now_ns)  # noqa: FBT003  # as the seam has it
    host.pass_time(30)
    assert host.requests == []


def test_an_edge_node_that_died_is_asked_no_more() -> None:
    host, node = with_a_gap()
    host.pass_time(4)
    host.hear(*node.ndeath())
    assert times_asked(host, 100) == []


def test_malformed_payloads_are_a_reason() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    host.hear(node.topic("NDATA"), b"\xff\xff\xff")
    assert host.reasons() == ["a malformed payload"]
    assert len(host.quarantined) == 1


def test_a_message_before_the_birth_is_a_reason() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 1.0)))
    assert host.reasons() == ["a message before the birth"]


def test_a_birth_that_is_on_its_way_is_waited_for() -> None:
    host, node = Listening(reorder_timeout="4s"), Speaking()
    host.hear(*node.data(by_alias(1, 1.0)))
    host.pass_time(3.75)
    assert host.requests == []


def test_a_device_without_a_birth_is_a_reason() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.data(by_alias(1, 1.0), device="D"))
    assert host.reasons() == ["data of a device before its birth"]


def test_an_unknown_alias_is_a_reason() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.data(by_alias(99, 1.0)))
    assert host.reasons() == ["a metric that no birth tells"]


def test_an_unknown_name_is_a_reason() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.data(number("y", 1.0)))
    assert host.reasons() == ["a metric that no birth tells"]


def test_an_edge_node_that_is_never_born_is_taken_by_its_names_after_some_requests() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(number("x", 1.0)))
    assert values_of(host.pass_time(10)) == {}
    assert values_of(host.pass_time(60)) == {"x": 1.0}
    assert len(host.requests) >= 3


def test_how_many_requests_that_takes_can_be_set() -> None:
    host, node = Listening(fruitless_rebirths=1), Speaking()
    host.hear(*node.data(number("x", 1.0)))
    assert values_of(host.pass_time(5)) == {"x": 1.0}


def test_then_its_data_is_told_at_once() -> None:
    host, node = Listening(fruitless_rebirths=1), Speaking()
    host.hear(*node.data(number("x", 1.0)))
    host.pass_time(5)
    assert values_of(host.hear(*node.data(number("x", 2.0)))) == {"x": 2.0}
    assert values_of(host.hear(*node.data(number("d", 3.0), device="D"))) == {"d": 3.0}


def test_what_has_only_an_alias_is_never_guessed() -> None:
    host, node = Listening(fruitless_rebirths=1), Speaking()
    host.hear(*node.data(by_alias(1, 1.0)))
    assert values_of(host.pass_time(600, step=5)) == {}
    assert host.waiting == 1


def test_a_birth_at_last_is_believed_again() -> None:
    host, node = Listening(fruitless_rebirths=1), Speaking()
    host.hear(*node.data(by_alias(1, 1.0)))
    host.pass_time(60)
    assert values_of(host.hear(*node.nbirth(number("x", 5.0, 1))))["x"] == 1.0


def test_a_metric_that_no_birth_ever_tells_is_no_longer_a_reason_after_some_births() -> None:
    host, node = Listening(), Speaking()
    for _ in range(10):
        host.hear_all(node.nbirth(), node.data(by_alias(99, 1.0)))
        host.pass_time(30)
    asked = len(host.requests)
    host.hear_all(node.nbirth(), node.data(by_alias(99, 1.0)))
    host.pass_time(300)
    assert len(host.requests) == asked
    assert asked <= 5


def test_a_new_session_gives_births_another_chance() -> None:
    host, node = Listening(), Speaking()
    for _ in range(6):
        host.hear_all(node.nbirth(bdseq=0), node.data(by_alias(99, 1.0)))
        host.pass_time(30)
    host.pass_time(100)
    asked = len(host.requests)
    host.hear_all(node.nbirth(bdseq=1), node.data(by_alias(99, 1.0)))
    host.pass_time(700, step=5)
    assert len(host.requests) > asked


def test_a_person_is_obeyed_at_once() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    assert "is asked for a rebirth" in host.host.ask_rebirth("G/N", host.now_ns)
    host.look()
    assert [command.topic for command in host.requests] == ["spBv1.0/G/NCMD/N"]
    assert host.node()["last_rebirth_reason"] == "asked for by hand"


def test_a_person_is_told_when_there_is_no_connection() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    host.lose_connection()
    assert "as soon as there is a connection" in host.host.ask_rebirth("G/N", host.now_ns)


def test_a_person_is_told_that_an_edge_node_is_not_known() -> None:
    host = Listening()
    with pytest.raises(ValueError, match="GROUP/NODE"):
        host.host.ask_rebirth("nothing", host.now_ns)


def test_a_person_is_told_that_a_passive_host_does_not_ask() -> None:
    host, node = Listening(role="passive"), Speaking()
    host.hear(*node.nbirth())
    with pytest.raises(ValueError, match="passive"):
        host.host.ask_rebirth("G/N", host.now_ns)


def test_reasons_are_bounded() -> None:
    rebirths, asking = Rebirths("h", SECOND, SECOND, 10, enabled=True), Asking()
    for index in range(1000):
        rebirths.want("N", asking, f"reason {index}", index)
    assert len(asking.reasons) <= 32


def test_reasons_are_counted() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(*(node.data(by_alias(1, 1.0)) for _ in range(3)))
    assert host.node()["rebirth_reasons"] == {"a message before the birth": 3}
