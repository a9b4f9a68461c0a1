"""Faces: what a subscriber reads is what the machine measured."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug.codec import Payload, read, value_of
from simulators.faces import FACES
from simulators.faces.face import Action, Face
from simulators.faces.flat_json import FlatJson
from simulators.faces.nested_json import NestedJson
from simulators.faces.scalar_topics import ScalarTopics
from simulators.faces.sparkplug_b import SparkplugB
from simulators.faces.umh_core import UmhCore
from simulators.machines.mill import CncMill
from simulators.machines.signal import Value
from simulators.messages import Disconnect, Publication
from simulators.plant.scenario import Machine
from simulators.plant.station import Place, Reading, Station

TIME_NS = 1_760_000_000_123_000_000
VALUES = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1).filter(lambda name: name != "ts"),
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
)


def a_station(number: int = 1) -> Station:
    name = f"mill-{number}"
    described = Machine(name=name, kind="cnc_mill", line="line1")
    return Station(CncMill(name, 1), Place("plant1", "machining", "line1"), described, 1)


STATION = a_station()


def reading(values: Mapping[str, Value | None], *bad: str, station: Station = STATION) -> Reading:
    return Reading(station, TIME_NS, values, frozenset(bad))


def published(actions: object) -> list[Publication]:
    assert isinstance(actions, list | tuple)
    return [action for action in actions if isinstance(action, Publication)]


def told(face: Face, *readings: Reading) -> list[Publication]:
    """Return what a face says of readings."""
    return [each for one in readings for each in published(face.tell(one))]


def decoded(publication: Publication) -> object:
    return json.loads(publication.payload)


# Flat JSON.


@given(values=VALUES)
def test_a_flat_object_holds_every_value_and_the_time_in_milliseconds(values: dict[str, Value | None]) -> None:
    (publication,) = told(FlatJson([STATION]), reading(values))
    assert publication.topic == "plant1/machining/line1/mill-1/telemetry"
    assert decoded(publication) == {"ts": TIME_NS // 1_000_000, **values}


def test_json_keeps_types_apart() -> None:
    values: dict[str, Value | None] = {"text": "EXECUTE", "whole": 5, "number": 5.0, "flag": True}
    (publication,) = told(FlatJson([STATION]), reading(values))
    assert publication.payload == b'{"ts":1760000000123,"text":"EXECUTE","whole":5,"number":5.0,"flag":true}'


def test_a_flat_object_has_null_for_what_is_not_to_be_trusted() -> None:
    (publication,) = told(FlatJson([STATION]), reading({"power": 1.5, "tool": 3}, "power"))
    assert decoded(publication) == {"ts": TIME_NS // 1_000_000, "power": None, "tool": 3}


def test_json_says_nan_as_devices_do() -> None:
    (publication,) = told(FlatJson([STATION]), reading({"power": math.nan}))
    assert publication.payload.endswith(b'"power":NaN}')


# Nested JSON.


def test_a_nested_object_has_unit_and_quality_beside_each_value() -> None:
    (publication,) = told(NestedJson([STATION]), reading({"power": 1.5, "tool": 3}, "power"))
    assert publication.topic == "uns/plant1/machining/line1/mill-1"
    assert decoded(publication) == {
        "timestamp": "2025-10-09T08:53:20.123Z",
        "metrics": {
            "power": {"value": 1.5, "quality": "bad", "unit": "kW"},
            "tool": {"value": 3, "quality": "good"},
        },
    }


@given(st.integers(0, 4_000_000_000_000))
def test_the_time_of_a_nested_object_is_exact_to_the_millisecond(time_ms: int) -> None:
    (publication,) = published(NestedJson([STATION]).tell(Reading(STATION, time_ms * 1_000_000, {})))
    document = decoded(publication)
    assert isinstance(document, dict)
    time = datetime.fromisoformat(document["timestamp"])
    assert time.tzinfo == UTC
    assert round(time.timestamp() * 1000) == time_ms


# A topic for each value.


def test_umh_core_has_a_topic_for_each_tag_and_exactly_two_keys() -> None:
    publications = told(UmhCore([STATION]), reading({"state": "EXECUTE", "tool": 3}))
    assert [(each.topic, decoded(each)) for each in publications] == [
        ("umh/v1/plant1/machining/line1/mill-1/_historian/state", {"timestamp_ms": 1760000000123, "value": "EXECUTE"}),
        ("umh/v1/plant1/machining/line1/mill-1/_historian/tool", {"timestamp_ms": 1760000000123, "value": 3}),
    ]


def test_umh_core_is_silent_of_what_is_not_there_or_not_to_be_trusted() -> None:
    (publication,) = told(UmhCore([STATION]), reading({"power": 1.5, "tool": None, "state": "EXECUTE"}, "power"))
    assert publication.topic.endswith("/state")


def test_scalars_stand_bare() -> None:
    publications = told(
        ScalarTopics([STATION]), reading({"state": "IDLE", "tool": 5, "temperature": 21.5, "door_open": False})
    )
    assert [(each.topic, each.payload) for each in publications] == [
        ("scalar/plant1/machining/line1/mill-1/state", b"IDLE"),
        ("scalar/plant1/machining/line1/mill-1/tool", b"5"),
        ("scalar/plant1/machining/line1/mill-1/temperature", b"21.5"),
        ("scalar/plant1/machining/line1/mill-1/door_open", b"false"),
    ]


def test_scalars_have_time_unit_and_bad_quality_in_user_properties() -> None:
    power, tool = told(ScalarTopics([STATION]), reading({"power": 1.5, "tool": 5}, "power"))
    assert power.properties == (("timestamp", "1760000000123"), ("unit", "kW"), ("quality", "bad"))
    assert tool.properties == (("timestamp", "1760000000123"),)


def test_a_scalar_that_is_not_there_is_not_said() -> None:
    assert told(ScalarTopics([STATION]), reading({"power": None})) == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_bare_number_reads_back_as_it_was(value: float) -> None:
    (publication,) = told(ScalarTopics([STATION]), reading({"x": value}))
    assert float(publication.payload) == value


# Sparkplug B.


class Line:
    """A line with two mills behind an edge node, and what it says."""

    def __init__(self) -> None:
        self.stations = [a_station(1), a_station(2)]
        self.face = SparkplugB(self.stations)
        self.time_ns = TIME_NS - TIME_NS % 1_000_000_000

    def tell(self, number: int, seconds: int, *bad: str, **values: Value) -> list[Action]:
        station = self.stations[number - 1]
        usual = station.device.read()
        assert set(values) <= set(usual)
        time_ns = self.time_ns + seconds * 1_000_000_000
        return list(self.face.tell(Reading(station, time_ns, {**usual, **values}, frozenset(bad))))

    def connect(self) -> list[Action]:
        for number in (1, 2):
            self.tell(number, 0)
        return [self.face.will(self.time_ns), *self.face.connected(self.time_ns)]


def heard(actions: list[Action]) -> list[tuple[str, Payload]]:
    return [(each.topic, read(each.payload)) for each in published(actions)]


def test_a_line_is_born_with_its_machines_as_devices() -> None:
    assert [topic for topic, _ in heard(Line().connect())] == [
        "spBv1.0/plant1/NDEATH/line1",
        "spBv1.0/plant1/NBIRTH/line1",
        "spBv1.0/plant1/DBIRTH/line1/mill-1",
        "spBv1.0/plant1/DBIRTH/line1/mill-2",
    ]


def test_a_birth_names_each_signal_behind_area_and_kind_and_has_its_value() -> None:
    line = Line()
    line.tell(1, 0, product="bracket", part_count=17)
    line.tell(2, 0)
    _, birth = heard(list(line.face.connected(line.time_ns)))[1]
    names = [metric.name for metric in birth.metrics]
    assert names == [f"machining/cnc_mill/{signal.name}" for signal in CncMill.signals]
    values = {metric.name.split("/")[-1]: value_of(metric) for metric in birth.metrics}
    assert (values["product"], values["part_count"]) == ("bracket", 17)


def test_before_it_is_connected_a_line_says_nothing() -> None:
    assert Line().tell(1, 0) == []


def test_data_hold_all_values_of_a_sample_by_alias_with_its_time() -> None:
    line = Line()
    line.connect()
    ((topic, payload),) = heard(line.tell(2, 5))
    assert topic == "spBv1.0/plant1/DDATA/line1/mill-2"
    count = len(CncMill.signals)
    assert [metric.alias for metric in payload.metrics] == list(range(count + 1, 2 * count + 1))
    assert {metric.timestamp for metric in payload.metrics} == {line.time_ns // 1_000_000 + 5_000}


def test_what_is_not_to_be_trusted_is_null() -> None:
    line = Line()
    line.connect()
    ((_, payload),) = heard(line.tell(1, 5, "power", power=3.0))
    assert [metric.is_null for metric in payload.metrics].count(True) == 1


def test_what_is_measured_without_a_connection_follows_as_history() -> None:
    line = Line()
    line.connect()
    line.face.lost()
    assert line.tell(1, 5) == []
    line.face.will(line.time_ns + 6_000_000_000)
    said = heard(list(line.face.connected(line.time_ns + 6_000_000_000)))
    assert [topic.split("/")[2] for topic, _ in said] == ["NBIRTH", "DBIRTH", "DBIRTH", "DDATA"]
    assert all(metric.is_historical for metric in said[-1][1].metrics)


def test_a_line_leaves_with_its_death() -> None:
    line = Line()
    line.connect()
    *said, end = line.face.leaving(line.time_ns)
    assert [topic for topic, _ in heard(said)] == ["spBv1.0/plant1/NDEATH/line1"]
    assert end == Disconnect()


# What holds for all.


@pytest.mark.parametrize("kind", FACES.values())
def test_a_face_says_as_many_messages_as_it_announces(kind: type[Face]) -> None:
    station = a_station()
    face = kind([station])
    first = Reading(station, TIME_NS, station.device.read())
    before = told(face, first)
    births = published(face.connected(TIME_NS)) if kind is SparkplugB else []
    later = [Reading(station, TIME_NS + n * 10**9, station.device.read()) for n in range(1, 5)]
    of_device = [*before, *(birth for birth in births if "DBIRTH" in birth.topic), *told(face, *later)]
    assert len(of_device) == face.messages(station, 5)


@pytest.mark.parametrize("kind", FACES.values())
def test_the_filter_of_a_machine_covers_its_topics(kind: type[Face]) -> None:
    station = a_station()
    face = kind([station])
    face.connected(TIME_NS - 10**9)
    levels = face.topic(station).split("/")
    for publication in told(face, Reading(station, TIME_NS, station.device.read())):
        assert all(wanted in ("+", level) for wanted, level in zip(levels, publication.topic.split("/"), strict=True))


@pytest.mark.parametrize("kind", FACES.values())
def test_a_face_is_found_by_its_name_and_says_what_it_is(kind: type[Face]) -> None:
    assert FACES[kind.name] is kind
    assert kind.title
