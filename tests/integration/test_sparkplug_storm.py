"""Hosts ask for births no oftener than they have to, however many edge nodes there are, and never drive each other."""

from __future__ import annotations

from itertools import pairwise

from tests.integration.alias_nodes import METRICS, Fleet
from tests.integration.documents import gateway_id, host, influxdb
from tests.integration.publishing import client
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import StartGateway

LOAD = ("max_queued_messages 0", "max_inflight_messages 0")
PER_SECOND = 50
BACKOFF_SECONDS = 5


def values(influxd: Influxd) -> int:
    """Return how many values the database has."""
    counts = ",".join(f'count("{name.replace("/", ".")}")' for name in METRICS)
    rows = influxd.query(f"SELECT {counts} FROM sparkplug", "plant")
    return sum(int(str(count)) for row in rows for column, count in row.items() if column != "time")


def test_500_edge_nodes_are_asked_once_each_and_within_the_budget_when_the_host_restarts(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    with client(broker.port) as publisher:
        fleet = Fleet(publisher, 500)
        fleet.births()
        running = gateway(
            gateway_id()
            + host(
                broker, role='"active"', rebirths_per_second=str(PER_SECOND), rebirth_backoff=f'"{BACKOFF_SECONDS}s"'
            )
            + influxdb(influxd)
        )
        running.kill()
        fleet.deaf = set(fleet.names[::50])
        running.start()
        asked_before = fleet.requests().total()
        answering = len(fleet.names) - len(fleet.deaf)
        fleet.data()
        wait_until(lambda: len(fleet.asked) == len(fleet.names), "each is asked", 120)
        fleet.data()
        wait_until(lambda: values(influxd) >= answering * len(METRICS) * 2, "what was held is stored", 120)
    assert not asked_before, "nobody is asked who has said nothing"
    requests = fleet.requests()
    assert {name for name, count in requests.items() if count > 1} <= fleet.deaf
    times = sorted(time for asked in fleet.asked.values() for time in asked)
    # At most a second's worth at once, and then no faster than the budget.
    assert times[-1] - times[0] >= (len(fleet.names) / PER_SECOND - 1) * 0.9
    pauses = [later - earlier for name in fleet.deaf for earlier, later in pairwise(fleet.asked[name])]
    assert all(pause >= BACKOFF_SECONDS * 0.9 for pause in pauses)


def test_two_hosts_do_not_drive_each_other(mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    with client(broker.port) as publisher:
        fleet = Fleet(publisher, 100)
        fleet.births()
        for name in ("left", "right"):
            options = {"role": '"active"', "host_id": f'"{name}"', "rebirths_per_second": "100"}
            gateway(gateway_id(name) + host(broker, **options) + influxdb(influxd))
        fleet.data()
        wait_until(lambda: values(influxd) >= fleet.numbers * len(METRICS), "all is stored", 120)
        for _ in range(20):
            fleet.data()
        wait_until(lambda: values(influxd) >= fleet.numbers * len(METRICS), "all is stored", 120)
    assert max(fleet.requests().values()) <= 2, "each host asks once at most"
    assert fleet.requests().total() <= 150, "most births that one host asked for serve the other too"
