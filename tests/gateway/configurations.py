"""Configurations and messages for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.models import Message
from gateway.settings.models import Settings

NOW_NS = 1_795_000_000_000_000_000
"""An instant of November 2026: the time of receipt in tests."""


def settings(routes: list[dict[str, object]] | None = None, **tables: object) -> Settings:
    """Return settings with one source, one route for JSON from cnc machines, and a historian, changed as asked."""
    document: dict[str, object] = {
        "id": "test",
        "sources": [{"name": "plant", "url": "mqtt://127.0.0.1:1"}],
        "routes": routes or [route()],
        "sinks": [{"name": "historian", "type": "historian"}],
        **tables,
    }
    return Settings.model_validate(document, context={"folder": Path("unused")})


def route(**keys: object) -> dict[str, object]:
    """Return a route for `{site}/{machine}/telemetry`, changed as asked."""
    return {"topic": "{site}/{machine}/telemetry", "adapter": "json", "measurement": "cnc", **keys}


def message(topic: str = "s1/m1/telemetry", payload: bytes = b"{}", **fields: Any) -> Message:
    """Return a message that was received now."""
    made = Message(topic, payload, NOW_NS)
    return made._replace(**fields)
