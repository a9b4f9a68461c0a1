"""What the tests of edge nodes do with them: connect, measure, and read what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from adapters.sparkplug.codec import DataType, Metric, Payload, read, write
from simulators.machines.meter import EnergyMeter
from simulators.machines.mill import CncMill
from simulators.messages import Publication
from simulators.sparkplug.cabinet import Cabinet
from simulators.sparkplug.faults import make_faults
from simulators.sparkplug.messages import Action
from simulators.sparkplug.node import EdgeNode
from simulators.sparkplug.plan import plan

SECOND_NS = 1_000_000_000
START_NS = 1_800_000_000 * SECOND_NS
START_MS = START_NS // 1_000_000
STATE_TOPIC = "spBv1.0/STATE/host"
NODE, MILL, METER = len(Cabinet.signals), len(CncMill.signals), len(EnergyMeter.signals)
"""How many metrics each of the parts of a node has."""


class Heard(NamedTuple):
    """A message as a host reads it."""

    kind: str
    device: str
    payload: Payload

    @property
    def seq(self) -> int | None:
        return self.payload.seq

    def metric(self, name: str) -> Metric:
        (found,) = [metric for metric in self.payload.metrics if metric.name == name]
        return found

    @property
    def bd_seq(self) -> object:
        return self.metric("bdSeq").value


def a_node(*faults: str, primary_host: str | None = None, history: int = 10_000, every_value: bool = False) -> EdgeNode:
    """Return a node with a mill (part 1) and a meter (part 2), which remembers what it said."""
    return EdgeNode(
        plan("plant1", "edge-1", [CncMill("mill-1", 1), EnergyMeter("meter-1", 1, base=20.0)], 1),
        make_faults(faults),
        primary_host=primary_host,
        history=history,
        remembered=100_000,
        by_exception=not every_value,
    )


def connect(node: EdgeNode, at: int = 0) -> list[Action]:
    """Connect it, so many seconds after the start; return its Will, and what it says then."""
    now_ns = START_NS + at * SECOND_NS
    return [node.connecting(now_ns), *node.connected(now_ns)]


def measure(node: EdgeNode, *seconds: int, parts: Iterable[int] = (0, 1, 2)) -> list[Action]:
    """Have all parts measured at these seconds after the start."""
    times = [START_NS + second * SECOND_NS for second in seconds]
    return [action for now_ns in times for part in parts for action in node.measured(part, now_ns, now_ns)]


def ask_rebirth(node: EdgeNode, at: int = 0) -> list[Action]:
    """Ask it for a rebirth."""
    return node.received("spBv1.0/plant1/NCMD/edge-1", rebirth_request(), START_NS + at * SECOND_NS)


def rebirth_request(name: str = "Node Control/Rebirth") -> bytes:
    """Return the payload of a request for rebirth."""
    return write(Payload(START_MS, None, [Metric(name, None, START_MS, DataType.BOOLEAN, value=True)]))


def leave(node: EdgeNode, at: int = 0) -> list[Action]:
    """Have it leave on purpose."""
    return node.disconnecting(START_NS + at * SECOND_NS)


def session(node: EdgeNode, seconds: int = 12) -> list[Action]:
    """Return a whole session: Will, births, data, a device that is lost and found, death; then a second one."""
    said = [*connect(node), *measure(node, *range(1, seconds))]
    now_ns = START_NS + seconds * SECOND_NS
    said += [*node.device_lost(1, now_ns), *node.device_found(1, now_ns), *leave(node, seconds)]
    measure(node, seconds + 1, seconds + 2)
    return [*said, *connect(node, seconds + 3), *measure(node, seconds + 4)]


def published(actions: Iterable[Action]) -> list[Publication]:
    return [action for action in actions if isinstance(action, Publication)]


def heard(actions: Iterable[Action]) -> list[Heard]:
    """Return what a host reads of what was said."""
    return [
        Heard(kind, device[0] if device else "", read(publication.payload))
        for publication in published(actions)
        for _, _, kind, _, *device in [publication.topic.split("/")]
    ]


def kinds(actions: Iterable[Action]) -> list[str]:
    """Return types and devices of what was said, as `DBIRTH mill-1`."""
    return [" ".join(publication.topic.split("/")[2::2]) for publication in published(actions)]


def data(actions: Iterable[Action]) -> list[Heard]:
    return [message for message in heard(actions) if message.kind in ("NDATA", "DDATA")]
