"""Faces: what a subscriber reads is what the machine measured."""

from __future__ import annotations

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from simulators.faces.face import Place
from simulators.faces.json_object import JsonObject
from simulators.faces.scalar_topics import ScalarTopics
from simulators.machines.cnc_mill import CncMill
from simulators.machines.machine import Value

PLACE = Place("plant1", "machining", "line1")
VALUES = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1).filter(lambda name: name != "ts"),
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
)


@given(values=VALUES, time_ms=st.integers(0, 4_000_000_000_000), rest_ns=st.integers(0, 999_999))
def test_a_json_object_holds_every_value_and_the_time(values: dict[str, Value], time_ms: int, rest_ns: int) -> None:
    (publication,) = JsonObject().publications(PLACE, "mill-1", time_ms * 1_000_000 + rest_ns, values)
    assert publication.topic == "plant1/machining/line1/mill-1/telemetry"
    assert json.loads(publication.payload) == {"ts": time_ms, **values}


def test_json_keeps_types_apart() -> None:
    values: dict[str, Value] = {"text": "RUNNING", "whole": 5, "number": 5.0, "flag": True}
    (publication,) = JsonObject().publications(PLACE, "m", 1_000_000, values)
    assert publication.payload == b'{"ts":1,"text":"RUNNING","whole":5,"number":5.0,"flag":true}'


def test_a_machine_reads_back_as_it_measured() -> None:
    time_ns = 1_760_000_000_123_000_000
    values = CncMill("mill-1", 1).telemetry(time_ns)
    (publication,) = JsonObject().publications(PLACE, "mill-1", time_ns, values)
    read = orjson.loads(publication.payload)
    assert CncMill("mill-1", 1).telemetry(read.pop("ts") * 1_000_000) == read == values


def test_scalars_have_a_topic_each_and_stand_bare() -> None:
    values: dict[str, Value] = {"state": "IDLE", "parts": 5, "power": 1.5, "running": False}
    publications = ScalarTopics().publications(PLACE, "mill-1", 1, values)
    assert [(publication.topic, publication.payload) for publication in publications] == [
        ("plant1/machining/line1/mill-1/state", b"IDLE"),
        ("plant1/machining/line1/mill-1/parts", b"5"),
        ("plant1/machining/line1/mill-1/power", b"1.5"),
        ("plant1/machining/line1/mill-1/running", b"false"),
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_bare_number_reads_back_as_it_was(value: float) -> None:
    (publication,) = ScalarTopics().publications(PLACE, "m", 0, {"x": value})
    assert float(publication.payload) == value
