"""Parts of configurations for tests with real servers."""

from __future__ import annotations

from tests.servers.brokers import Broker
from tests.servers.databases import Influxd

CNC = """
[[routes]]
topic = "{site}/{machine}/telemetry"
adapter = "json"
measurement = "cnc"
"""


def gateway_id(name: str = "gw") -> str:
    """Return the name of the gateway."""
    return f'id = "{name}"\n'


def source(broker: Broker, **options: str) -> str:
    """Return a source at this broker; options are TOML."""
    lines = "".join(f"{key} = {value}\n" for key, value in options.items())
    return f'[[sources]]\nname = "plant"\nurl = "{broker.url}"\n{lines}'


def host(broker: Broker, **options: str) -> str:
    """Return a source that is a Sparkplug host application; options of `[sources.sparkplug]` are TOML."""
    lines = "".join(f"{key} = {value}\n" for key, value in options.items())
    return source(broker, session='"sparkplug"') + f"[sources.sparkplug]\n{lines}"


def influxdb(server: Influxd, name: str = "db", database: str = "plant") -> str:
    """Return a sink for a database of this server."""
    return f'[[sinks]]\nname = "{name}"\ntype = "influxdb"\napi = "v1"\nurl = "{server.url}"\ndatabase = "{database}"\n'
