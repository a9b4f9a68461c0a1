"""A machine alone on its connection tells whether it is there: by its first message, and by its Will."""

from __future__ import annotations

import json

import pytest

from simulators.faces import FACES
from simulators.faces.face import Face
from simulators.messages import Publication
from simulators.plant.course import Course
from tests.simulators.faults.scenes import START_NS, plant


def alone(face: str) -> Face:
    """Return the face of one machine."""
    return FACES[face](Course(plant(None, face), 1).stations)


@pytest.mark.parametrize(
    ("face", "topic", "payload"),
    [
        ("json", "plant1/hall/line1/mill/telemetry", {"online": False}),
        ("uns_json", "uns/plant1/hall/line1/mill", {"metrics": {"online": {"value": False, "quality": "good"}}}),
        ("scalar", "scalar/plant1/hall/line1/mill/online", False),
    ],
)
def test_the_will_says_that_it_is_offline_and_no_time(face: str, topic: str, payload: object) -> None:
    will = alone(face).will(START_NS)
    assert will is not None
    assert (will.topic, json.loads(will.payload), will.properties, will.retain) == (topic, payload, (), False)


@pytest.mark.parametrize("face", ["json", "uns_json", "scalar"])
def test_the_first_message_says_that_it_is_online_where_the_will_says_that_it_is_not(face: str) -> None:
    will = alone(face).will(START_NS)
    (first,) = alone(face).connected(START_NS)
    assert isinstance(first, Publication)
    assert will is not None
    assert (first.topic, first.payload.replace(b"true", b"false")) == (will.topic, will.payload)


@pytest.mark.parametrize("face", ["json", "uns_json", "scalar", "umh"])
def test_machines_that_share_a_connection_have_no_will(face: str) -> None:
    (station,) = Course(plant(None, face), 1).stations
    shared = FACES[face]([station, station])
    assert shared.will(START_NS) is None
    assert not shared.connected(START_NS)


def test_umh_has_no_will_since_each_of_its_messages_has_a_time() -> None:
    assert alone("umh").will(START_NS) is None
