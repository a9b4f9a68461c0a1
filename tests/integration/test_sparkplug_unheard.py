"""Edge nodes that nobody hears: while the gateway is down, and once it is stopped."""

from __future__ import annotations

from collections.abc import Sequence

from tests.adapters.sparkplug.speaking import Speaking, number
from tests.integration.documents import gateway_id, host, influxdb
from tests.integration.publishing import client
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import StartGateway


def qualities(influxd: Influxd) -> Sequence[object]:
    """Return how good are now whether the edge node is online, and its value."""
    found: list[object] = []
    for field, measurement in (("online_q", "sparkplug_node"), ("x_q", "sparkplug")):
        rows = influxd.query(f"SELECT last({field}) FROM {measurement}", "plant")
        found += [row["last"] for row in rows]
    return found


def test_who_dies_while_the_gateway_is_down_becomes_stale(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker, node = mosquitto(), Speaking()
    influxd.create_database("plant")
    running = gateway(gateway_id() + host(broker, role='"active"', silence='"2s"') + influxdb(influxd))
    with client(broker.port) as publisher:
        publisher.publish(*node.nbirth(number("x", 1.0)))
        wait_until(lambda: qualities(influxd) == [192, 192], "it is online")
        running.kill()
        publisher.publish(*node.ndeath())
        running.start()
        wait_until(lambda: qualities(influxd)[1:] == [500], "its value is stale")
        wait_until(
            lambda: influxd.query("SELECT last(online_bool) FROM sparkplug_node", "plant")[0]["last"] is False,
            "it is offline",
        )


def test_all_is_stale_once_the_gateway_is_stopped(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker, node = mosquitto(), Speaking()
    influxd.create_database("plant")
    running = gateway(gateway_id() + host(broker, role='"active"') + influxdb(influxd))
    with client(broker.port) as publisher:
        publisher.publish(*node.nbirth(number("x", 1.0)))
        wait_until(lambda: qualities(influxd) == [192, 192], "it is online")
    assert running.stop() == 0
    broker.stop()
    running.start(connected=False)  # what it committed at the end is delivered now
    wait_until(lambda: qualities(influxd) == [500, 500], "nobody knows any more")
