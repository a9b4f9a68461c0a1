"""Who speaks over which connection, and which faces and faults go together."""

from __future__ import annotations

import pytest

from simulators.delivery.voices import check, voices
from simulators.faults.faulty import Faulty
from simulators.plant.course import Course
from simulators.plant.library import ScenarioError
from simulators.plant.scenario import Machine, Scenario
from tests.simulators.faults.scenes import plant


def machine(face: str, *faults: str) -> Machine:
    """Return a mill."""
    return Machine.model_validate(
        {
            "name": f"mill-{face}-{len(faults)}",
            "kind": "cnc_mill",
            "line": "line1",
            "face": face,
            "faults": [{"name": name} for name in faults],
        }
    )


def several(*machines: Machine) -> Scenario:
    """Return a plant with these machines."""
    return plant(None, "json").model_copy(update={"machines": machines})


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        (machine("json", "gremlins"), "machines.mill-json-1.faults: there is no fault 'gremlins': there are"),
        (machine("morse"), "machines.mill-morse-0.face: there is no face 'morse': there are json"),
        (machine("json", "seq_gap"), "who speaks json cannot have 'seq_gap': only sparkplug can"),
        (machine("scalar", "truncated"), "who speaks scalar cannot have 'truncated': only json, uns_json, umh, spark"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_place(wrong: Machine, mistake: str) -> None:
    with pytest.raises(ScenarioError, match=mistake.replace(".", r"\.")):
        check([machine("json"), wrong])


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as told:
        check([machine("json", "gremlins"), machine("json", "seq_gap", "nan")])
    assert len(str(told.value).splitlines()) == 2


def test_nobody_speaks_for_a_plant_that_is_wrong() -> None:
    with pytest.raises(ScenarioError):
        list(voices(Course(several(machine("json", "gremlins")), 1).stations, 1))


def test_who_has_a_fault_of_the_connection_has_one_alone() -> None:
    scenario = several(machine("json"), machine("json", "nan"), machine("json", "half_open", "nan"))
    found = dict(voices(Course(scenario, 1).stations, 1))
    assert {name: len(voice.stations) for name, voice in found.items()} == {
        "machines that speak json": 2,
        "mill-json-2": 1,
    }


def test_a_plant_without_faults_speaks_by_its_faces_alone() -> None:
    ((_, voice),) = voices(Course(several(machine("json")), 1).stations, 1)
    assert not isinstance(voice, Faulty)
