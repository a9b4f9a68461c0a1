"""Scenarios: named sets of machines."""

from __future__ import annotations

import pytest

from simulators.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_two_machines_of_a_scenario_share_a_topic(name: str) -> None:
    topics = [
        publication.topic
        for machine, place, face in SCENARIOS[name].stations(1)
        for publication in face.publications(place, machine.name, 0, machine.telemetry(0))
    ]
    assert len(set(topics)) == len(topics)


def test_the_demo_says_more_than_a_thousand_things_in_twenty_seconds() -> None:
    stations = SCENARIOS["demo"].stations(1)
    assert len(stations) == 6
    assert sum(station.messages_per_second for station in stations) >= 60


def test_a_single_mill_speaks_ten_times_a_second() -> None:
    (station,) = SCENARIOS["single"].stations(1)
    assert station.messages_per_second == 10
    assert station.topic == "plant1/machining/line1/mill-1/telemetry"


def test_another_seed_makes_other_machines() -> None:
    one, other = (SCENARIOS["single"].stations(seed)[0].machine for seed in (1, 2))
    assert one.telemetry(10**18) != other.telemetry(10**18)
