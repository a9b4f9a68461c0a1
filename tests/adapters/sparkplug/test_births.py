"""Births: what they make known, what is stored of them, and what they end."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, Property, Template
from gateway.models import Definition
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    qualities_of,
    rejects_of,
    series_of,
    stale_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number


def test_a_birth_tells_that_the_edge_node_is_online() -> None:
    host, node = Listening(), Speaking()
    assert presence_of(host.hear(*node.nbirth())) == [("N", True)]


def test_a_birth_tells_the_number_of_the_session() -> None:
    host, node = Listening(), Speaking()
    (one,) = observations_of(host.hear(*node.nbirth(bdseq=7)), "sparkplug_node")
    assert one.values == {"online": True, "bdSeq": 7}


def test_a_device_is_online_by_its_own_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    assert presence_of(host.hear(*node.dbirth("D"))) == [("D", True)]


def test_a_birth_makes_aliases_known() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1), number("y", 0.0, 2)))
    assert values_of(host.hear(*node.data(by_alias(2, 5.0)))) == {"y": 5.0}


def test_alias_0_is_an_alias() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 0), number("y", 1.0)))
    assert values_of(host.hear(*node.data(by_alias(0, 5.0)))) == {"x": 5.0}


def test_an_alias_may_have_64_bits() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 2**64 - 1)))
    assert values_of(host.hear(*node.data(by_alias(2**64 - 1, 5.0)))) == {"x": 5.0}


def test_a_birth_makes_types_known() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("x", 1, datatype=DataType.INT8, value=0)))
    raw = Metric("", 1, value=0xFD, field="int_value")
    assert values_of(host.hear(*node.data(raw))) == {"x": -3}


def test_the_type_of_the_birth_counts_though_the_message_has_the_name() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("x", datatype=DataType.INT32, value=0)))
    raw = Metric("x", value=2**32 - 12, field="int_value")
    assert values_of(host.hear(*node.data(raw))) == {"x": -12}


def test_values_of_the_first_birth_are_stored() -> None:
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(number("x", 1.5), number("y", 2.5)))) == {"x": 1.5, "y": 2.5}


def test_values_of_a_device_s_birth_are_stored() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    (one,) = observations_of(host.hear(*node.dbirth("D", number("x", 1.5))))
    assert (dict(one.values), one.place) == ({"x": 1.5}, None)


def test_of_a_further_birth_only_what_changed_is_stored() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0), number("y", 2.0)))
    assert values_of(host.hear(*node.nbirth(number("x", 1.0), number("y", 3.0)))) == {"y": 3.0}


def test_what_changed_is_what_differs_from_the_last_data() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0), number("y", 2.0)), node.data(number("x", 5.0)))
    assert values_of(host.hear(*node.nbirth(number("x", 5.0), number("y", 2.0)))) == {}


def test_a_birth_may_be_stored_whole() -> None:
    host, node = Listening(births="all"), Speaking()
    host.hear(*node.nbirth(number("x", 1.0)))
    assert values_of(host.hear(*node.nbirth(number("x", 1.0)))) == {"x": 1.0}


def test_nothing_of_a_birth_may_be_stored() -> None:
    host, node = Listening(births="none"), Speaking()
    assert values_of(host.hear(*node.nbirth(number("x", 1.0, 1)))) == {}
    assert values_of(host.hear(*node.data(by_alias(1, 2.0)))) == {"x": 2.0}


def test_after_a_death_the_next_birth_is_stored_whole() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0)), node.ndeath())
    assert values_of(host.hear(*node.nbirth(number("x", 1.0), bdseq=1))) == {"x": 1.0}


def test_a_birth_ends_what_the_birth_before_it_told() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1), number("y", 1.0, 2)), node.nbirth(number("y", 1.0, 1)))
    assert values_of(host.hear(*node.data(by_alias(1, 5.0)))) == {"y": 5.0}


def test_a_birth_may_change_a_type() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.hear(*node.nbirth(Metric("x", 1, datatype=DataType.STRING, value="on")))
    assert values_of(host.hear(*node.data(Metric("", 1, value="off", field="string_value")))) == {"x": "off"}


def test_a_number_that_becomes_a_boolean_has_changed() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0)))
    assert values_of(host.hear(*node.nbirth(Metric("x", datatype=DataType.BOOLEAN, value=True)))) == {"x": True}


def test_a_null_in_a_birth_is_no_value_and_bad() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(number("x", None, 1)))
    assert (values_of(said), qualities_of(said, "x")) == ({"x": None}, [0])


def test_devices_stay_as_they_are_until_their_own_births() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D", number("x", 1.0, 1)), node.nbirth())
    assert host.hear(*node.data(by_alias(1, 5.0), device="D")) == []
    assert host.waiting == 1


def test_a_device_that_is_not_born_again_is_gone() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D", number("x", 1.0)), node.nbirth())
    said = host.pass_time(2.5)
    assert (presence_of(said), stale_of(said)) == ([("D", False)], {"x"})


def test_a_device_that_is_born_again_in_time_never_was_away() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D", number("x", 1.0)), node.nbirth())
    said = host.pass_time(1.0)
    said += host.hear(*node.dbirth("D", number("x", 1.0)))
    said += host.pass_time(5.0)
    assert ("D", False) not in presence_of(said)


def test_a_rebirth_is_the_same_session() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(bdseq=3), node.nbirth(bdseq=3))
    assert (host.node()["births"], host.node()["bdseq"], host.node()["deaths"]) == (2, 3, 0)


def test_a_birth_without_a_session_s_number_is_a_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1), bdseq=None))
    assert values_of(host.hear(*node.data(by_alias(1, 2.0)))) == {"x": 2.0}


def test_a_metric_without_a_name_costs_only_itself() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(number("", 1.0, 4), number("x", 2.0)))
    assert values_of(said) == {"x": 2.0}
    assert [reject.name for reject in rejects_of(said)] == ["alias 4"]


def test_two_metrics_with_one_alias_make_it_name_none_of_them() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 2.0, 1)))
    assert [reject.name for reject in rejects_of(said)] == ["alias 1"]
    assert host.hear(*node.data(by_alias(1, 5.0))) == []


def test_two_metrics_with_one_alias_are_a_reason_to_ask() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 2.0, 1)))
    assert host.reasons() == ["two metrics with one alias"]


def answer_or_rest(host: Listening) -> None:
    """Let time pass until the host asks for a rebirth, or an hour."""
    asked = len(host.requests)
    for _ in range(360):
        host.pass_time(10, step=10)
        if len(host.requests) > asked:
            return


def test_a_birth_that_always_gives_one_alias_to_two_metrics_is_asked_for_a_few_times() -> None:
    host, node = Listening(), Speaking()
    for turn in range(30):
        host.hear(*node.nbirth(number("x", float(turn), 1), number("y", 2.0, 1)))
        answer_or_rest(host)
    assert len(host.requests) == 3


def test_an_edge_node_that_answers_no_request_is_asked_for_that_a_few_times() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 2.0, 1)))
    host.pass_time(7200, step=10)
    assert len(host.requests) == 3


def test_a_birth_that_gives_other_aliases_to_two_metrics_is_asked_for_anew() -> None:
    host, node = Listening(), Speaking()
    for alias in (1, 1, 1, 1, 1, 2):
        host.hear(*node.nbirth(number("x", 1.0, alias), number("y", 2.0, alias)))
        answer_or_rest(host)
    assert len(host.requests) == 4


def test_a_device_that_always_gives_one_alias_to_two_metrics_is_asked_for_a_few_times() -> None:
    host, node = Listening(), Speaking()
    for _ in range(10):
        host.hear_all(node.nbirth(), node.dbirth("D", number("x", 1.0, 1), number("y", 2.0, 1)))
        answer_or_rest(host)
    assert len(host.requests) == 3


def test_a_metric_with_two_values_in_a_birth_is_one_metric() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(number("x", 1.0, 1, time_ms=START_MS - 9, historical=True), number("x", 2.0, 1)))
    assert series_of(said, "x") == [1.0, 2.0]
    assert rejects_of(said) == []


def test_a_definition_of_a_template_is_no_value() -> None:
    host, node = Listening(), Speaking()
    kind = Metric("Motor", datatype=DataType.TEMPLATE, value=Template([number("rpm", 0.0)], is_definition=True))
    assert values_of(host.hear(*node.nbirth(kind))) == {}


def test_a_birth_in_several_parts_is_one_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    host.hear(*node.nbirth(number("y", 0.0, 2), seq=1))
    assert values_of(host.hear(*node.data(by_alias(1, 5.0), by_alias(2, 6.0)))) == {"x": 5.0, "y": 6.0}


def test_a_retained_birth_says_nothing_of_presence() -> None:
    host, node = Listening(), Speaking()
    assert presence_of(host.hear(*node.nbirth(number("x", 0.0, 1)), retained=True)) == []


def test_data_behind_a_retained_birth_waits_for_one_that_is_new() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)), retained=True)
    assert host.hear(*node.data(by_alias(1, 5.0))) == []
    assert values_of(host.hear(*node.nbirth(number("x", 0.0, 1)))) == {"x": 5.0}


def test_a_retained_birth_is_a_reason_to_ask() -> None:
    host, node = Listening(), Speaking()
    topic, payload = node.nbirth(number("x", 0.0, 1))
    host.hear(topic, payload, retained=True)
    assert host.reasons() == ["a retained birth"]


def test_units_and_ranges_of_a_birth_are_told_as_definitions() -> None:
    host, node = Listening(), Speaking()
    properties = {
        "engUnit": Property(DataType.STRING, "bar"),
        "engLow": Property(DataType.DOUBLE, 0.0),
        "engHigh": Property(DataType.DOUBLE, 16.0),
        "Documentation": Property(DataType.STRING, "inlet"),
    }
    host.hear(*node.nbirth(number("p", 1.0)._replace(properties=properties)))
    (definition,) = (thing for thing in host.look() if isinstance(thing, Definition))
    assert definition == Definition(
        "p", "bar", "Double", 0.0, 16.0, "inlet", place={"group": "G", "node": "N", "machine": "N"}
    )


def test_what_a_birth_repeats_of_the_meaning_is_told_once() -> None:
    host, node = Listening(), Speaking()
    metric = number("p", 1.0)._replace(properties={"engUnit": Property(DataType.STRING, "bar")})
    host.hear_all(node.nbirth(metric), node.nbirth(metric))
    assert len([thing for thing in host.pass_time(1) if isinstance(thing, Definition)]) == 1


def test_values_come_with_the_unit_of_their_birth() -> None:
    host, node = Listening(), Speaking()
    metric = number("p", 1.0, 1)._replace(properties={"engUnit": Property(DataType.STRING, "bar")})
    said = host.hear_all(node.nbirth(metric), node.data(by_alias(1, 2.0)))
    assert [one.units for one in observations_of(said)] == [{"p": "bar"}, {"p": "bar"}]


@pytest.mark.parametrize("options", [{}, {"role": "passive"}])
def test_a_birth_that_says_nothing_new_tells_only_that_it_is_there(options: dict[str, object]) -> None:
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(number("x", 1.0)))
    said = host.hear(*node.nbirth(number("x", 1.0)))
    assert (presence_of(said), observations_of(said)) == ([("N", True)], [])


def long_text(text: str, alias: int | None = None) -> Metric:
    """Return a text of 10,000 characters that ends with this one."""
    return Metric("s", alias, datatype=DataType.STRING, value="a" * 10_000 + text)


def test_a_long_text_of_a_birth_that_was_told_before_is_not_told_again() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(long_text("x")))
    assert values_of(host.hear(*node.nbirth(long_text("x")))) == {}


def test_a_long_text_of_a_birth_that_differs_is_told_whole() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(long_text("x")))
    assert values_of(host.hear(*node.nbirth(long_text("y")))) == {"s": "a" * 10_000 + "y"}


def test_a_long_text_that_data_told_is_not_told_again_by_a_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(long_text("x", 1)))
    for text in ("y", "z"):
        host.hear(*node.data(long_text(text, 1)._replace(name="", datatype=None)))
    assert values_of(host.hear(*node.nbirth(long_text("z", 1)))) == {}


def test_of_long_texts_little_is_kept() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(long_text("x", 1)))
    for text in ("y", "z"):
        host.hear(*node.data(long_text(text, 1)._replace(name="", datatype=None)))
    last = host.host._nodes.get("G/N").own.last  # type: ignore[union-attr]
    noted = [value for values, _ in (*last._noted.values(), last._latest) for value in values.values()]
    assert noted
    assert all(len(str(value)) < 200 for value in (*noted, *last.values.values()))
