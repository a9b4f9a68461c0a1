"""The real gateway on a disk with faults: nothing that it acknowledged is lost, and it says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.integration.publishing import client, publish
from tests.integration.test_gateway import LOAD, numbered, numbers
from tests.servers import disk, wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.disk.small import small_disk
from tests.servers.gateway import StartGateway, command


@pytest.fixture
def trigger(tmp_path: Path) -> Path:
    """Return the file that, once it is there, lets the next flush fail."""
    return tmp_path / "now"


def test_a_flush_that_fails_ends_the_gateway_and_loses_nothing(
    mosquitto: StartMosquitto,
    influxd: Influxd,
    gateway: StartGateway,
    trigger: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd), started=False)
    faults = disk.environment(running.folder, fail_sync=1, armed_by=trigger)
    with monkeypatch.context() as patched:
        for name, value in faults.items():
            patched.setenv(name, value)
        running.start()
    with client(broker.port) as publisher:
        publish(publisher, numbered(1000))
        wait_until(lambda: running.messages()["received"] > 0, "some have arrived")
        trigger.touch()
        publish(publisher, numbered(1000, first=1000))
        assert running.exit_code() == 1
        trigger.unlink()
        assert "disk I/O error" in running.log.read_text()
        publish(publisher, numbered(1000, first=2000))
    running.start()
    wait_until(lambda: len(numbers(influxd)) >= 3000, "all are in the database", 60)
    assert numbers(influxd) == list(range(3000))
    assert running.stop() == 0


def test_a_disk_that_is_full_holds_the_gateway_up_and_loses_nothing(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway, tmp_path: Path
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    with small_disk(tmp_path / "disk", 6) as small:
        running = gateway(
            gateway_id() + source(broker) + CNC + influxdb(influxd), started=False, path=f'"{small}/spool.db"'
        )
        running.spool = small / "spool.db"
        running.start()
        ballast = small / "ballast"
        with ballast.open("wb") as file:
            found = os.statvfs(small)
            file.write(bytes(found.f_bavail * found.f_frsize))
        influxd.stop()
        with client(broker.port) as publisher:
            publish(publisher, numbered(20_000))
        running.until(lambda status: status["spool"]["state"] == "full", "it is full", 60)  # type: ignore[index, call-overload]
        assert "The spool is full" in running.log.read_text()
        ballast.unlink()
        influxd.start()
        wait_until(lambda: len(numbers(influxd)) >= 20_000, "all are in the database", 120)
        assert numbers(influxd) == list(range(20_000))
        assert running.stop() == 0


def test_a_damaged_spool_is_set_aside_and_its_rows_are_delivered(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    influxd.stop()
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, numbered(1000))
    running.until(lambda status: status["messages"]["received"] >= 1000, "all are received")  # type: ignore[index, call-overload, operator]
    running.until(lambda status: status["spool"]["messages"] >= 1000, "all are on the disk")  # type: ignore[index, call-overload, operator]
    assert running.stop() == 0
    content = bytearray(running.spool.read_bytes())
    content[:4096] = bytes(4096)
    running.spool.write_bytes(content)
    influxd.start()
    running.start()
    wait_until(lambda: len(numbers(influxd)) >= 1000, "all are in the database", 60)
    assert numbers(influxd) == list(range(1000))
    assert "The spool was damaged and set aside" in running.log.read_text()
    assert running.spool.with_name("spool.db.damaged-1").read_bytes() == content
    assert "it was found damaged 1 times" in command("status", "-c", str(running.config)).stdout
    assert running.stop() == 0
