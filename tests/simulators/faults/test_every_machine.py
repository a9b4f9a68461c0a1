"""Every machine can have every fault, and it breaks messages only: what the machine really does is the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.delivery.voices import voices
from simulators.faults import FAULTS
from simulators.machines import MACHINES
from simulators.plant.answers import of_plant
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from tests.simulators.faults.scenes import START_NS, face_of

_SECONDS = 25


def plant(kind: str, faults: tuple[str, ...], face: str = "json") -> Scenario:
    """Return a plant of one machine with these faults, one second after the other, for ten seconds each."""
    return Scenario.model_validate(
        {
            "name": "one",
            "description": "One machine",
            "period": 1,
            "products": {"part": {"ideal_cycle": 20}},
            "lines": [{"name": "line1", "area": "hall", "plan": [{"product": "part", "for": "1h"}]}],
            "machines": [
                {
                    "name": "machine",
                    "kind": kind,
                    "line": "line1",
                    "face": face,
                    "faults": [{"name": name, "at": 2 + number, "for": 10} for number, name in enumerate(faults)],
                }
            ],
        }
    )


def live(scenario: Scenario, seed: int) -> tuple[Course, int]:
    """Let a plant live and speak; return it with the number of things that were done for it."""
    course = Course(scenario, seed)
    ((_, voice),) = voices(course.stations, seed)
    done = [*voice.connected(START_NS)]
    for reading in [*course.begin(START_NS), *(each for _ in range(_SECONDS) for each in course.step())]:
        done += voice.tell(reading)
    done += voice.leaving(course.time_ns)
    return course, len(done)


@pytest.mark.parametrize("kind", MACHINES)
@given(seed=st.integers(0, 10**9), faults=st.lists(st.sampled_from([*FAULTS]), unique=True, max_size=4).map(tuple))
@settings(max_examples=15, deadline=None)
def test_faults_change_nothing_about_the_machine(kind: str, seed: int, faults: tuple[str, ...]) -> None:
    face = "sparkplug" if any(face_of(fault) == "sparkplug" for fault in faults) else "json"
    able = tuple(fault for fault in faults if not FAULTS[fault].faces or face in FAULTS[fault].faces)
    struck, done = live(plant(kind, able, face), seed)
    assert done
    assert of_plant(struck) == of_plant(live(plant(kind, (), face), seed)[0])


@pytest.mark.parametrize("kind", MACHINES)
def test_every_machine_can_have_every_fault(kind: str) -> None:
    for fault in FAULTS:
        _, done = live(plant(kind, (fault,), face_of(fault)), 1)
        assert done, fault
