"""What happened to nodes between two looks at them, as their counters tell."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from gateway.cli.sparkplug.hosts import Device, Host, Node, Picture


class Kind(StrEnum):
    """What happened."""

    GATEWAY = "gateway"
    HOST = "host"
    NEW = "new"
    BIRTH = "birth"
    DEATH = "death"
    STATE = "state"
    REBIRTH_ASKED = "rebirth asked"
    REBIRTH_ANSWERED = "rebirth answered"
    GAP = "gap"
    DUPLICATE_SESSIONS = "duplicate sessions"
    FORGOTTEN = "forgotten"


class Change(NamedTuple):
    """One thing that happened.

    Attributes:
        time_ns: When it was seen, in nanoseconds since 1970.
        source: Of which source; empty for the gateway itself.
        subject: To whom: `GROUP/NODE`, or `GROUP/NODE/DEVICE`; empty for the host or the gateway.
        kind: What.
        number: How often since the last look.
        detail: What is known beside it; may hold a device's words.
    """

    time_ns: int
    source: str
    subject: str
    kind: Kind
    number: int = 1
    detail: str = ""


def changes(before: Picture, now: Picture) -> Iterator[Change]:
    """Yield what happened between two looks.

    A counter that is smaller than before has begun again with a gateway that was started again.
    """
    for source, host in now.hosts.items():
        earlier = before.hosts.get(source)
        for subject, kind, number, detail in _of_host(earlier, host):
            yield Change(now.now_ns, source, subject, kind, number, detail)


def _of_host(before: Host | None, now: Host) -> Iterator[tuple[str, Kind, int, str]]:
    if before is not None and before.online is not now.online:
        yield "", Kind.HOST, 1, "online" if now.online else "offline"
    known = {node.name: node for node in before.nodes} if before is not None else {}
    for node in now.nodes:
        earlier = known.pop(node.name, None)
        if earlier is None:
            yield node.name, Kind.NEW, 1, node.state
            earlier = Node(group=node.group, node=node.node, state=node.state)
        for device, kind, number, detail in _of_node(earlier, node):
            yield f"{node.name}/{device}" if device else node.name, kind, number, detail
    for name in known:
        yield name, Kind.FORGOTTEN, 1, ""


def _of_node(before: Node, now: Node) -> Iterator[tuple[str, Kind, int, str]]:
    for kind, number, detail in (
        (Kind.GAP, _more(before.gaps, now.gaps), ""),
        (Kind.REBIRTH_ASKED, _more(before.rebirths_asked, now.rebirths_asked), now.last_rebirth_reason),
        (Kind.REBIRTH_ANSWERED, _more(before.rebirths_answered, now.rebirths_answered), ""),
        (Kind.DUPLICATE_SESSIONS, int(now.duplicate_sessions and not before.duplicate_sessions), ""),
    ):
        if number:
            yield "", kind, number, detail
    lives = list(_lives(before, now))
    yield from (("", *one) for one in lives)
    if before.state != now.state and not lives:
        yield "", Kind.STATE, 1, now.state
    devices = {device.device: device for device in before.devices}
    for device in now.devices:
        for one in _lives(devices.get(device.device, Device(device=device.device)), device):
            yield device.device, *one


def _lives(before: Node | Device, now: Node | Device) -> Iterator[tuple[Kind, int, str]]:
    """Yield births and deaths; what is the case now comes last."""
    birth = Kind.BIRTH, _more(before.births, now.births), f"{now.metrics:,} metrics"
    death = Kind.DEATH, _more(before.deaths, now.deaths), ""
    for one in (death, birth) if now.online else (birth, death):
        if one[1]:
            yield one


def _more(before: int, now: int) -> int:
    return now - before if now >= before else now
