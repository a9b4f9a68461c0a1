"""A node without listener keeps what it measures, waits for its primary host, and sends everything later."""

from __future__ import annotations

import orjson
import pytest

from adapters.sparkplug.codec import Metric
from simulators.messages import Disconnect
from simulators.sparkplug.backlog import Backlog, Kept
from simulators.sparkplug.host_state import HostState
from simulators.sparkplug.node import EdgeNode
from tests.simulators.sparkplug.scenes import (
    SECOND_NS,
    START_MS,
    START_NS,
    STATE_TOPIC,
    Heard,
    a_node,
    connect,
    data,
    heard,
    leave,
    measure,
)


def state(*, online: bool, timestamp: int) -> bytes:
    return orjson.dumps({"online": online, "timestamp": timestamp})


def host(node: EdgeNode, *, online: bool, timestamp: int = START_MS, at: int = 0) -> list[Heard]:
    return heard(node.received(STATE_TOPIC, state(online=online, timestamp=timestamp), START_NS + at * SECOND_NS))


def metrics(messages: list[Heard]) -> list[Metric]:
    return [metric for message in messages for metric in message.payload.metrics]


def test_what_is_measured_while_disconnected_is_sent_after_the_births_as_history() -> None:
    node = a_node()
    connect(node)
    node.disconnected()
    assert measure(node, 1, 2, 3) == []
    said = heard(connect(node, 4))[1:]
    assert [message.kind for message in said] == ["NBIRTH", "DBIRTH", "DBIRTH", "NDATA", "DDATA", "DDATA"]
    history = metrics(said[3:])
    assert all(metric.is_historical for metric in history)
    assert {metric.timestamp for metric in history} == {START_MS + 1_000, START_MS + 2_000, START_MS + 3_000}


def test_history_is_in_order_for_each_device() -> None:
    node = a_node()
    measure(node, *range(1, 300))
    for message in data(connect(node, 300)):
        times = [metric.timestamp or 0 for metric in message.payload.metrics]
        assert times == sorted(times)


def test_history_comes_in_messages_of_bounded_size() -> None:
    node = a_node()
    measure(node, *range(1, 300))
    messages = data(connect(node, 300))
    assert len(messages) > 10
    assert max(len(message.payload.metrics) for message in messages) <= 500


def test_history_is_sent_once() -> None:
    node = a_node()
    measure(node, 1)
    connect(node, 2)
    node.disconnected()
    assert data(connect(node, 3)) == []


def test_nothing_is_historical_in_live_data() -> None:
    node = a_node()
    connect(node)
    assert not any(metric.is_historical for metric in metrics(data(measure(node, 1, 2))))


def test_a_full_backlog_forgets_the_oldest() -> None:
    node = a_node(history=100)
    measure(node, *range(1, 50))
    assert len(node.backlog) <= 100
    assert node.backlog.forgotten > 0
    times = [metric.timestamp for metric in metrics(data(connect(node, 50)))]
    assert START_MS + 49_000 in times
    assert START_MS + 1_000 not in times


def test_a_backlog_gives_back_what_it_kept_in_order() -> None:
    backlog = Backlog(10)
    kept = [Kept(0, number, {"x": number}) for number in range(12)]
    for each in kept:
        backlog.keep(each)
    assert backlog.take() == kept[2:]
    assert backlog.forgotten == 2
    assert backlog.take() == []


def test_history_of_a_lost_device_waits_until_it_is_found() -> None:
    node = a_node()
    measure(node, 1, 2)
    node.device_lost(1, START_NS + 2 * SECOND_NS)
    assert "mill-1" not in {message.device for message in heard(connect(node, 3))}
    assert [message.kind for message in heard(node.device_found(1, START_NS + 4 * SECOND_NS))] == ["DBIRTH", "DDATA"]


def test_without_its_primary_host_a_node_says_nothing_and_keeps_everything() -> None:
    node = a_node(primary_host="host")
    assert len(connect(node)) == 1  # the Will
    assert measure(node, 1, 2) == []
    said = host(node, online=True, at=3)
    assert [message.kind for message in said] == ["NBIRTH", "DBIRTH", "DBIRTH", "NDATA", "DDATA", "DDATA"]


def test_it_listens_for_the_state_of_its_primary_host() -> None:
    assert STATE_TOPIC in a_node(primary_host="host").subscriptions()
    assert "STATE/host" in a_node("legacy_state", primary_host="host").subscriptions()
    assert not any("STATE" in pattern for pattern in a_node().subscriptions())


def test_when_its_primary_host_goes_offline_a_node_says_its_death_and_leaves() -> None:
    node = a_node(primary_host="host")
    connect(node)
    host(node, online=True)
    actions = node.received(STATE_TOPIC, state(online=False, timestamp=START_MS), START_NS)
    assert [message.kind for message in heard(actions)] == ["NDEATH"]
    assert actions[-1] == Disconnect()
    assert not node.is_born


def test_an_offline_state_older_than_the_online_one_changes_nothing() -> None:
    node = a_node(primary_host="host")
    connect(node)
    host(node, online=True, timestamp=START_MS)
    assert host(node, online=False, timestamp=START_MS - 1) == []
    assert node.is_born


def test_a_repeated_online_state_changes_nothing() -> None:
    node = a_node(primary_host="host")
    connect(node)
    host(node, online=True)
    assert host(node, online=True, timestamp=START_MS + 1) == []


def test_in_a_new_session_the_host_is_waited_for_again() -> None:
    node = a_node(primary_host="host")
    connect(node)
    host(node, online=True)
    leave(node)
    assert len(connect(node)) == 1
    assert host(node, online=True)[0].bd_seq == 1


def test_another_host_is_not_its_primary_host() -> None:
    node = a_node(primary_host="host")
    connect(node)
    assert node.received("spBv1.0/STATE/other", state(online=True, timestamp=START_MS), START_NS) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"ONLINE",
        b"[]",
        b'{"online": 1, "timestamp": 5}',
        b'{"online": true}',
        b'{"online": true, "timestamp": "5"}',
    ],
)
def test_a_state_that_cannot_be_read_changes_nothing(payload: bytes) -> None:
    assert HostState().after(payload) == HostState()


def test_a_legacy_state_is_a_word() -> None:
    assert HostState().after_legacy(b"ONLINE").online is True
    assert HostState().after_legacy(b"OFFLINE").online is False
    assert HostState().after_legacy(b'{"online": true}').online is None
