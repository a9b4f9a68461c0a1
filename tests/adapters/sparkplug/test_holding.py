"""Messages that cannot be understood yet: they wait for a birth, and are then told in their order."""

from __future__ import annotations

from adapters.sparkplug.codec import DataType, Metric
from gateway.models import Origin
from tests.adapters.sparkplug.listening import Listening, observations_of, rejects_of, series_of, times_of, values_of
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number


def test_data_before_the_birth_waits_and_is_told_after_it() -> None:
    host, node = Listening(), Speaking()
    assert host.hear(*node.data(by_alias(1, 5.0))) == []
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]


def test_it_is_told_with_the_time_it_was_true() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS + 7)))
    said = host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert times_of(said, "x")[1] == START_MS + 7


def test_it_is_told_as_history() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0)))
    said = host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert [one.origin for one in observations_of(said)] == [Origin.LIVE, Origin.HISTORICAL]


def test_everything_that_waits_is_told_in_its_order() -> None:
    host, node = Listening(), Speaking()
    for value in range(1, 400):
        host.hear(*node.data(by_alias(1, float(value))))
    said = host.hear(*node.nbirth(number("x", 0.0, 1)))
    assert series_of(said, "x") == [float(value) for value in range(400)]


def test_what_waits_for_one_edge_node_is_not_told_for_another() -> None:
    host, first, second = Listening(), Speaking(node="N1"), Speaking(node="N2")
    host.hear_all(first.data(by_alias(1, 1.0)), second.data(by_alias(1, 2.0)))
    assert series_of(host.hear(*first.nbirth(number("x", 0.0, 1))), "x") == [0.0, 1.0]
    assert series_of(host.hear(*second.nbirth(number("y", 0.0, 1))), "y") == [0.0, 2.0]


def test_data_of_a_device_before_its_birth_waits_for_that() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.data(by_alias(1, 5.0), device="D"))
    assert series_of(host.hear(*node.dbirth("D", number("x", 0.0, 1))), "x") == [0.0, 5.0]


def test_data_of_a_device_before_all_births_waits_for_both() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0), device="D"))
    assert values_of(host.hear(*node.nbirth())) == {}
    assert series_of(host.hear(*node.dbirth("D", number("x", 0.0, 1))), "x") == [0.0, 5.0]


def test_the_birth_of_a_device_before_that_of_its_edge_node_waits() -> None:
    host, node = Listening(), Speaking()
    birth = node.nbirth()
    host.hear(*node.dbirth("D", number("x", 7.0, 1)))
    assert values_of(host.hear(*birth)) == {"x": 7.0}
    assert values_of(host.hear(*node.data(by_alias(1, 8.0), device="D"))) == {"x": 8.0}
    assert host.node()["gaps"] == 0


def test_a_birth_that_comes_soon_makes_a_request_needless() -> None:
    host, node = Listening(), Speaking()
    birth = node.nbirth()
    host.hear(*node.dbirth("D", number("x", 7.0, 1)))
    host.pass_time(1)
    host.hear(*birth)
    host.pass_time(60)
    assert host.requests == []


def test_a_birth_of_an_earlier_device_does_not_replace_a_later_one() -> None:
    host, node = Listening(), Speaking()
    node.time_ms -= 1000
    old = node.dbirth("D", number("old", 0.0, 1))
    node.time_ms += 1000
    host.hear(*old)
    birth, new = node.nbirth(), node.dbirth("D", number("new", 0.0, 1))
    host.hear_all(birth, new)
    assert values_of(host.hear(*node.data(by_alias(1, 1.0), device="D"))) == {"new": 1.0}


def test_an_unknown_alias_waits_for_a_birth_that_tells_it() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1)), node.data(by_alias(2, 5.0)))
    said = host.hear(*node.nbirth(number("x", 0.0, 1), number("y", 0.0, 2)))
    assert series_of(said, "y") == [0.0, 5.0]


def test_a_message_with_an_unknown_alias_waits_as_a_whole() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    assert host.hear(*node.data(by_alias(1, 5.0), by_alias(2, 5.0))) == []


def test_what_comes_after_it_is_not_held_up() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1)), node.data(by_alias(2, 5.0)))
    assert values_of(host.hear(*node.data(by_alias(1, 6.0)))) == {"x": 6.0}


def test_what_no_birth_tells_is_refused_at_last_and_costs_only_itself() -> None:
    host, node = Listening(), Speaking()
    for _ in range(5):
        host.hear_all(node.nbirth(number("x", 0.0, 1)), node.data(by_alias(2, 5.0), by_alias(1, 5.0)))
    said = host.hear(*node.data(by_alias(2, 6.0), by_alias(1, 6.0)))
    assert values_of(said) == {"x": 6.0}
    assert [reject.name for reject in rejects_of(said)] == ["alias 2"]


def test_a_name_that_no_birth_tells_is_taken_if_it_tells_its_type() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    assert values_of(host.hear(*node.data(number("new", 5.0)))) == {"new": 5.0}


def test_a_name_that_no_birth_tells_and_that_has_no_type_waits() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    assert host.hear(*node.data(number("new", 5.0)._replace(datatype=None))) == []
    assert host.waiting == 1


def test_a_passive_host_refuses_what_the_birth_does_not_tell() -> None:
    host, node = Listening(role="passive"), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    said = host.hear(*node.data(by_alias(2, 5.0), by_alias(1, 5.0)))
    assert values_of(said) == {"x": 5.0}
    assert [reject.name for reject in rejects_of(said)] == ["alias 2"]


def test_a_passive_host_holds_what_comes_before_the_birth() -> None:
    host, node = Listening(role="passive"), Speaking()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(86_400, step=600)
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]


def test_an_active_host_does_not_guess_what_an_ended_session_meant() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.data(by_alias(1, 5.0)), node.ndeath())
    said = host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1))
    assert series_of(said, "x") == [1.0]
    ((_, reason),) = host.quarantined
    assert "ended before a birth told its aliases" in reason


def test_a_passive_host_understands_it_by_the_next_birth() -> None:
    host, node = Listening(role="passive"), Speaking()
    host.hear_all(node.data(by_alias(1, 5.0)), node.ndeath())
    said = host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1))
    assert series_of(said, "x") == [1.0, 5.0]


def test_what_names_itself_needs_no_guess() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.data(number("x", 5.0)), node.ndeath())
    said = host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1))
    assert series_of(said, "x") == [1.0, 5.0]
    assert host.quarantined == []


def test_a_value_that_waited_does_not_replace_the_last_one() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert values_of(host.hear(*node.nbirth(number("x", 1.0, 1)))) == {}


def test_malformed_metrics_of_a_message_that_waits_cost_only_themselves() -> None:
    host, node = Listening(), Speaking()
    wrong = Metric("", 1, value="no number", field="string_value")
    host.hear(*node.data(wrong, by_alias(2, 5.0)))
    said = host.hear(*node.nbirth(Metric("x", 1, datatype=DataType.INT32, value=1), number("y", 1.0, 2)))
    assert series_of(said, "y") == [1.0, 5.0]
    assert [reject.name for reject in rejects_of(said)] == ["x"]


def test_how_many_messages_wait_is_told() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.data(by_alias(1, 5.0)), node.data(by_alias(1, 5.0)))
    assert (host.node()["held"], host.node()["state"]) == (2, "unknown")
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert (host.node()["held"], host.node()["state"]) == (0, "online")
