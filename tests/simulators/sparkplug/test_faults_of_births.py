"""Faults of births, requests and bytes: each does what it says."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import read
from simulators.messages import Disconnect
from simulators.sparkplug.messages import Kind
from tests.simulators.sparkplug.scenes import (
    METER,
    MILL,
    NODE,
    SECOND_NS,
    START_NS,
    a_node,
    ask_rebirth,
    connect,
    data,
    heard,
    kinds,
    measure,
    published,
    rebirth_request,
)

ALL_BIRTHS = ["NBIRTH", "DBIRTH mill-1", "DBIRTH meter-1"]


def test_dbirth_before_nbirth_has_the_higher_numbers() -> None:
    births = heard(connect(a_node("dbirth_before_nbirth")))[1:]
    assert [(birth.kind, birth.seq) for birth in births] == [("DBIRTH", 1), ("DBIRTH", 2), ("NBIRTH", 0)]


def test_device_data_before_birth_come_by_alias() -> None:
    messages = heard(connect(a_node("device_data_before_birth")))[1:]
    assert [message.kind for message in messages] == ["NBIRTH", "DDATA", "DBIRTH", "DDATA", "DBIRTH"]
    assert [metric.alias for metric in messages[1].payload.metrics] == list(range(NODE + 1, NODE + MILL + 1))
    assert not any(metric.name for metric in messages[1].payload.metrics)


def test_birth_split_in_several_has_everything_once_and_bdseq_in_each() -> None:
    births = heard(connect(a_node("birth_split_in_several")))[1:]
    assert [birth.kind for birth in births] == ["NBIRTH"] + ["DBIRTH"] * (-(-MILL // 5) - (-METER // 5))
    aliases = [metric.alias for birth in births for metric in birth.payload.metrics if metric.alias is not None]
    assert aliases == list(range(1, NODE + MILL + METER + 1))
    assert [birth.seq for birth in births] == list(range(len(births)))


def test_a_split_nbirth_does_not_begin_to_count_anew() -> None:
    births = heard(connect(a_node("templates", "birth_split_in_several", "odd_names")))[1:]
    nbirths = [birth for birth in births if birth.kind == "NBIRTH"]
    assert [birth.seq for birth in nbirths] == list(range(len(nbirths)))
    assert {birth.bd_seq for birth in nbirths} == {0}


def test_large_birth_has_20000_metrics_more_in_the_first_device() -> None:
    node = a_node("large_birth")
    sizes = [len(message.payload.metrics) for message in heard(connect(node))]
    assert sizes == [1, 2 + NODE, 20_000 + MILL, METER]
    assert len(data(measure(node, 1, parts=[1]))[0].payload.metrics) < 20


def test_retained_birth_is_retained_and_data_are_not() -> None:
    node = a_node("retained_birth")
    will, *births = published(connect(node))
    assert not will.retain
    assert all(birth.retain for birth in births)
    assert not any(publication.retain for publication in published(measure(node, 1)))


def test_qos1_births_are_only_the_births() -> None:
    node = a_node("qos1_births")
    assert [publication.qos for publication in published([*connect(node), *measure(node, 1)])] == [1, 1, 1, 1, 0, 0, 0]


def test_alias_before_birth_holds_births_for_three_data_messages() -> None:
    node = a_node("alias_before_birth")
    assert len(connect(node)) == 1
    assert kinds(measure(node, 1)) == ["NDATA", "DDATA mill-1", "DDATA meter-1", *ALL_BIRTHS]


def test_alias_before_birth_is_cured_by_a_rebirth() -> None:
    node = a_node("alias_before_birth")
    connect(node)
    measure(node, 1, parts=[1])
    assert kinds(ask_rebirth(node, 2)) == ALL_BIRTHS
    assert kinds(measure(node, 3, 4)) == ["NDATA", "DDATA mill-1", "DDATA meter-1"] * 2


def test_rebirth_as_death_and_birth_keeps_the_session() -> None:
    node = a_node("rebirth_as_death_and_birth")
    connect(node)
    said = ask_rebirth(node, 1)
    assert kinds(said) == ["NDEATH", *ALL_BIRTHS]
    assert heard(said)[0].bd_seq == heard(said)[1].bd_seq == 0


def test_rebirth_as_reconnect_leaves_and_has_the_next_bdseq() -> None:
    node = a_node("rebirth_as_reconnect")
    connect(node)
    said = ask_rebirth(node, 1)
    assert kinds(said) == ["NDEATH"]
    assert said[-1] == Disconnect()
    assert heard(connect(node, 2))[1].bd_seq == 1


def test_rebirth_ignored_counts_the_request() -> None:
    node = a_node("rebirth_ignored")
    connect(node)
    assert ask_rebirth(node, 1) == []
    assert node.counts["rebirth"] == 1


def test_first_rebirth_ignored_answers_the_second() -> None:
    node = a_node("first_rebirth_ignored")
    connect(node)
    assert ask_rebirth(node, 1) == []
    assert kinds(ask_rebirth(node, 2)) == ALL_BIRTHS


def test_rebirth_of_devices_only_answers_for_a_device() -> None:
    node = a_node("rebirth_of_devices_only")
    connect(node)
    assert ask_rebirth(node, 1) == []
    request = rebirth_request("Device Control/Rebirth")
    said = node.received("spBv1.0/plant1/DCMD/edge-1/mill-1", request, START_NS + SECOND_NS)
    assert kinds(said) == ["DBIRTH mill-1"]


def test_legacy_state_is_believed_at_its_own_topic_only() -> None:
    node = a_node("legacy_state", primary_host="host")
    connect(node)
    assert node.received("spBv1.0/STATE/host", b"ONLINE", START_NS) == []
    assert kinds(node.received("STATE/host", b"ONLINE", START_NS)) == ALL_BIRTHS
    assert kinds(node.received("STATE/host", b"OFFLINE", START_NS)) == ["NDEATH"]


def test_state_in_group_is_a_retained_word_before_the_births() -> None:
    state = published(connect(a_node("state_in_group")))[1]
    assert (state.topic, state.payload, state.retain) == (f"spBv1.0/plant1/{Kind.STATE}/edge-1", b"ONLINE", True)


def test_compressed_deflate_repeats_time_and_number_outside() -> None:
    publication = published(connect(a_node("compressed_deflate")))[1]
    plain = published(connect(a_node()))[1]
    assert read(publication.payload) == read(plain.payload)
    assert b"SPBV1.0_COMPRESSED" in publication.payload
    assert publication.payload[0] == 0x08  # the field `timestamp`


def test_compressed_gzip_has_nothing_but_its_name_outside() -> None:
    publication = published(connect(a_node("compressed_gzip")))[1]
    assert b"GZIP" in publication.payload
    assert publication.payload[0] != 0x08


def test_deaths_are_not_compressed() -> None:
    assert b"COMPRESSED" not in published(connect(a_node("compressed_gzip")))[0].payload


def test_malformed_payload_follows_every_tenth_data_message_and_takes_no_number() -> None:
    node, whole = a_node("malformed_payload"), a_node()
    connect(node)
    connect(whole)
    said, good = measure(node, *range(1, 11)), measure(whole, *range(1, 11))
    assert [action for action in said if action in good] == good
    assert len(said) == len(good) + 3
    with pytest.raises(ValueError, match="no Sparkplug"):
        read(published(said)[10].payload)


def test_truncated_payload_lacks_half_its_bytes_and_was_not_said() -> None:
    node, whole = a_node("truncated_payload"), a_node()
    connect(node)
    connect(whole)
    cut, good = published(measure(node, *range(1, 5)))[9], published(measure(whole, *range(1, 5)))[9]
    assert cut.payload == good.payload[: len(good.payload) // 2]
    assert len(node.said) < len(whole.said)
