"""All faults: each can be told apart, strikes when it is to and not else, and does the same again for the same seed."""

from __future__ import annotations

import pytest

from simulators.faces import FACES
from simulators.faults import FAULTS
from tests.simulators.faults.scenes import counted, face_of, publications, tell, tell_once

OF_PLAIN_FACES = [name for name in FAULTS if face_of(name) == "json"]
AT_RANDOM = ["reordered", "late"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_what_it_is_and_what_the_gateway_does(name: str) -> None:
    fault = FAULTS[name]
    assert fault.name == name
    assert fault.faces <= set(FACES)
    assert all(text and not text.endswith(".") and "\n" not in text for text in (fault.title, fault.reaction))
    assert fault.__doc__


def test_titles_and_reactions_are_told_apart() -> None:
    assert len({fault.title for fault in FAULTS.values()}) == len(FAULTS)
    assert len({fault.reaction for fault in FAULTS.values()}) == len(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_changes_what_is_done(name: str) -> None:
    face = face_of(name)
    assert tell(name, face).actions != tell(None, face).actions


@pytest.mark.parametrize("name", OF_PLAIN_FACES)
def test_what_is_measured_at_other_times_is_told_unchanged(name: str) -> None:
    faulty, well = tell_once(name), tell_once(None)
    told = counted(faulty.publications)
    assert counted(publication for _, actions in well.besides() for publication in publications(actions)) <= told


@pytest.mark.parametrize("name", [name for name in OF_PLAIN_FACES if name not in AT_RANDOM])
def test_at_other_times_nothing_else_is_done(name: str) -> None:
    faulty, well = tell_once(name), tell_once(None)
    assert [actions for _, actions in faulty.besides()] == [actions for _, actions in well.besides()]


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    face = face_of(name)
    first, second = tell(name, face), tell(name, face)
    assert (first.actions, first.last) == (second.actions, second.last)


@pytest.mark.parametrize("name", AT_RANDOM)
def test_another_seed_strikes_in_another_way(name: str) -> None:
    assert order(name, 1) != order(name, 2)


def order(name: str, seed: int) -> list[int]:
    """Return which reading each message is of, in their order."""
    in_order = tell_once(None, seed=seed).publications
    return [in_order.index(publication) for publication in tell_once(name, seed=seed).publications]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", FAULTS)
def test_every_face_that_may_have_a_fault_can(name: str, face: str) -> None:
    if FAULTS[name].faces and face not in FAULTS[name].faces:
        return
    assert tell(name, face).publications
