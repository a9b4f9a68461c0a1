"""Dead letters that are tried again: understood where births from before and after them prove what they say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.sparkplug.adapter import Sparkplug
from adapters.sparkplug.codec import DataType, Metric, Property, compress
from gateway.models import Decoded, Hold, Message, Origin
from tests.adapters.sparkplug.listening import Listening, observations_of, rejects_of, values_of
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number


def tried_again(host: Listening, message: Message, **options: object) -> Sequence[Decoded]:
    """Return what a message says to one who knows no more than what a host remembered."""
    adapter = Sparkplug(**{"role": "active", "host_id": "test", **options})
    for one in sorted(host.remembered.values(), key=lambda one: one.received_ns):
        adapter.recall(one)
    return tuple(adapter.decode(message))


def between(
    before: Sequence[Metric], after: Sequence[Metric], *said: Metric, device: str = ""
) -> tuple[Listening, Message]:
    """Return a host that heard a birth, and another one later; and a message from between them that it did not hear."""
    host, node = Listening(), Speaking()

    def be_born(metrics: Sequence[Metric]) -> None:
        host.hear(*node.nbirth(*(() if device else metrics)))
        if device:
            host.hear(*node.dbirth(device, *metrics))

    be_born(before)
    topic, payload = node.data(*said, device=device)
    host.now_ns += 1000
    message = Message(topic, payload, host.now_ns)
    be_born(after)
    return host, message


def test_aliases_are_understood_that_births_before_and_after_gave_to_the_same() -> None:
    host, message = between([number("x", 1.0, 1)], [number("x", 2.0, 1)], by_alias(1, 5.0))
    assert values_of(tried_again(host, message)) == {"x": 5.0}


def test_they_are_told_as_history() -> None:
    host, message = between([number("x", 1.0, 1)], [number("x", 2.0, 1)], by_alias(1, 5.0))
    assert [one.origin for one in observations_of(tried_again(host, message))] == [Origin.HISTORICAL]


def test_aliases_of_a_device_are_understood_too() -> None:
    host, message = between([number("y", 1.0, 1)], [number("y", 2.0, 1)], by_alias(1, 5.0), device="D")
    assert values_of(tried_again(host, message)) == {"y": 5.0}


def test_units_are_those_of_the_birth() -> None:
    metrics = [number("x", 1.0, 1)._replace(properties={"engUnit": Property(DataType.STRING, "degF")})]
    host, message = between(metrics, metrics, by_alias(1, 5.0))
    assert [one.units for one in observations_of(tried_again(host, message))] == [{"x": "degF"}]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([number("y", 1.0, 1)], id="another-name"),
        pytest.param([Metric("x", 1, datatype=DataType.INT32, value=1)], id="another-type"),
        pytest.param([number("x", 1.0, 2)], id="another-alias"),
    ],
)
def test_aliases_that_were_given_anew_wait(after: Sequence[Metric]) -> None:
    host, message = between([number("x", 1.0, 1)], after, by_alias(1, 5.0))
    assert tried_again(host, message) == (Hold("G/N"),)


def test_an_alias_that_no_birth_tells_waits() -> None:
    host, message = between([number("x", 1.0, 1)], [number("x", 1.0, 1)], by_alias(1, 5.0), by_alias(2, 5.0))
    assert tried_again(host, message) == (Hold("G/N"),)


def test_what_came_after_the_last_birth_waits() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.data(by_alias(1, 5.0))
    assert tried_again(host, Message(topic, payload, host.now_ns + 1000)) == (Hold("G/N"),)


def test_what_came_before_the_birth_that_is_remembered_waits() -> None:
    host, node = Listening(), Speaking()
    topic, payload = node.data(by_alias(1, 5.0))
    early = Message(topic, payload, host.now_ns)
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.nbirth(number("x", 1.0, 1)))
    assert tried_again(host, early) == (Hold("G/N"),)


def test_a_birth_between_with_other_aliases_that_was_not_remembered_is_not_passed_over() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.nbirth(number("y", 1.0, 1))
    host.hear(topic, compress(payload))
    topic, payload = node.data(by_alias(1, 5.0))
    message = Message(topic, payload, host.now_ns + 500)
    host.restart()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.nbirth(number("x", 1.0, 1)))
    assert tried_again(host, message) == (Hold("G/N"),)


def test_such_a_birth_is_no_hindrance_for_what_comes_after_the_next_ones() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.nbirth(number("y", 1.0, 1))
    host.hear(topic, compress(payload))
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.data(by_alias(1, 5.0))
    message = Message(topic, payload, host.now_ns + 500)
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert values_of(tried_again(host, message)) == {"x": 5.0}


def test_a_death_between_is_no_hindrance() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.ndeath())
    topic, payload = node.data(by_alias(1, 5.0))
    message = Message(topic, payload, host.now_ns + 500)
    host.hear_all(node.nbirth(number("x", 1.0, 1), bdseq=1), node.ndeath(bdseq=1))
    assert values_of(tried_again(host, message)) == {"x": 5.0}


def test_a_restart_between_is_no_hindrance() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.data(by_alias(1, 5.0))
    message = Message(topic, payload, host.now_ns + 500)
    host.restart()
    host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1))
    assert values_of(tried_again(host, message)) == {"x": 5.0}


def test_what_a_running_host_does_not_know_yet_still_waits() -> None:
    host, message = between([number("x", 1.0, 1)], [number("x", 2.0, 1)], by_alias(1, 5.0))
    host.restart()
    assert host.host.decode(message) == (Hold("G/N"),)


def test_a_value_that_cannot_be_taken_is_refused_alone() -> None:
    metrics = [Metric("x", 1, datatype=DataType.STRING, value="a"), number("y", 1.0, 2)]
    host, message = between(metrics, metrics, by_alias(1, 5.0), by_alias(2, 5.0))
    said = tried_again(host, message)
    assert (values_of(said), [reject.name for reject in rejects_of(said)]) == ({"y": 5.0}, ["x"])


def test_name_patterns_hold_for_it_too() -> None:
    host, message = between([number("L1/x", 1.0, 1)], [number("L1/x", 1.0, 1)], by_alias(1, 5.0))
    (one,) = observations_of(tried_again(host, message, name_patterns=["{line}/{metric...}"]))
    assert (one.values, (one.place or {})["line"]) == ({"x": 5.0}, "L1")
