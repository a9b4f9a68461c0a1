"""One run: starts a gateway, publishes, lets faults strike, waits until all has settled, and asks the database.

Broker, database and faults come from the caller, so the same run serves `gateway verify-durability` and a test with
real servers that can be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from gateway.errors import GatewayError
from gateway.mqtt.endpoint import find
from gateway.settings.sources import MqttSource
from gateway.verification.connection import forget_session
from gateway.verification.document import client_id, document
from gateway.verification.faults import Fault, Imperfect, Scene, needs_spool
from gateway.verification.ledger import Ledger
from gateway.verification.messages import Kind, Messages, Stream
from gateway.verification.process import GatewayProcess, sources_of
from gateway.verification.publisher import Publisher
from gateway.verification.rows import Row, rows_of
from gateway.verification.settling import Reader, settle
from gateway.verification.verdict import Verdict

Mode: TypeAlias = Literal["after_commit", "after_sink"]
"""When a gateway acknowledges: `[spool] acknowledge`."""

MACHINES = 4
"""Of each kind of numbered messages."""
CONSTANT_MACHINES = 2
"""Of constant messages; others in each phase, since only their number can tell in which of them one was lost."""
ANSWER_SECONDS = 10.0
"""How long to wait at the end for acknowledgements of the broker."""
_REPORT_SECONDS = 0.2


@dataclass(frozen=True)
class Setup:
    """What a run works with.

    Attributes:
        run: Identifies it; unique on broker and database. Letters, digits and hyphens, at most 40.
        folder: For configuration, spool and log of the gateway; there already, and empty.
        broker: How it is reached: url, credentials, TLS.
        publish_to: How the publisher reaches it, where that is another way than the gateway's; None: the same.
        sinks: The `[[sinks]]` of the gateway, as TOML; the first is the one that `reader` reads.
        reader: Reads what arrived.
        mode: `[spool] acknowledge` of the gateway.
        spool: Further lines of `[spool]`, as TOML.
        messages: How many to publish, in all.
        rate: Messages a second, at most.
        window: Messages that may be on their way to the broker at a time.
        redelivery_window: See `verdict.judge`.
        patience: Seconds without any progress after which what is missing counts as lost.
        environment: Further variables of the gateway's process.
    """

    run: str
    folder: Path
    broker: MqttSource
    sinks: str
    reader: Reader
    mode: Mode = "after_commit"
    spool: str = ""
    messages: int = 10_000
    rate: float = 1000.0
    window: int = 1000
    redelivery_window: int = 0
    patience: float = 20.0
    environment: tuple[tuple[str, str], ...] = ()
    publish_to: MqttSource | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        rows: One for each name of a fault, in order of their first strike.
        verdict: On every message.
        messages: What they looked like.
        ledger: What was sent.
        gaps: Times the gateway said that the broker had forgotten its session.
        troubles: Whatever else was not as it should be, in words.
    """

    rows: Sequence[Row]
    verdict: Verdict
    messages: Messages
    ledger: Ledger
    gaps: int
    troubles: Sequence[str]


class Progress(Protocol):
    """Is told how far a run is."""

    def __call__(self, done: int, of: int, doing: str) -> None:
        """Take note: so many messages published, of so many, and what is being done, in words."""


class _Phases:
    """What is noted while faults strike."""

    def __init__(self) -> None:
        self.kills: list[int] = []
        self.seconds: list[float] = []
        self.troubles: list[str] = []
        self.doing = "starts"


async def run(setup: Setup, faults: Sequence[Fault], generator: random.Random, progress: Progress) -> Outcome:
    """Publish, let all faults strike in this order, and judge.

    Each fault has an equal share of the messages: it strikes after a random part of it was published, and the rest
    is published while it lasts.

    Raises:
        GatewayError: The run could not be done: no broker, no database, a gateway that does not start.
    """
    first_ms = time.time_ns() // 1_000_000 - setup.messages  # however they are spread, none lies in the future
    messages, ledger, phases = Messages(setup.run, first_ms), Ledger(), _Phases()
    text = document(messages, setup.broker, setup.sinks, acknowledge=setup.mode, spool=setup.spool)
    gateway = GatewayProcess(setup.folder, dict(setup.environment))
    gateway.config.write_text(text)
    try:
        async with _publisher(setup, messages, ledger) as publisher, gateway, asyncio.TaskGroup() as tasks:
            # The first time without a fault: what is published before there is a subscription is nobody's.
            await gateway.start()
            await gateway.connected()
            await _require_subscription(gateway)
            beside = [
                tasks.create_task(publisher.run(), name="publisher"),
                tasks.create_task(_tell(progress, publisher, setup.messages, phases), name="progress"),
            ]
            await _strike_all(setup, faults, Scene(gateway, publisher, ledger, generator), phases)
            phases.doing = "waiting until everything has settled"
            if not await publisher.answered(ANSWER_SECONDS):
                phases.troubles.append(f"the broker has not acknowledged {publisher.on_their_way} messages")
            _require_acknowledgements(ledger, publisher)
            if not gateway.running:
                await gateway.start()
            await gateway.connected()
            verdict = await settle(setup.reader, gateway, messages, ledger, setup.redelivery_window, setup.patience)
            for task in beside:
                task.cancel()
    except* GatewayError as errors:
        raise _first(errors) from None
    phases.troubles += [f"the broker refused {number} messages: {why}" for why, number in publisher.refused.items()]
    if gateway.gaps > ledger.broker_deaths:
        phases.troubles.append(f"the broker had forgotten the session of the gateway {gateway.gaps} times")
    if gateway.gaps < ledger.broker_deaths:
        phases.troubles.append(f"of {ledger.broker_deaths} lost sessions the gateway reported {gateway.gaps}")
    rows = rows_of(ledger, verdict, setup.mode, phases.kills, phases.seconds)
    return Outcome(rows, verdict, messages, ledger, gateway.gaps, phases.troubles)


async def _require_subscription(gateway: GatewayProcess) -> None:
    """See that the gateway gets what is published, before it is blamed for not having it.

    Raises:
        GatewayError: The broker does not let it.
    """
    status = await gateway.status() or {"sources": {}}
    for source in sources_of(status):
        granted = source["granted_qos"]
        for topic_filter, qos in granted.items() if isinstance(granted, dict) else ():
            if qos != 1:
                said = "grants only QoS 0 for" if qos == 0 else "refuses"
                raise GatewayError(f"the broker {said} the subscription to {topic_filter}: allow it in its access list")


def _require_acknowledgements(ledger: Ledger, publisher: Publisher) -> None:
    """See that there is something to judge.

    Raises:
        GatewayError: Nothing is owed, so nothing can be lost.
    """
    if not ledger.acknowledged:
        why = ", ".join(publisher.refused) or "no answer"
        raise GatewayError(f"the broker acknowledged nothing that was published: {why}")


async def _strike_all(setup: Setup, faults: Sequence[Fault], scene: Scene, phases: _Phases) -> None:
    gateway, publisher = scene.gateway, scene.publisher
    for index, fault in enumerate(faults):
        began, kills = time.monotonic(), 0
        share = setup.messages * (index + 1) // len(faults) - setup.messages * index // len(faults)
        phase = scene.ledger.begin(fault.name)
        phases.doing = fault.name
        if gateway.running and gateway.arm != fault.arm:
            await gateway.kill()
            kills += 1
            scene.ledger.interrupted(time.time_ns())
        if not gateway.running:
            await gateway.start(fault.arm)
        await gateway.connected()
        before = publisher.offered
        timed_only = setup.mode == "after_sink" and phase % 2 == 1 and not needs_spool(fault.arm)
        publisher.offer(share, streams_of(phase, timed_only=timed_only))
        await publisher.reached(before + round(share * scene.generator.uniform(0.1, 0.9)))
        try:
            kills += await fault.strike(scene)
        except Imperfect as error:
            phases.troubles.append(f"{fault.name}: {error}")
        if not gateway.running:
            scene.ledger.interrupted(time.time_ns())
        await publisher.reached(before + share)
        phases.kills.append(kills)
        phases.seconds.append(time.monotonic() - began)


def streams_of(phase: int, *, timed_only: bool = False) -> list[Stream]:
    """Return what is published in a phase, in turn.

    Only where all messages have times of their own are they acknowledged without being written to disk, with
    `after_sink`; so some phases have no others.
    """
    if timed_only:
        return [Stream(Kind.TIMED, f"m{number}") for number in range(MACHINES)]
    numbered = [Stream(kind, f"m{number}") for number in range(MACHINES) for kind in (Kind.TIMED, Kind.UNTIMED)]
    return [*numbered, *(Stream(Kind.CONSTANT, f"p{phase}-m{number}") for number in range(CONSTANT_MACHINES))]


@asynccontextmanager
async def _publisher(setup: Setup, messages: Messages, ledger: Ledger) -> AsyncIterator[Publisher]:
    """Connect a publisher; at the end of the block let the broker forget it and the gateway."""
    endpoint = await find(setup.publish_to or setup.broker)
    publisher = Publisher(
        endpoint, f"verification-{setup.run}-publisher", messages, ledger, rate=setup.rate, window=setup.window
    )
    await publisher.connect()
    try:
        yield publisher
    finally:
        await publisher.close()
        with contextlib.suppress(GatewayError):  # a broker that is away: the session expires in an hour
            await forget_session(endpoint, client_id(setup.run))


async def _tell(progress: Progress, publisher: Publisher, messages: int, phases: _Phases) -> None:
    while True:
        progress(publisher.sent, messages, phases.doing)
        await asyncio.sleep(_REPORT_SECONDS)


def _first(errors: ExceptionGroup[GatewayError]) -> GatewayError:
    error: GatewayError | ExceptionGroup[GatewayError] = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
