"""The configuration of the gateway under test, as TOML."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import JsonValue

from gateway.settings.sinks import InfluxDB
from gateway.settings.sources import MqttSource
from gateway.settings.tables import Table
from gateway.verification.messages import Messages

SOURCE = "broker"
"""Name of its only source."""
SPOOL = "spool.db"
_HOUR_NS = 3_600_000_000_000


def gateway_id(run: str) -> str:
    """Return the name of the gateway under test."""
    return f"verification-{run}"


def client_id(run: str) -> str:
    """Return the MQTT client id under which it has its session."""
    return f"{gateway_id(run)}-{SOURCE}"


def document(messages: Messages, broker: MqttSource, sinks: str, *, acknowledge: str, spool: str) -> str:
    """Return the whole configuration.

    Args:
        messages: What it is to take.
        broker: How to reach the broker. Should the session be left behind, it expires after an hour.
        sinks: `[[sinks]]`, as TOML.
        acknowledge: `[spool] acknowledge`.
        spool: Further lines of `[spool]`, as TOML.
    """
    own = {"name": SOURCE, "shared_group": None, "session_expiry": _HOUR_NS}
    source = table("[[sources]]", broker.model_copy(update=own))
    # The default is not written, so that a gateway of an earlier version can be verified with it.
    mode = "" if acknowledge == "after_commit" else f'acknowledge = "{acknowledge}"\n'
    return (
        f'id = "{gateway_id(messages.run)}"\n\n{source}\n{messages.route()}\n'
        f'[spool]\npath = "{SPOOL}"\n{mode}{spool}\n\n{sinks}\n'
    )


def influxdb_sink(settings: InfluxDB, target: str) -> InfluxDB:
    """Return a sink for another database or bucket of the same server."""
    update = {"bucket": target} if settings.api == "v2" else {"database": target, "retention_policy": None}
    return settings.model_copy(update=update)


def table(header: str, settings: Table) -> str:
    """Write a table of the configuration; what has its default is left out, and paths become absolute."""
    values = _absolute(settings).model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return "".join([f"{header}\n", *(f"{name} = {_toml(value)}\n" for name, value in values.items())])


def _absolute(settings: Table) -> Table:
    changed: dict[str, Path | Table] = {}
    for name, value in settings:
        if isinstance(value, Path):
            changed[name] = value.absolute()
        elif isinstance(value, Table):
            changed[name] = _absolute(value)
    return settings.model_copy(update=changed)


def _toml(value: JsonValue) -> str:
    """Write a value. JSON spells texts, numbers and booleans as TOML does."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)
