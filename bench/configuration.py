"""The configuration of a gateway that is measured: one broker, one route, one InfluxDB, and the rest by default."""

from __future__ import annotations

import json
from collections.abc import Mapping

SOURCE, SINK, DATABASE, MEASUREMENT = "plant", "db", "plant", "cnc"
FIELD = "temperature"
"""Every message of the load has it, so counting it counts them."""

_CONFIGURATION = """
id = "{identity}"
[[sources]]
name = "{source}"
url = "mqtt://127.0.0.1:{broker}"
[[routes]]
topic = "load/{{area}}/{{line}}/{{machine}}/telemetry"
adapter = "json"
measurement = "{measurement}"
[spool]
path = "spool.db"
{spool}
[[sinks]]
name = "{name}"
type = "influxdb"
api = "v1"
url = "{url}"
database = "{database}"
{sink}
"""

Options = Mapping[str, str | int]


def configuration(
    broker: int,
    url: str,
    *,
    identity: str = "bench",
    spool: Options | None = None,
    sink: Options | None = None,
) -> str:
    """Return a configuration file for the load of `simulators load`.

    Args:
        broker: Port of the broker.
        url: Of the database.
        identity: The gateway's name, where several share a broker.
        spool: Further options of `[spool]`.
        sink: Further options of `[[sinks]]`.
    """
    return _CONFIGURATION.format(
        identity=identity,
        source=SOURCE,
        broker=broker,
        measurement=MEASUREMENT,
        spool=_lines(spool),
        name=SINK,
        url=url,
        database=DATABASE,
        sink=_lines(sink),
    )


_SPARKPLUG = """
id = "bench"
[[sources]]
name = "{source}"
url = "mqtt://127.0.0.1:{broker}"
session = "sparkplug"
[sources.sparkplug]
role = "{role}"
host_id = "bench"
{route}
[spool]
path = "spool.db"
[[sinks]]
name = "{name}"
type = "influxdb"
api = "v1"
url = "{url}"
database = "{database}"
"""
_NARROW_ROUTE = """
[[routes]]
source = "{source}"
topic = "spBv1.0/#"
adapter = "sparkplug"
layout = "narrow"
"""


def sparkplug_configuration(broker: int, url: str, *, layout: str = "wide", role: str = "active") -> str:
    """Return a configuration file for a Sparkplug host application, the rest by default.

    Args:
        broker: Port of the broker.
        url: Of the database.
        layout: `wide` needs no route; `narrow` needs one.
        role: Of the host.
    """
    return _SPARKPLUG.format(
        source=SOURCE,
        broker=broker,
        role=role,
        route=_NARROW_ROUTE.format(source=SOURCE) if layout == "narrow" else "",
        name=SINK,
        url=url,
        database=DATABASE,
    )


def _lines(options: Options | None) -> str:
    # JSON spells texts and numbers as TOML does.
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in (options or {}).items())
