"""Faults of edge nodes: those of the edge nodes' own that strike for a while."""

from __future__ import annotations

from adapters.sparkplug.codec import read
from simulators.faces.face import Action
from simulators.messages import Away, Publication
from tests.simulators.faults.scenes import AT, FOR, Told, publications, tell


def kinds(actions: list[Publication]) -> list[str]:
    """Return the types of messages."""
    return [publication.topic.split("/")[2] for publication in actions]


def bd_seq(publication: Publication) -> object:
    """Return the number of the session that a message names."""
    (metric,) = [metric for metric in read(publication.payload).metrics if metric.name == "bdSeq"]
    return metric.value


def sequence(told: Told) -> list[int | None]:
    """Return the sequence numbers in order."""
    return [read(publication.payload).seq for publication in told.publications if "NDEATH" not in publication.topic]


def away(actions: list[Action]) -> list[Away]:
    """Return when a connection goes away."""
    return [action for action in actions if isinstance(action, Away)]


def test_every_tenth_data_message_is_lost_with_its_number() -> None:
    told = tell("seq_gap", "sparkplug")
    silent = [number for number, (_, actions) in enumerate(told.struck(), 1) if not publications(actions)]
    assert silent == [10, 20, 30, 40]
    numbers = [number for number in sequence(told) if number is not None]
    assert len(numbers) == max(numbers) + 1 - len(silent)


def test_data_comes_before_the_births_of_a_new_session() -> None:
    told = tell("alias_before_birth", "sparkplug")
    assert [len(away(list(actions))) for _, actions in told.struck()][:2] == [1, 0]
    after = [kind for _, actions in told.struck()[1:] for kind in kinds(publications(actions))]
    assert after[:6] == ["NDEATH", "DDATA", "DDATA", "DDATA", "NBIRTH", "DBIRTH"]  # the first as the Will


def test_the_session_before_has_births_as_usual() -> None:
    told = tell("alias_before_birth", "sparkplug")
    first = [kind for actions in told.actions[:AT] for kind in kinds(publications(actions))]
    assert first[:4] == ["NDEATH", "NBIRTH", "DBIRTH", "DDATA"]


def test_the_will_of_one_session_has_another_number_than_its_birth() -> None:
    told = tell("wrong_bdseq", "sparkplug")
    wills = [each for each in told.publications[:-1] if "NDEATH" in each.topic][:3]
    births = [each for each in told.publications if "NBIRTH" in each.topic]
    assert [bd_seq(each) for each in births] == [0, 1]
    assert [bd_seq(each) for each in wills] == [0, 0]


def test_it_is_cut_off_when_the_fault_ends() -> None:
    told = tell("wrong_bdseq", "sparkplug")
    assert [number for number, actions in enumerate(told.actions) if away(list(actions))] == [AT, AT + FOR]
