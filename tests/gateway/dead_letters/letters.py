"""Dead letters for tests, and a configuration under which they are what they are."""

from __future__ import annotations

from gateway.app.retrying import retrying
from gateway.dead_letters import Past, Retrying
from gateway.settings.models import Settings
from gateway.spool import DeadLetter, Kind, Spool
from tests.gateway.configurations import NOW_NS, settings

TOPIC = "s1/m1/telemetry"


def fixed() -> Settings:
    """Return a configuration that understands what the letters below say."""
    return settings()


def make(past: Past) -> Retrying:
    """Return what decodes letters under it."""
    return retrying(fixed(), past)


def undecodable(payload: bytes = b'{"x": 1.5}', **fields: object) -> DeadLetter:
    """Return a message that could not be understood; with this payload it is now."""
    made = DeadLetter(Kind.UNDECODABLE, "plant", TOPIC, payload, "not understood", "not understood: x", NOW_NS)
    return made._replace(**fields)  # type: ignore[arg-type]


def rejected(record: bytes = b"cnc,asset=m1 x=1 1", **fields: object) -> DeadLetter:
    """Return a record that the sink `store0` refused."""
    made = DeadLetter(Kind.REJECTED, "plant", TOPIC, record, "type conflict", received_ns=NOW_NS, sink="store0")
    return made._replace(**fields)  # type: ignore[arg-type]


def records_of(spool: Spool) -> list[str]:
    """Return all records that wait in a spool, in their order."""
    bodies = spool._connection.execute("SELECT body FROM records ORDER BY id")
    return [line for (body,) in bodies for line in body.decode().splitlines()]
