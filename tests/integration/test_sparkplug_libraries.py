"""What edge nodes of independent libraries say is in the database: its values, times and quality, whoever dies."""

from __future__ import annotations

import pytest

from tests.integration.documents import gateway_id, host, influxdb
from tests.integration.sparkplug_plant import (
    BAD,
    DEVICE,
    GOOD,
    NODE,
    STALE,
    START_MS,
    Plant,
    born,
    expected,
    now_ms,
    scalars,
)
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.edge_nodes import LIBRARIES, EdgeNode, StartEdgeNode, metric
from tests.servers.gateway import StartGateway


@pytest.fixture
def plant(mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> Plant:
    broker = mosquitto()
    influxd.create_database("plant")
    options = {"role": '"active"', "reorder_timeout": '"1s"', "rebirth_backoff": '"1s"'}
    return Plant(broker, influxd, gateway(gateway_id() + host(broker, **options) + influxdb(influxd)))


@pytest.fixture(params=LIBRARIES)
def node(request: pytest.FixtureRequest, plant: Plant, edge_node: StartEdgeNode) -> EdgeNode:
    return edge_node(request.param, plant.broker, name=NODE)


def test_births_and_data_of_all_scalar_types_are_stored_with_their_values_and_times(
    plant: Plant, node: EdgeNode
) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS + 1, 101)})
    node.data(scalars(1, START_MS + 10))
    node.data(scalars(1, START_MS + 11), DEVICE)
    plant.until_stored(node)
    assert plant.values() == expected(node)


def test_all_that_was_told_is_good(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    plant.until_quality(NODE, born(node), GOOD)
    plant.until_quality(DEVICE, born(node, DEVICE), GOOD)


@pytest.mark.parametrize("node", [one for one in LIBRARIES if one != "mqtt_spb_wrapper"], indirect=True)
def test_a_null_is_no_value_of_bad_quality(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS))
    nulls = [{**one, "value": None, "time": START_MS + 10} for one in scalars(0, START_MS)]
    node.data(nulls)  # type: ignore[arg-type]  # of the same keys
    plant.until_quality(NODE, born(node), BAD)
    plant.until_stored(node)
    assert plant.values() == expected(node), "and no value has the time of a null"
    node.data(scalars(1, START_MS + 20))
    plant.until_quality(NODE, born(node), GOOD)


@pytest.mark.parametrize("node", [one for one in LIBRARIES if one != "mqtt_spb_wrapper"], indirect=True)
def test_history_is_stored_at_its_time_and_changes_nothing_that_is_known_now(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    for minutes in (3, 1, 2):
        at = START_MS - minutes * 60_000
        node.history(scalars(1, at))
        node.history(scalars(1, at), DEVICE)
    plant.until_stored(node)
    assert plant.values() == expected(node)
    assert set(plant.quality(NODE).values()) == {GOOD}


def test_a_killed_edge_node_goes_stale_by_its_will_and_comes_back_good(
    plant: Plant, node: EdgeNode, edge_node: StartEdgeNode, request: pytest.FixtureRequest
) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    plant.until_stored(node)
    node.kill()
    plant.until_quality(NODE, born(node), STALE)
    plant.until_quality(DEVICE, born(node, DEVICE), STALE)
    again = edge_node(request.node.callspec.params["node"], plant.broker, name=NODE)
    again.connect(scalars(1, now_ms()), {DEVICE: scalars(1, now_ms(), 101)})
    plant.until_stored(again)
    plant.until_quality(NODE, born(again), GOOD)
    plant.until_quality(DEVICE, born(again, DEVICE), GOOD)


def test_an_edge_node_that_takes_its_leave_is_stale_at_once(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    plant.until_stored(node)
    node.death()
    plant.until_quality(NODE, born(node), STALE)
    plant.until_quality(DEVICE, born(node, DEVICE), STALE)


def test_a_device_dies_and_returns_alone(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    plant.until_stored(node)
    names = born(node, DEVICE)
    node.device_death(DEVICE)
    plant.until_quality(DEVICE, names, STALE)
    assert set(plant.quality(NODE).values()) == {GOOD}
    node.device_birth(DEVICE, scalars(1, now_ms(), 101))
    plant.until_quality(DEVICE, names, GOOD)
    plant.until_stored(node)


def test_a_host_that_comes_late_asks_for_births_and_stores_what_was_said_before_them(
    plant: Plant, node: EdgeNode
) -> None:
    plant.gateway.stop()
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    missed = len(node.said)
    plant.gateway.start()
    node.data(scalars(1, START_MS + 10))
    node.data(scalars(1, START_MS + 10), DEVICE)
    wait_until(lambda: node.said[-1].kind == "DBIRTH", "it has answered with its births")
    plant.until_stored(node, missed)
    assert node.rebirths == 1
    assert plant.values() == expected(node, missed)


@pytest.mark.parametrize("algorithm", ["DEFLATE", "GZIP"])
@pytest.mark.parametrize("node", ["sparkplug_client"], indirect=True)
def test_compressed_births_and_data_are_read(plant: Plant, node: EdgeNode, algorithm: str) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)}, compress=algorithm)
    node.data(scalars(1, START_MS + 10))
    node.data(scalars(1, START_MS + 11), DEVICE)
    plant.until_stored(node)
    assert plant.values() == expected(node)


@pytest.mark.parametrize("node", ["mqtt_spb_wrapper"], indirect=True)
def test_values_under_names_that_births_tell_with_a_prefix_are_stored_and_no_birth_is_asked_for(
    plant: Plant, node: EdgeNode
) -> None:
    node.connect([metric("Temperature", "Double", 20.5, START_MS)])
    for number in range(1, 50):
        node.data([metric("Temperature", "Double", 20.0 + number, START_MS + number)])
    plant.until_stored(node)
    assert not node.rebirths


def test_who_is_there_and_who_is_gone_is_stored(plant: Plant, node: EdgeNode) -> None:
    node.connect(scalars(0, START_MS), {DEVICE: scalars(0, START_MS, 101)})
    wait_until(lambda: plant.presence("sparkplug_node") == {NODE: True}, "the edge node is there")
    wait_until(lambda: plant.presence("sparkplug_device") == {DEVICE: True}, "the device is there")
    node.death()
    wait_until(lambda: plant.presence("sparkplug_node") == {NODE: False}, "the edge node is gone")
    wait_until(lambda: plant.presence("sparkplug_device") == {DEVICE: False}, "the device is gone")
