"""The parts of the matrix: for each, its servers, and the faults that strike one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from gateway.settings.sources import MqttSource
from gateway.verification.faults import PLACES, SELDOM, DieAt, Fault, Kill, Terminate
from tests.durability.answers import BadRecord, busy, suspicious
from tests.durability.faults import (
    CutLine,
    DatabaseAway,
    FillDisk,
    KillBroker,
    KillDatabase,
    Nothing,
    RestartBroker,
    StallLine,
)
from tests.durability.stage import Servers, Stage

Mode: TypeAlias = Literal["after_commit", "after_sink"]
MODES: Sequence[Mode] = ("after_commit", "after_sink")


class Extent(NamedTuple):
    """How much of the matrix is run.

    Attributes:
        messages: Share of the messages.
        times: How often a fault strikes, compared with the full matrix.
        away: Seconds for which something stays away that stays away for long.
    """

    messages: float
    times: float
    away: float

    def of(self, number: int) -> int:
        """Return how often a fault strikes that does so `number` times in the full matrix."""
        return max(1, round(number * self.times))


FULL = Extent(1, 1, 60)
QUICK = Extent(0.02, 0.1, 5)
SHORT = Extent(0.02, 0.1, 2)
"""Of which a few parts are run with all other tests."""

Choose: TypeAlias = Callable[[Stage, Extent], Sequence[Fault]]


@dataclass(frozen=True)
class Part:
    """What runs on servers of its own.

    Attributes:
        faults: Returns those that strike, in any order.
        messages: How many are published in the full matrix.
        least: How many are published at least.
        rate: Messages a second.
        servers: What it needs.
        source: Options of the gateway's source.
        sink: Options of its sink, as TOML.
        ordered: Whether messages of a topic must be brought to the database in their order: not where the newest go
            first, nor where the records of a batch are tried apart, because the database has something against them.
    """

    faults: Choose
    messages: int
    least: int = 2000
    rate: float = 5000.0
    servers: Servers = field(default_factory=Servers)
    source: Mapping[str, object] = field(default_factory=dict)
    sink: str = ""
    ordered: bool = True

    def messages_in(self, extent: Extent) -> int:
        """Return how many messages are published."""
        return max(self.least, round(self.messages * extent.messages))

    def source_at(self, port: int) -> MqttSource:
        """Return the gateway's source."""
        return MqttSource.model_validate({"name": "broker", "url": f"mqtt://127.0.0.1:{port}", **self.source})


def _gateway(stage: Stage, extent: Extent) -> Sequence[Fault]:
    del stage
    places = [DieAt(place, 1 if place in SELDOM else count) for place in PLACES for count in range(1, extent.of(3) + 1)]
    return [*[Kill()] * extent.of(36), *places, *[Terminate()] * extent.of(5)]


def _database(stage: Stage, extent: Extent) -> Sequence[Fault]:
    return [
        *[KillDatabase(stage)] * extent.of(6),
        *[KillDatabase(stage, gateway_too=True)] * extent.of(4),
        DatabaseAway(stage, extent.away),
        *busy(stage, extent.away / 12),
    ]


def _records(stage: Stage, extent: Extent) -> Sequence[Fault]:
    bad = [*[BadRecord(stage)] * extent.of(4), *[BadRecord(stage, dies=True)] * extent.of(3)]
    return [*suspicious(stage, extent.away / 12), *bad, *[Kill()] * extent.of(3)]


def _broker(stage: Stage, extent: Extent) -> Sequence[Fault]:
    return [KillBroker(stage)] * extent.of(8)


def _line(stage: Stage, extent: Extent) -> Sequence[Fault]:
    faults: list[Fault] = [*[RestartBroker(stage)] * extent.of(4), *[CutLine(stage)] * extent.of(3)]
    return [*faults, *[StallLine(stage, 8)] * extent.of(2), *[Kill()] * extent.of(3)]


def _disk(stage: Stage, extent: Extent) -> Sequence[Fault]:
    return [*[FillDisk(stage)] * extent.of(3), *[Kill()] * extent.of(2)]


def _few(stage: Stage, extent: Extent) -> Sequence[Fault]:
    del stage
    return [*[Kill()] * extent.of(4), Terminate()]


def _backlog(stage: Stage, extent: Extent) -> Sequence[Fault]:
    away = DatabaseAway(stage, max(3.0, extent.away / 6))
    return [away, *[KillDatabase(stage, gateway_too=True)] * extent.of(3), *[Kill()] * extent.of(3)]


_MEGABYTE = 1_000_000

PARTS: Mapping[str, Part] = {
    "gateway": Part(_gateway, 280_000, rate=10_000),
    "database": Part(_database, 80_000),
    "records": Part(_records, 50_000, ordered=False),
    "broker": Part(_broker, 40_000, least=5000),
    "line": Part(_line, 40_000, servers=Servers(persistence=True), source={"keep_alive": "3s"}),
    "disk": Part(_disk, 40_000, servers=Servers(disk=16 * _MEGABYTE)),
    "window-20": Part(_few, 20_000, servers=Servers(broker=("max_queued_messages 0",))),
    "mqtt-3.1.1": Part(_few, 20_000, servers=Servers(broker=("max_queued_messages 0",)), source={"protocol": "3.1.1"}),
    "newest-first": Part(_backlog, 30_000, sink='order = "newest_first"\n', ordered=False),
}
"""All of them, by name."""


def faults_of(part: Part, stage: Stage, extent: Extent, generator: random.Random) -> list[Fault]:
    """Return the faults of a part in the order in which they strike: any order, and at last none.

    So something of every kind follows on the last death of the broker, and what it forgot can be told from what was
    lost. Twice, because with `after_sink` not every phase has messages of every kind.
    """
    faults = list(part.faults(stage, extent))
    generator.shuffle(faults)
    return [*faults, Nothing(), Nothing()]
