"""Topics of Sparkplug B: what is one, and whose it is."""

from __future__ import annotations

import pytest

from adapters.sparkplug.topics import Address, MessageType, legacy_state_topic, parse, rebirth_topic, state_topic
from tests.adapters.sparkplug.listening import Listening, values_of
from tests.adapters.sparkplug.speaking import Speaking, number


@pytest.mark.parametrize("kind", ["NBIRTH", "NDEATH", "NDATA", "NCMD"])
def test_a_message_of_an_edge_node_has_group_and_node(kind: str) -> None:
    assert parse(f"spBv1.0/G/{kind}/N") == Address(MessageType(kind), "G", "N")


@pytest.mark.parametrize("kind", ["DBIRTH", "DDEATH", "DDATA", "DCMD"])
def test_a_message_of_a_device_has_the_device_as_well(kind: str) -> None:
    assert parse(f"spBv1.0/G/{kind}/N/D") == Address(MessageType(kind), "G", "N", "D")


@pytest.mark.parametrize("kind", ["DBIRTH", "DDEATH", "DDATA", "DCMD"])
def test_a_message_of_a_device_without_a_device_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="needs a device"):
        parse(f"spBv1.0/G/{kind}/N")


@pytest.mark.parametrize("kind", ["NBIRTH", "NDEATH", "NDATA", "NCMD"])
def test_a_message_of_an_edge_node_with_a_device_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="has no device"):
        parse(f"spBv1.0/G/{kind}/N/D")


@pytest.mark.parametrize(
    "topic", ["spAv1.0/G/NDATA/N", "spBv2.0/G/NDATA/N", "leaf/G/DBIRTH/D", "SPBV1.0/G/NDATA/N", ""]
)
def test_another_namespace_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match=r"spBv1\.0/"):
        parse(topic)


@pytest.mark.parametrize("topic", ["spBv1.0", "spBv1.0/G", "spBv1.0/G/NDATA", "spBv1.0/G/DDATA/N/D/X"])
def test_too_few_or_too_many_levels_are_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="no topic of Sparkplug B"):
        parse(topic)


@pytest.mark.parametrize("topic", ["spBv1.0//NDATA/N", "spBv1.0/G/NDATA/", "spBv1.0/G/DDATA/N/", "spBv1.0/G/DDATA//D"])
def test_an_empty_id_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="no topic of Sparkplug B"):
        parse(topic)


@pytest.mark.parametrize("kind", ["ndata", "NRECORD", "N" * 1000])
def test_an_unknown_type_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no message type"):
        parse(f"spBv1.0/G/{kind}/N")


@pytest.mark.parametrize("name", ["Halle 1", "Süd", "工場", "a,b=c", '"quoted"', "$sys", ".", "a\\b"])
def test_an_id_may_be_any_text(name: str) -> None:
    address = parse(f"spBv1.0/{name}/DDATA/{name}/{name}")
    assert (address.group, address.node, address.device) == (name, name, name)


def test_the_state_of_a_host_is_none_of_an_edge_node() -> None:
    assert parse("spBv1.0/STATE/scada") == Address(MessageType.STATE, "", "scada")


@pytest.mark.parametrize("topic", ["spBv1.0/G/STATE/scada", "spBv1.0/STATE", "spBv1.0/STATE/a/b/c"])
def test_state_on_other_topics_is_never_a_payload(topic: str) -> None:
    assert parse(topic).type is MessageType.STATE


def test_what_hosts_say_means_nothing_and_is_no_error() -> None:
    host = Listening()
    for topic in ("spBv1.0/G/NCMD/N", "spBv1.0/G/DCMD/N/D", "spBv1.0/G/STATE/x", "spBv1.0/STATE/other"):
        assert host.hear(topic, b"OFFLINE") == []
    assert host.quarantined == []


def test_group_and_node_together_name_an_edge_node() -> None:
    host = Listening()
    for group, node in (("G1", "N"), ("G2", "N"), ("G1", "M")):
        host.hear(*Speaking(group, node).nbirth())
    assert len(host.host.describe(host.now_ns)["nodes"]) == 3  # type: ignore[arg-type]


def test_devices_of_two_edge_nodes_may_have_one_name() -> None:
    host, first, second = Listening(), Speaking(node="N1"), Speaking(node="N2")
    host.hear_all(first.nbirth(), second.nbirth())
    host.hear_all(first.dbirth("D", number("x", 1.0, 1)), second.dbirth("D", number("y", 2.0, 1)))
    assert values_of(host.hear(*first.data(number("", 3.0, 1), device="D"))) == {"x": 3.0}
    assert values_of(host.hear(*second.data(number("", 4.0, 1), device="D"))) == {"y": 4.0}


def test_two_devices_of_one_edge_node_are_told_apart() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    host.hear_all(node.dbirth("D1", number("x", 1.0)), node.dbirth("D2", number("x", 2.0)))
    said = host.hear(*node.data(number("x", 5.0), device="D2"))
    assert values_of(said) == {"x": 5.0}
    assert host.device("D1")["metrics"] == host.device("D2")["metrics"] == 1


def test_ids_that_differ_only_by_case_are_told_apart() -> None:
    host = Listening()
    host.hear_all(Speaking("g").nbirth(), Speaking("G").nbirth())
    assert host.node("g/N")["births"] == host.node("G/N")["births"] == 1


def test_a_place_is_group_node_device_and_the_machine_that_is_meant() -> None:
    place = Listening().host.place
    assert place("spBv1.0/G/NDATA/N") == {"group": "G", "node": "N", "machine": "N"}
    assert place("spBv1.0/G/DDATA/N/D") == {"group": "G", "node": "N", "machine": "D", "device": "D"}


def test_a_topic_of_something_else_is_no_place() -> None:
    assert Listening().host.place("plant/press-1") == {}


def test_where_a_rebirth_is_asked_for() -> None:
    assert rebirth_topic("G", "N") == "spBv1.0/G/NCMD/N"


def test_where_a_host_tells_its_state() -> None:
    assert (state_topic("scada"), legacy_state_topic("scada")) == ("spBv1.0/STATE/scada", "STATE/scada")
