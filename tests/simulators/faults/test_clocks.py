"""Faults of the clock: the time is another, and nothing else."""

from __future__ import annotations

import json

import pytest

from adapters.sparkplug.codec import read
from tests.simulators.faults.scenes import publications, tell, tell_once

AHEAD = {"clock_skew": 90, "clock_jump": 67 * 60, "daylight_saving": 3600}


@pytest.mark.parametrize(("fault", "seconds"), AHEAD.items())
def test_the_time_is_ahead_and_the_values_are_as_measured(fault: str, seconds: int) -> None:
    for reading, actions in tell_once(fault).struck():
        (publication,) = publications(actions)
        told = json.loads(publication.payload)
        assert told.pop("ts") == reading.time_ns // 1_000_000 + seconds * 1_000
        assert told == reading.values


@pytest.mark.parametrize(("fault", "seconds"), AHEAD.items())
def test_an_edge_node_goes_on_when_its_clock_is_set_back(fault: str, seconds: int) -> None:
    told = tell(fault, "sparkplug")
    times = [read(publications(actions)[-1].payload).timestamp for actions in told.actions]
    ahead = {reading.time_ns // 1_000_000 + seconds * 1_000 for reading, _ in told.struck()}
    right = {reading.time_ns // 1_000_000 for reading, _ in told.besides()}
    assert {*times} == ahead | right
    assert len(times) == len(told.readings)
