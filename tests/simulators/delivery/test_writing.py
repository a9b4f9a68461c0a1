"""A run into a file: it holds what a broker would have got, whatever becomes of the connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.sparkplug.codec import read as read_payload
from simulators.delivery.file import Recorded, read
from simulators.delivery.writing import write_run
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from tests.simulators.faults.scenes import AT, FOR, SECOND_NS, SECONDS, START_NS, plant

BACK = AT + FOR


def written(scenario: Scenario, folder: Path) -> list[tuple[int, Recorded]]:
    """Return what a run writes, each message with its second."""
    file = folder / "run.jsonl"
    count = write_run(Course(scenario, 1), file, 1, START_NS, SECONDS, lambda _: None)
    messages = list(read(file))
    assert len(messages) == count
    return [((each.time_ns - START_NS) // SECOND_NS, each) for each in messages]


def kinds(messages: list[tuple[int, Recorded]], second: int) -> list[str]:
    """Return the Sparkplug message types of a second, in order."""
    return [each.publication.topic.split("/")[2] for when, each in messages if when == second]


@pytest.mark.parametrize(
    ("fault", "deaths"),
    [
        ("disconnect_with_will", [AT, SECONDS]),
        ("broker_restart", [AT, SECONDS]),
        ("disconnect_without_will", [SECONDS]),
        ("half_open", [BACK, SECONDS]),
    ],
)
def test_the_deaths_of_an_edge_node_are_those_that_a_broker_tells(
    tmp_path: Path, fault: str, deaths: list[int]
) -> None:
    messages = written(plant(fault, "sparkplug"), tmp_path)
    assert [second for second, each in messages if "/NDEATH/" in each.publication.topic] == deaths


@pytest.mark.parametrize("fault", ["disconnect_with_will", "disconnect_without_will", "broker_restart", "half_open"])
def test_an_edge_node_is_silent_while_it_is_away_and_born_again_after_it(tmp_path: Path, fault: str) -> None:
    messages = written(plant(fault, "sparkplug"), tmp_path)
    seconds = {second for second, _ in messages}
    assert not seconds & set(range(AT + 1, BACK))
    assert seconds >= set(range(BACK, SECONDS + 1))
    assert {"NBIRTH", "DBIRTH"} <= set(kinds(messages, BACK))


@pytest.mark.parametrize("fault", ["disconnect_with_will", "disconnect_without_will", "broker_restart"])
def test_an_edge_node_tells_every_second_of_its_absence_afterwards(tmp_path: Path, fault: str) -> None:
    told = {
        (metric.timestamp or 0) // 1_000 - START_NS // SECOND_NS
        for _, each in written(plant(fault, "sparkplug"), tmp_path)
        if each.publication.topic.endswith("/mill")
        for metric in read_payload(each.publication.payload).metrics
    }
    assert told == set(range(SECONDS + 1))


@pytest.mark.parametrize(
    ("fault", "kept"),
    [("disconnect_with_will", 1), ("disconnect_without_will", 1), ("broker_restart", FOR), ("half_open", FOR)],
)
def test_what_a_library_keeps_comes_when_there_is_a_connection_again(tmp_path: Path, fault: str, kept: int) -> None:
    messages = written(plant(fault, "json"), tmp_path)
    measured = [second for second, each in messages if b'"ts"' in each.publication.payload]
    assert [second for second in measured if AT <= second <= BACK] == [AT] + [BACK] * kept


def test_the_presence_of_a_plain_machine_ends_with_its_will(tmp_path: Path) -> None:
    messages = written(plant("disconnect_with_will", "json"), tmp_path)
    presence = [
        (second, each.publication.payload) for second, each in messages if b"online" in each.publication.payload
    ]
    assert presence == [(0, b'{"online":true}'), (AT, b'{"online":false}'), (BACK, b'{"online":true}')]


def test_who_is_away_to_the_end_says_no_farewell(tmp_path: Path) -> None:
    scenario = plant("disconnect_without_will", "sparkplug")
    (machine,) = scenario.machines
    (fault,) = machine.faults
    for_ever = fault.model_copy(update={"time": 10.0 * SECONDS})
    machines = (machine.model_copy(update={"faults": (for_ever,)}),)
    messages = written(scenario.model_copy(update={"machines": machines}), tmp_path)
    assert {second for second, _ in messages} == set(range(AT + 1))


def test_a_file_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        write_run(Course(plant(None, "json"), 1), file, 1, START_NS, 1, lambda _: None)
    assert file.read_text() == "precious"
