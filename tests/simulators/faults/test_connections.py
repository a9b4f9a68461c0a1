"""Faults of connections: when the machine is away, how, and what is told of that time."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import read
from simulators.messages import Away
from tests.simulators.faults.scenes import AT, FOR, SECOND_NS, Told, publications, tell, tell_once

HOW = {
    "disconnect_with_will": "cut",
    "disconnect_without_will": "goodbye",
    "half_open": "dead",
    "broker_restart": "cut",
}


def aways(told: Told) -> list[tuple[int, Away]]:
    """Return when the connection went away, by the number of the reading."""
    return [
        (number, action)
        for number, actions in enumerate(told.actions)
        for action in actions
        if isinstance(action, Away)
    ]


@pytest.mark.parametrize(("fault", "how"), HOW.items())
def test_the_connection_goes_once_and_comes_back_when_the_fault_ends(fault: str, how: str) -> None:
    told = tell_once(fault)
    (found,) = aways(told)
    assert found == (AT, Away(how, told.readings[AT].time_ns + FOR * SECOND_NS))  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["disconnect_with_will", "disconnect_without_will"])
def test_a_plain_machine_has_no_memory(fault: str) -> None:
    said = [publications(actions) for _, actions in tell_once(fault).struck()]
    assert len(said[0]) == 1
    assert not any(said[1:])


@pytest.mark.parametrize("fault", ["half_open", "broker_restart"])
def test_who_knows_nothing_of_it_or_has_a_library_that_keeps_goes_on_speaking(fault: str) -> None:
    assert tell_once(fault).publications == tell_once(None).publications


@pytest.mark.parametrize("fault", ["disconnect_with_will", "disconnect_without_will", "broker_restart"])
def test_an_edge_node_keeps_what_it_measures_and_tells_it_as_history(fault: str) -> None:
    told = tell(fault, "sparkplug")
    away = [reading.time_ns // 1_000_000 for reading, _ in told.struck()][1:]
    history = [
        metric.timestamp
        for publication in publications(told.actions[AT + FOR])
        for metric in read(publication.payload).metrics
        if metric.is_historical
    ]
    assert list(dict.fromkeys(history)) == away
    assert len(history) == len(away) * len(told.readings[0].values)


def test_a_device_behind_a_dead_connection_does_not_notice() -> None:
    assert all(publications(actions) for actions in tell("half_open", "sparkplug").actions)
