"""What a running gateway says of its Sparkplug hosts and their nodes, as values to work with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.status import JSON


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer gateway may tell more


class Device(_Told):
    """A device, as its host knows it. Times are nanoseconds since 1970, 0 for never."""

    device: str
    online: bool = False
    since_ns: int = 0
    births: int = 0
    deaths: int = 0
    metrics: int = 0
    last_seen_ns: int = 0


class Node(_Told):
    """An edge node, as its host knows it.

    Attributes:
        state: online, offline, stale, or unknown: it waits for a birth.
        latency_ms: From the time that its last data carries to their receipt, smoothed; None if not measured.
        held: Messages that wait for its birth.
    """

    group: str
    node: str
    online: bool = False
    state: str = "unknown"
    since_ns: int = 0
    births: int = 0
    deaths: int = 0
    rebirths_asked: int = 0
    last_rebirth_reason: str = ""
    rebirths_answered: int = 0
    gaps: int = 0
    last_seen_ns: int = 0
    latency_ms: float | None = None
    metrics: int = 0
    held: int = 0
    duplicate_sessions: bool = False
    devices: tuple[Device, ...] = ()

    @property
    def name(self) -> str:
        """Its name among all nodes: `GROUP/NODE`."""
        return f"{self.group}/{self.node}"


class Host(_Told):
    """A host application: one source of the gateway."""

    role: str
    host_id: str
    online: bool
    nodes: tuple[Node, ...]


class Picture(_Told):
    """All hosts of a gateway at one time, by source."""

    now_ns: int
    hosts: Mapping[str, Host]


def look(config: Path, source: str | None = None) -> tuple[Picture, dict[str, JSON]]:
    """Ask the running gateway for its hosts; return them, and its answer as it came.

    Args:
        config: Its configuration file.
        source: Only this one; None for all.

    Raises:
        GatewayError: None runs, or it has no Sparkplug source.
    """
    answer = ask(socket_of(load(config).spool.path), {"ask": "sparkplug", "source": source})
    try:
        return Picture.model_validate(answer), answer
    except ValidationError as error:
        raise GatewayError("the gateway that runs is of another version: start it again") from error
