"""An edge node without faults: the rules it keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from adapters.sparkplug.codec import DataType, engineering, value_of
from simulators.machines.mill import CncMill
from simulators.messages import Disconnect, Publication
from simulators.plant.alone import Alone
from tests.simulators.sparkplug.scenes import (
    METER,
    MILL,
    NODE,
    SECOND_NS,
    START_MS,
    START_NS,
    a_node,
    ask_rebirth,
    connect,
    data,
    heard,
    kinds,
    leave,
    measure,
    published,
    rebirth_request,
    session,
)


def test_the_same_times_give_the_same_bytes() -> None:
    assert session(a_node()) == session(a_node())


def test_births_come_first_the_node_before_its_devices() -> None:
    assert kinds(connect(a_node())[1:]) == ["NBIRTH", "DBIRTH mill-1", "DBIRTH meter-1"]


def test_the_will_is_ndeath_at_qos_1_with_nothing_but_bdseq() -> None:
    will = a_node().connecting(START_NS)
    (message,) = heard([will])
    assert (will.topic, will.qos, will.retain) == ("spBv1.0/plant1/NDEATH/edge-1", 1, False)
    assert [metric.name for metric in message.payload.metrics] == ["bdSeq"]
    assert message.seq is None


def test_nbirth_has_the_bdseq_of_the_will() -> None:
    node = a_node()
    connect(node)
    will, birth, *_ = heard(connect(node))
    assert will.bd_seq == birth.bd_seq == 1


def test_bdseq_wraps_from_255_to_0() -> None:
    node = a_node()
    numbers = [heard([node.connecting(START_NS)])[0].bd_seq for _ in range(258)]
    assert numbers == [*range(256), 0, 1]


def test_the_rebirth_control_is_born_without_alias() -> None:
    birth = heard(connect(a_node()))[1]
    control = birth.metric("Node Control/Rebirth")
    assert (control.alias, control.datatype, control.value) == (None, DataType.BOOLEAN, False)


def test_aliases_are_unique_in_the_node() -> None:
    births = heard(connect(a_node()))[1:]
    aliases = [metric.alias for birth in births for metric in birth.payload.metrics if metric.alias is not None]
    assert len(set(aliases)) == len(aliases) == NODE + MILL + METER


def test_every_birth_metric_has_name_time_type_and_value() -> None:
    for birth in heard(connect(a_node()))[1:]:
        for metric in birth.payload.metrics:
            assert metric.name
            assert metric.timestamp == START_MS
            assert metric.datatype
            assert value_of(metric) is not None


def test_a_birth_says_what_the_machine_measures() -> None:
    birth = heard(connect(a_node()))[2]
    said = {metric.name: value_of(metric) for metric in birth.payload.metrics}
    assert said == Alone(CncMill("mill-1", 1)).read(START_NS)


def test_a_birth_tells_unit_and_range() -> None:
    temperature = heard(connect(a_node()))[2].metric("temperature")
    told = engineering(temperature.properties)
    assert (told.unit, told.low, told.high) == ("degC", -20.0, 150.0)


def test_a_device_has_the_types_of_its_values() -> None:
    types = {metric.name: metric.datatype for metric in heard(connect(a_node()))[2].payload.metrics}
    assert types["state"] == DataType.STRING
    assert types["door_open"] == DataType.BOOLEAN
    assert types["part_count"] == DataType.INT64
    assert types["temperature"] == DataType.FLOAT
    assert types["energy"] == DataType.DOUBLE


def test_data_go_by_alias_and_without_type() -> None:
    node = a_node()
    connect(node)
    for message in data(measure(node, 1, 2, 3)):
        for metric in message.payload.metrics:
            assert metric.alias is not None
            assert not metric.name
            assert metric.datatype is None


def test_data_tell_only_what_has_changed() -> None:
    node = a_node()
    connect(node)
    (message,) = data(measure(node, 1, parts=[1]))
    mill = Alone(CncMill("mill-1", 1))
    before, now = (mill.read(START_NS + second * SECOND_NS) for second in (0, 1))
    assert len(message.payload.metrics) == sum(before[name] != now[name] for name in now) < len(now)


def test_data_tell_everything_where_that_is_asked_for() -> None:
    node = a_node(every_value=True)
    connect(node)
    (message,) = data(measure(node, 1, parts=[1]))
    assert len(message.payload.metrics) == MILL


def test_a_sample_that_is_not_later_than_the_last_says_nothing() -> None:
    node = a_node()
    connect(node)
    measure(node, 5)
    assert measure(node, 4, 5) == []


def test_sequence_numbers_count_to_255_and_begin_anew() -> None:
    node = a_node()
    messages = heard([*connect(node), *measure(node, *range(1, 120))])[1:]
    numbers = [message.seq for message in messages]
    assert len(numbers) > 256
    assert numbers == [number % 256 for number in range(len(numbers))]


def test_a_rebirth_says_all_births_with_the_same_bdseq_and_seq_from_0() -> None:
    node = a_node()
    before = heard(connect(node))[1:]
    measure(node, 1, 2)
    births = heard(ask_rebirth(node, 3))
    assert [(birth.kind, birth.device, birth.seq) for birth in births] == [
        ("NBIRTH", "", 0),
        ("DBIRTH", "mill-1", 1),
        ("DBIRTH", "meter-1", 2),
    ]
    assert births[0].bd_seq == before[0].bd_seq
    assert node.counts["rebirth"] == 1


def test_data_go_on_after_a_rebirth_from_what_it_said() -> None:
    node = a_node()
    connect(node)
    ask_rebirth(node, 3)
    assert measure(node, 3) == []
    assert data(measure(node, 4))[0].seq == 3


@pytest.mark.parametrize("payload", [b"", b"\xff nothing", rebirth_request("Node Control/Next Server")])
def test_a_command_that_asks_for_no_rebirth_changes_nothing(payload: bytes) -> None:
    node = a_node()
    connect(node)
    assert node.received("spBv1.0/plant1/NCMD/edge-1", payload, START_NS) == []


def test_a_device_is_reborn_alone_if_it_is_asked() -> None:
    node = a_node()
    connect(node)
    said = node.received("spBv1.0/plant1/DCMD/edge-1/mill-1", rebirth_request("Device Control/Rebirth"), START_NS)
    assert [(message.kind, message.device, message.seq) for message in heard(said)] == [("DBIRTH", "mill-1", 3)]


def test_a_node_leaves_with_the_death_of_its_session_and_disconnect() -> None:
    node = a_node()
    connect(node)
    connect(node)
    death, end = leave(node)
    assert isinstance(death, Publication)
    assert heard([death])[0].bd_seq == 1
    assert end == Disconnect(with_packet=True)


def test_a_lost_device_says_ddeath_in_sequence_and_nothing_more() -> None:
    node = a_node()
    connect(node)
    (death,) = heard(node.device_lost(1, START_NS))
    assert (death.kind, death.device, death.seq, death.payload.metrics) == ("DDEATH", "mill-1", 3, [])
    assert measure(node, 1, 2, parts=[1]) == []


def test_a_lost_device_is_not_in_a_rebirth_and_is_born_when_it_is_found() -> None:
    node = a_node()
    connect(node)
    node.device_lost(1, START_NS)
    assert [message.device for message in heard(ask_rebirth(node, 1))] == ["", "meter-1"]
    assert [message.kind for message in heard(node.device_found(1, START_NS + SECOND_NS))] == ["DBIRTH"]


def test_what_was_said_is_remembered_as_it_arrives() -> None:
    node = a_node()
    messages = heard([*connect(node), *measure(node, *range(1, 10))])[1:]
    names = {metric.alias: metric for message in messages[:3] for metric in message.payload.metrics}
    arrived = [
        (names[metric.alias].name, metric.timestamp, value_of(metric, names[metric.alias].datatype))
        for message in messages
        for metric in message.payload.metrics
        if metric.alias is not None
    ]
    assert [(said.metric, said.timestamp_ms, said.value) for said in node.said] == arrived


def test_times_of_a_metric_never_go_back() -> None:
    node = a_node()
    session(node)
    times: dict[tuple[str, str], list[int]] = {}
    for said in node.said:
        times.setdefault((said.topic.split("/", 3)[3], said.metric), []).append(said.timestamp_ms)
    live = [pair for of_metric in times.values() for pair in pairwise(of_metric)]
    assert all(earlier <= later or later >= START_MS + 13_000 for earlier, later in live)


def test_topics_and_qualities_of_service_are_those_of_the_specification() -> None:
    for publication in published(session(a_node())):
        assert publication.topic.startswith("spBv1.0/plant1/")
        assert publication.qos == ("NDEATH" in publication.topic)
        assert not publication.retain
