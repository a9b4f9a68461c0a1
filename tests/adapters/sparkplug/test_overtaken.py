"""Messages that a birth overtook on their way: sent before it, received after it, maybe with the next number."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import Metric, Payload, write
from tests.adapters.sparkplug.listening import Listening, rejects_of, series_of, values_of
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number

X1, Y1 = number("x", 0.0, 1), number("y", 0.0, 1)


def at(time_ms: int | None, seq: int, *metrics: Metric) -> tuple[str, bytes]:
    """Return an NDATA of this time and number, whose metrics have no times."""
    return Speaking().topic("NDATA"), write(Payload(time_ms, seq, list(metrics)))


def born_anew(first: Metric, second: Metric, **options: object) -> tuple[Listening, Speaking]:
    """Return a host that heard two births 10 s apart, whose metrics are as old as the first."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(first._replace(timestamp=START_MS)))
    host.hear(*node.data())
    host.pass_time(10)
    node.time_ms += 10_000
    host.hear(*node.nbirth(second._replace(timestamp=START_MS)))
    return host, node


@pytest.mark.parametrize("seq", [1, 5, 200])
@pytest.mark.parametrize("role", ["active", "passive"])
def test_an_alias_that_the_birth_gave_anew_is_refused_whatever_the_number(role: str, seq: int) -> None:
    host, _ = born_anew(X1, Y1, role=role)
    said = host.hear(*at(START_MS + 5000, seq, by_alias(1, 5.0)))
    assert (values_of(said), [reject.name for reject in rejects_of(said)]) == ({}, ["alias 1"])


def test_an_alias_that_means_what_it_meant_is_told() -> None:
    host, _ = born_anew(X1, X1)
    assert values_of(host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0)))) == {"x": 5.0}


def test_what_names_itself_is_told() -> None:
    host, _ = born_anew(number("x", 0.0), number("x", 0.0))
    assert values_of(host.hear(*at(START_MS + 5000, 1, number("x", 5.0)))) == {"x": 5.0}


def test_what_comes_next_is_told_and_no_gap() -> None:
    host, node = born_anew(X1, Y1)
    host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0)))
    said = host.hear_all(node.data(by_alias(1, 6.0)), node.data(by_alias(1, 7.0)))
    assert (series_of(said, "y"), host.node()["gaps"]) == ([6.0, 7.0], 0)
    host.pass_time(30)
    assert host.requests == []


def test_a_device_is_heard_alike() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D", X1._replace(timestamp=START_MS)), node.data(device="D"))
    host.pass_time(10)
    node.time_ms += 10_000
    host.hear_all(node.nbirth(), node.dbirth("D", Y1._replace(timestamp=START_MS)))
    late = write(Payload(START_MS + 5000, 2, [by_alias(1, 5.0)]))
    said = host.hear(node.topic("DDATA", "D"), late)
    assert (values_of(said), len(rejects_of(said))) == ({}, 1)


@pytest.mark.parametrize(
    "time_ms",
    [None, 0, START_MS - 60_000, START_MS + 10_003],
    ids=["none", "zero", "before-both-births", "as-the-birth"],
)
def test_a_message_whose_time_does_not_lie_between_the_births_is_told(time_ms: int | None) -> None:
    host, _ = born_anew(X1, Y1)
    assert values_of(host.hear(*at(time_ms, 1, by_alias(1, 5.0)))) == {"y": 5.0}


def test_a_message_with_an_alias_that_only_the_last_birth_gave_is_of_that() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(X1))
    host.pass_time(10)
    node.time_ms += 10_000
    host.hear(*node.nbirth(Y1, number("z", 0.0, 2)))
    said = host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0), by_alias(2, 6.0)))
    assert values_of(said) == {"y": 5.0, "z": 6.0}


def test_history_that_the_edge_node_kept_is_told() -> None:
    host, _ = born_anew(X1, Y1)
    assert values_of(host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0, historical=True)))) == {"y": 5.0}


def test_after_the_first_birth_that_is_heard_any_time_is_told() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(X1))
    assert values_of(host.hear(*at(START_MS - 5000, 1, by_alias(1, 5.0)))) == {"x": 5.0}


def test_long_after_the_birth_a_time_before_it_is_that_of_a_clock_that_was_set_back() -> None:
    host, _ = born_anew(X1, Y1)
    host.pass_time(61, step=1)
    assert values_of(host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0)))) == {"y": 5.0}


def test_an_edge_node_that_dates_back_is_told_behind_each_birth() -> None:
    host, node = born_anew(X1, Y1)
    host.pass_time(61, step=1)
    host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0)))
    node.time_ms += 10_000
    host.hear(*node.nbirth(X1._replace(timestamp=START_MS)))
    assert values_of(host.hear(*at(START_MS + 15_000, 1, by_alias(1, 6.0)))) == {"x": 6.0}


def test_an_edge_node_that_dates_back_is_read_quickly() -> None:
    host, _ = born_anew(X1, Y1)
    host.pass_time(61, step=1)
    host.hear(*at(START_MS + 5000, 1, by_alias(1, 5.0)))
    own = host.host._nodes.get("G/N").own  # type: ignore[union-attr]
    assert own.born_ms == START_MS + 5000
