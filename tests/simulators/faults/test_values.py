"""Faults of values: one sensor, or how numbers are spelled; all else is as measured."""

from __future__ import annotations

import json
import math

import pytest

from adapters.sparkplug.codec import read
from simulators.faults.values import NaN
from simulators.machines.signal import Value
from simulators.plant.station import Reading
from tests.simulators.faults.scenes import AT, Told, publications, tell, tell_once


def documents(told: Told) -> list[tuple[Reading, dict[str, Value | None], bytes]]:
    """Return what was measured while the fault struck, what was told of it, and how."""
    struck = [(reading, publications(actions)[0].payload) for reading, actions in told.struck()]
    return [(reading, json.loads(payload), payload) for reading, payload in struck]


def wrong(told: Told) -> str:
    """Return the one sensor of which something else is told than was measured."""
    names = {
        name
        for reading, document, _ in documents(told)
        for name, value in reading.values.items()
        if document[name] != value or not isinstance(document[name], type(value))
    }
    (name,) = names
    return name


@pytest.mark.parametrize("fault", ["nan", "null", "stuck_value", "bad_quality"])
def test_one_sensor_is_wrong_always_the_same(fault: str) -> None:
    told = tell_once(fault)
    sensor = wrong(told)
    assert [signal.noise > 0 for signal in told.readings[0].station.device.signals if signal.name == sensor] == [True]


def test_nan_stands_in_json_as_devices_write_it() -> None:
    told = tell_once("nan")
    sensor = wrong(told)
    assert all(f'"{sensor}":NaN'.encode() in payload for _, _, payload in documents(told))


def test_nan_is_a_word_among_bare_values() -> None:
    assert {each.payload for each in publications(tell_once("nan", "scalar").actions[AT])} >= {b"nan"}


def test_an_edge_node_says_nan_in_a_double() -> None:
    told = tell("nan", "sparkplug")
    values = [metric.value for metric in read(publications(told.actions[AT])[0].payload).metrics]
    assert [value for value in values if isinstance(value, float) and math.isnan(value)]


def test_null_is_null() -> None:
    told = tell_once("null")
    sensor = wrong(told)
    assert {document[sensor] for _, document, _ in documents(told)} == {None}


@pytest.mark.parametrize("face", ["umh", "scalar"])
def test_where_the_format_knows_no_null_a_value_is_left_out(face: str) -> None:
    topics = [{each.topic for each in publications(actions)} for actions in tell_once("null", face).actions]
    assert len(topics[AT - 1] - topics[AT]) == 1


def test_a_stuck_value_is_the_one_that_it_had() -> None:
    told = tell_once("stuck_value")
    sensor = wrong(told)
    assert {document[sensor] for _, document, _ in documents(told)} == {told.readings[AT].values[sensor]}


def test_bad_quality_is_told_beside_the_value_where_there_is_room() -> None:
    (publication,) = publications(tell_once("bad_quality", "uns_json").actions[AT])
    metrics = json.loads(publication.payload)["metrics"]
    (bad,) = [metric for metric in metrics.values() if metric["quality"] != "good"]
    assert bad["quality"] == "bad"
    assert isinstance(bad["value"], float)


def test_whole_numbers_are_spelled_in_turns() -> None:
    parts = [document["part_count"] for _, document, _ in documents(tell_once("int_float_flip"))]
    assert [type(value) for value in parts] == [float, int] * (len(parts) // 2)


def test_a_flip_of_types_changes_no_value() -> None:
    for reading, document, _ in documents(tell_once("int_float_flip")):
        assert {name: value for name, value in document.items() if name != "ts"} == reading.values


def test_a_sensor_is_chosen_by_the_seed() -> None:
    assert len({wrong(tell_once(NaN.name, seed=seed)) for seed in range(1, 9)}) > 1
