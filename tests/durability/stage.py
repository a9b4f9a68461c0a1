"""The servers of one part of the matrix, and what stands between them and the gateway."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import GatewayError
from tests.durability.arrivals import Arrivals
from tests.durability.database import DATABASE, InfluxdReader
from tests.servers.brokers import Mosquitto
from tests.servers.databases import Influxd
from tests.servers.http_proxy import HttpProxy
from tests.servers.mqtt_tap import MqttTap

UNLIMITED = ("max_inflight_messages 0", "max_queued_messages 0")
"""By default mosquitto sends 20 messages before it waits, keeps 1000 for a slow subscriber, and drops the others."""


@dataclass(frozen=True)
class Servers:
    """What servers a part needs.

    Attributes:
        broker: Lines of mosquitto.conf.
        persistence: Whether mosquitto keeps its sessions over a clean stop.
        disk: Bytes of the disk that the spool is on; 0 for that of everything else. Needs root.
    """

    broker: tuple[str, ...] = UNLIMITED
    persistence: bool = False
    disk: int = 0


@dataclass(frozen=True)
class Stage:
    """Servers that run.

    Attributes:
        broker: mosquitto.
        line: Between gateway and broker.
        influxd: The database.
        front: Between gateway and database.
        reader: Reads the database back.
        arrivals: The order in which messages arrived at it.
        folder: Of the gateway.
        run: Identifies the run: see `gateway.verification.messages.Messages`.
        refused: Messages that were published and that influxd must have refused.
    """

    run: str
    broker: Mosquitto
    line: MqttTap
    influxd: Influxd
    front: HttpProxy
    reader: InfluxdReader
    arrivals: Arrivals
    folder: Path
    refused: list[bytes] = field(default_factory=list)


@contextmanager
def staged(run: str, servers: Servers, folder: Path) -> Iterator[Stage]:
    """Run them until the block ends.

    Raises:
        GatewayError: The disk cannot be made.
    """
    with ExitStack() as stack:
        of_broker, of_gateway = folder / "mosquitto", folder / "gateway"
        for made in (of_broker, of_gateway):
            made.mkdir(parents=True)
        if servers.disk:
            stack.enter_context(_disk(of_gateway, servers.disk))
            # What it logs must not fill its disk, nor be lost when that is full.
            (of_gateway / "gateway.log").symlink_to(folder / "gateway.log")
        broker = Mosquitto(of_broker, *servers.broker, persistence=servers.persistence, verbose=False)
        stack.callback(broker.stop, kill=True)
        broker.start()
        influxd = stack.enter_context(Influxd(folder / "influxd"))
        influxd.create_database(DATABASE)
        arrivals = Arrivals()
        line = stack.enter_context(MqttTap(broker.port))
        front = stack.enter_context(HttpProxy(influxd.port, arrivals.note))
        yield Stage(run, broker, line, influxd, front, InfluxdReader(influxd), arrivals, of_gateway)


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[None]:
    """Mount a small disk there until the block ends; it is in memory (tmpfs) and can be full as any other.

    Raises:
        GatewayError: That may not be done here.
    """
    if os.geteuid() != 0:
        raise GatewayError("a small disk can be mounted by root only")
    options = f"size={size},mode=0700"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options.encode()):
        raise GatewayError(f"a small disk cannot be mounted: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607  # it is where the system has it
