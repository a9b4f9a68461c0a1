"""What real edge nodes do beside the specification, each as it was seen, and what becomes of it."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, Payload, compress, write
from gateway.models import Origin
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    rejects_of,
    series_of,
    times_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number


def started(**options: object) -> tuple[Listening, Speaking]:
    """Return a host, and an edge node that it knows."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    return host, node


@pytest.mark.parametrize("topic", ["STATE/scada", "spBv1.0/G/STATE/scada", "spBv1.0/STATE/scada"])
def test_the_state_of_other_hosts_is_never_taken_for_a_payload(topic: str) -> None:
    host = Listening()
    assert host.hear(topic, b"ONLINE") == []
    assert [reason for _, reason in host.quarantined if "payload" in reason] == []


@pytest.mark.parametrize(
    ("birth", "will", "told"),
    [(0, 0, 1), (2, 0, 3), (1, 1, 2), (-1, 255, None), (0, 0, 0)],
    ids=["pysparkplug", "mqtt-spb-wrapper", "esio", "tahu-python-after-255", "sparkplug-client"],
)
def test_a_death_that_is_told_counts_however_the_library_counts(birth: int, will: int, told: int | None) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(bdseq=birth))
    assert ("N", False) in presence_of(host.hear(*node.ndeath(will if told is None else told)))


def test_a_will_that_is_behind_its_birth_ends_the_edge_node_after_a_while() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(bdseq=2))
    host.hear(*node.ndeath(0))
    assert presence_of(host.pass_time(15)) == [("N", False)]


def test_a_number_of_the_session_as_uint64_is_one() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("bdSeq", datatype=DataType.UINT64, value=7), bdseq=None))
    assert host.node()["bdseq"] == 7


def test_a_number_of_the_session_in_every_message_is_no_value() -> None:
    host, node = started()
    said = host.hear(*node.data(Metric("bdSeq", datatype=DataType.INT64, value=0), by_alias(1, 5.0)))
    assert values_of(said) == {"x": 5.0}


def test_an_edge_node_that_leaves_without_a_death_is_asked_where_silence_means_something() -> None:
    host, node = Listening(silence="30s"), Speaking()
    host.hear(*node.nbirth())
    host.pass_time(33, step=1)
    assert len(host.requests) == 1


def test_a_device_s_death_without_a_sequence_number_counts() -> None:
    host, node = started()
    host.hear(*node.dbirth("D", number("y", 1.0)))
    payload = write(Payload(START_MS + 5, None, [Metric("bdSeq", datatype=DataType.INT64, value=3)]))
    assert presence_of(host.hear(node.topic("DDEATH", "D"), payload)) == [("D", False)]


def test_births_of_devices_that_overtake_that_of_their_edge_node_are_understood() -> None:
    host, node = Listening(), Speaking()
    birth, first, second = node.nbirth(), node.dbirth("D1", number("a", 1.0)), node.dbirth("D2", number("b", 1.0))
    said = host.hear_all(second, first, birth)
    assert sorted(presence_of(said)) == [("D1", True), ("D2", True), ("N", True)]
    host.pass_time(60)
    assert host.requests == []


def test_doubled_and_skipped_numbers_lose_nothing() -> None:
    host, node = started()
    said = []
    for seq in (2, 2, 4, 4, 6, 6):
        said += host.hear(*node.data(by_alias(1, float(seq)), seq=seq))
    said += host.pass_time(30)
    assert series_of(said, "x") == [2.0, 2.0, 4.0, 4.0, 6.0, 6.0]


@pytest.mark.parametrize("algorithm", [None, "DEFLATE", "GZIP"])
@pytest.mark.parametrize("outside", [True, False])
def test_the_number_of_a_compressed_message_is_known_wherever_it_stands(*, algorithm: None, outside: bool) -> None:
    host, node = started()
    topic, payload = node.data(by_alias(1, 5.0))
    said = host.hear(topic, compress(payload, algorithm, outside=outside))
    assert values_of(said) == {"x": 5.0}
    assert values_of(host.hear(*node.data(by_alias(1, 6.0)))) == {"x": 6.0}


def test_a_payload_that_inflates_beyond_its_bound_is_refused() -> None:
    host, node = started(max_payload="1MiB")
    bomb = compress(write(Payload(START_MS, 1, [Metric("", 1, value=b"\0" * 2**21, field="bytes_value")])))
    assert len(bomb) < 10_000
    host.hear(node.topic("NDATA"), bomb)
    assert "more than" in host.quarantined[0][1]


@pytest.mark.parametrize("field", ["int_value", "long_value"])
def test_a_uint32_is_read_wherever_it_stands(field: str) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("n", 1, datatype=DataType.UINT32, value=1)))
    host.hear(*node.data())
    for _ in range(2):
        raw = Metric("", 1, value=4_000_000_000, field=field)  # type: ignore[arg-type]
        assert values_of(host.hear(*node.data(raw))) == {"n": 4_000_000_000}


@pytest.mark.parametrize("raw", [253, 4_294_967_293])
def test_a_negative_number_is_read_whatever_its_width(raw: int) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("n", 1, datatype=DataType.INT8, value=1)))
    for _ in range(2):
        assert values_of(host.hear(*node.data(Metric("", 1, value=raw, field="int_value")))) == {"n": -3}


def test_aliases_of_two_devices_may_be_the_same() -> None:
    host, node = started()
    host.hear_all(node.dbirth("D1", number("a", 0.0, 1)), node.dbirth("D2", number("b", 0.0, 1)))
    assert values_of(host.hear(*node.data(by_alias(1, 1.0), device="D1"))) == {"a": 1.0}
    assert values_of(host.hear(*node.data(by_alias(1, 2.0), device="D2"))) == {"b": 2.0}


def test_an_alias_that_only_the_edge_node_knows_is_used_for_its_devices() -> None:
    host, node = started()
    host.hear(*node.dbirth("D", number("y", 0.0, 2)))
    assert values_of(host.hear(*node.data(by_alias(1, 5.0), device="D"))) == {"x": 5.0}


def test_a_broken_birth_with_one_alias_and_no_names_harms_nothing() -> None:
    host, node = started()
    said = host.hear(*node.nbirth(*(number("", float(index), 0) for index in range(5))))
    assert len(rejects_of(said)) == 5
    assert host.quarantined == []


def test_names_of_data_that_differ_from_those_of_the_birth_are_taken_at_last() -> None:
    host, node = Listening(), Speaking()
    untyped = number("Temperature", 5.0)._replace(datatype=None)
    for _ in range(6):
        host.hear_all(node.nbirth(number("Data/Temperature", 0.0)), node.data(number("Temperature", 5.0)))
        host.pass_time(30)
    asked = len(host.requests)
    host.hear_all(node.nbirth(number("Data/Temperature", 0.0)), node.data(number("Temperature", 6.0)))
    host.pass_time(300)
    assert (len(host.requests), series_of(host.said, "Temperature")[-1]) == (asked, 6.0)
    assert values_of(host.hear(*node.data(untyped))) == {"Temperature": 5.0}


@pytest.mark.parametrize("prefix", ["DATA", "ATTR", "CMD"])
def test_a_name_that_the_birth_tells_with_a_prefix_is_taken_at_once_and_no_birth_is_asked_for(prefix: str) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number(f"{prefix}/Temperature", 0.0)))
    assert values_of(host.hear(*node.data(number("Temperature", 5.0)))) == {"Temperature": 5.0}
    host.pass_time(300)
    assert host.requests == []


def test_such_a_name_without_a_type_has_that_of_the_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(Metric("DATA/Count", datatype=DataType.INT8, value=0)))
    raw = Metric("Count", value=253, field="int_value")
    assert values_of(host.hear(*node.data(raw))) == {"Count": -3}


def test_controls_of_an_edge_node_are_not_stored_whatever_a_library_puts_before_their_names() -> None:
    host, node = Listening(), Speaking()
    control = Metric("CMD/Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False)
    assert values_of(host.hear(*node.nbirth(control))) == {}


def test_two_edge_nodes_with_one_name_are_noticed() -> None:
    host = Listening()
    first, second = Speaking(), Speaking()
    for _ in range(2):
        host.hear_all(first.nbirth(bdseq=3), second.nbirth(bdseq=90))
    assert host.node()["duplicate_sessions"] is True


def test_two_edge_nodes_with_one_name_start_no_storm() -> None:
    host = Listening()
    first, second = Speaking(), Speaking()
    for _ in range(600):
        host.hear_all(first.nbirth(number("x", 0.0, 1), bdseq=3), second.nbirth(number("y", 0.0, 1), bdseq=90))
        host.hear_all(first.data(by_alias(1, 1.0)), first.data(by_alias(1, 1.0)), second.data(by_alias(1, 1.0)))
        host.pass_time(1, step=1)
    assert len(host.requests) <= 10


def test_an_edge_node_that_always_has_one_number_is_one() -> None:
    host, node = Listening(), Speaking()
    for _ in range(5):
        host.hear(*node.nbirth(bdseq=0))
    assert host.node()["duplicate_sessions"] is False


def test_a_rebirth_as_death_and_birth_ends_online() -> None:
    host, node = started()
    said = host.hear_all(node.ndeath(), node.nbirth(number("x", 0.0, 1)))
    assert presence_of(said)[-1] == ("N", True)
    assert values_of(host.hear(*node.data(by_alias(1, 5.0)))) == {"x": 5.0}


def test_a_rebirth_of_a_device_alone_is_one() -> None:
    host, node = started()
    host.hear_all(node.dbirth("D", number("y", 0.0, 2)), node.dbirth("D", number("z", 0.0, 2)))
    assert values_of(host.hear(*node.data(by_alias(2, 5.0), device="D"))) == {"z": 5.0}


def test_data_that_the_broker_retained_is_no_news_and_no_gap() -> None:
    host, node = started()
    old = node.data(by_alias(1, 5.0))
    host.hear_all(old, node.data(by_alias(1, 6.0)))
    (one,) = observations_of(host.hear(*old, retained=True))
    assert one.origin is Origin.HISTORICAL
    assert values_of(host.hear(*node.data(by_alias(1, 7.0)))) == {"x": 7.0}


def test_a_time_of_the_sender_is_passed_on_as_it_is() -> None:
    host, node = started()
    seconds = START_MS // 1000
    payload = write(Payload(seconds, 1, [Metric("", 1, seconds, value=5.0)]))
    assert times_of(host.hear(node.topic("NDATA"), payload), "x") == [seconds]


def test_history_that_does_not_say_so_leaves_the_last_value_alone() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS + 1000)))
    said = host.hear(*node.data(*(by_alias(1, float(value), time_ms=START_MS + 10 * value) for value in range(1, 20))))
    assert {one.origin for one in observations_of(said)} == {Origin.HISTORICAL}
    assert values_of(host.hear(*node.nbirth(number("x", 5.0, 1)))) == {}


def test_a_long_history_in_one_message_is_told_whole() -> None:
    host, node = started()
    values = [by_alias(1, float(value), time_ms=START_MS - 10_000 + value, historical=True) for value in range(2_000)]
    assert series_of(host.hear(*node.data(*values)), "x") == [float(value) for value in range(2_000)]


def test_a_birth_in_parts_is_one_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("a", 0.0, 1)), node.nbirth(number("b", 0.0, 2), seq=1))
    host.hear(*node.nbirth(number("c", 0.0, 3), seq=2))
    said = host.hear(*node.data(by_alias(1, 1.0), by_alias(2, 2.0), by_alias(3, 3.0)))
    assert values_of(said) == {"a": 1.0, "b": 2.0, "c": 3.0}


def test_payloads_on_topics_of_something_else_are_set_aside() -> None:
    host, node = Listening(), Speaking()
    _, payload = node.nbirth()
    host.hear("leaf/plant/DBIRTH/D", payload)
    assert len(host.quarantined) == 1


def test_a_request_that_was_lost_is_repeated() -> None:
    host, node = started()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.pass_time(20)
    assert len(host.requests) >= 2
