"""Where a verification may run: on an embedded broker and historian, or on a broker and database of a plant."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from gateway.embedded_broker import WINDOW
from gateway.errors import ConfigurationError, Problem
from gateway.settings.models import Settings
from gateway.settings.sinks import Historian, InfluxDB
from gateway.settings.sources import MqttSource
from gateway.verification.document import influxdb_sink, table
from gateway.verification.run import Mode, Setup
from gateway.verification.stored import HistorianReader, InfluxDBReader

PATIENCE, PLANT_PATIENCE = 20.0, 60.0
"""Seconds without any progress after which what is missing counts as lost."""


_SPOOL = 'min_free = "16MiB"'
"""It is small, and may lie in a small temporary folder."""


def new_run() -> str:
    """Return a name for a run: the time, and something that no other run of the same second has."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def embedded(
    run: str, folder: Path, port: int, mode: Mode, messages: int, rate: float, patience: float = PATIENCE
) -> Setup:
    """Return a run on the embedded broker at this port, into a historian in this folder."""
    path = folder / "historian.db"
    return Setup(
        run=run,
        folder=folder,
        broker=MqttSource(name="embedded", url=f"mqtt://127.0.0.1:{port}"),
        sinks=table("[[sinks]]", Historian(name="historian", type="historian", path=path)),
        reader=HistorianReader(path),
        spool=_SPOOL,
        mode=mode,
        messages=messages,
        rate=rate,
        redelivery_window=WINDOW,
        patience=patience,
    )


def plant(
    settings: Settings,
    file: Path,
    run: str,
    folder: Path,
    *,
    source: str | None,
    sink: str | None,
    target: str,
    mode: Mode,
    messages: int,
    rate: float,
    patience: float = PLANT_PATIENCE,
) -> Setup:
    """Return a run on a broker and an InfluxDB of a configuration.

    Args:
        settings: The configuration.
        file: Where it stands, for messages.
        run: Name of the run.
        folder: For the gateway under test.
        source: Name of the source whose broker is used; None if there is only one.
        sink: Name of the sink whose server is used; None if there is only one InfluxDB.
        target: Database or bucket for this alone, which exists.
        mode: When the gateway acknowledges.
        messages: How many to publish.
        rate: Messages a second, at most.
        patience: See `Setup`.

    Raises:
        ConfigurationError: It does not say which, or what it names cannot serve.
    """
    broker = _source(settings, file, source)
    database = _sink(settings, file, sink)
    for other in settings.sinks:
        if isinstance(other, InfluxDB) and target in (other.database, other.bucket):
            remedy = "Create one for this alone, and name that"
            raise ConfigurationError([Problem(str(file), f"sinks.{other.name}", f"{target} holds real data", remedy)])
    own = influxdb_sink(database, target)
    return Setup(
        run=run,
        folder=folder,
        broker=broker,
        sinks=table("[[sinks]]", own),
        reader=InfluxDBReader(own),
        spool=_SPOOL,
        mode=mode,
        messages=messages,
        rate=rate,
        patience=patience,
    )


def _source(settings: Settings, file: Path, name: str | None) -> MqttSource:
    found = [source for source in settings.sources if name in (None, source.name)]
    names = ", ".join(source.name for source in settings.sources)
    if len(found) != 1:
        reason = f"there is no source {name}" if name else "there are several sources"
        raise ConfigurationError([Problem(str(file), "sources", reason, f"Name one with --source: {names}")])
    if found[0].protocol == "3.1.1":
        remedy = "Use a source whose broker speaks MQTT 5"
        reason = "the messages are published in MQTT 5, and this source speaks 3.1.1"
        raise ConfigurationError([Problem(str(file), f"sources.{found[0].name}.protocol", reason, remedy)])
    return found[0]


def _sink(settings: Settings, file: Path, name: str | None) -> InfluxDB:
    fitting = [sink for sink in settings.sinks if isinstance(sink, InfluxDB)]
    found = [sink for sink in fitting if name in (None, sink.name)]
    if len(found) != 1:
        reason = f"there is no InfluxDB {name}" if name else "there is not just one InfluxDB"
        names = ", ".join(sink.name for sink in fitting) or "none"
        raise ConfigurationError([Problem(str(file), "sinks", reason, f"Name one with --sink: {names}")])
    return found[0]
