"""Runs a gateway: starts its parts, and stops them in an order in which nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from gateway import __version__
from gateway.app import memory
from gateway.app.assembly import Assembly
from gateway.app.clock import ClockWatch
from gateway.app.retrying import retrying
from gateway.catalogue import Catalogue
from gateway.clock import Clock
from gateway.control import serve, socket_of
from gateway.dead_letters import Errands
from gateway.delivery import Delivery
from gateway.errors import GatewayError
from gateway.fail_points import FailPoint, reach
from gateway.mqtt import MqttSource
from gateway.pipeline import deliver, ingest, keep_house, pass_time
from gateway.safekeeping import Safekeeping
from gateway.settings.models import MqttSource as SourceSettings
from gateway.settings.models import Settings
from gateway.sinks import open_sink
from gateway.spool import Spool
from gateway.status import SinkStatus, SourceStatus
from gateway.translator import Translator
from gateway.waiting import Waiting

STOP_SECONDS = 8.0
"""How long the parts may take to end, all together; containers are usually given ten."""
LAST_WRITE_SECONDS = 3.0
"""How much of that is for writes to sinks that are under way: what is not confirmed is repeated at the next start."""

log = structlog.get_logger()


async def run(assembly: Assembly, stop: asyncio.Event) -> None:
    """Run the gateway until `stop` is set.

    A broker or database that is away is waited for.

    Raises:
        GatewayError: It cannot go on: the spool is locked, cannot be opened, or its disk failed.
    """
    settings, status = assembly.settings, assembly.status
    spool = open_spool(settings)
    status.id, status.version = settings.id, __version__
    status.spool.path, status.spool.max_bytes = str(spool.path), settings.spool.max_bytes
    damage = spool.damage()
    status.spool.damage = None if damage is None else damage._asdict()
    clock = Clock()
    ClockWatch(clock, assembly.states, status)
    safekeeping = Safekeeping(
        spool,
        assembly.states,
        assembly.encoder,
        status,
        write_through=settings.spool.acknowledge == "after_sink",
    )
    translators = {source.name: _translator(assembly, source.name, spool) for source in settings.sources}
    deliveries = [_delivery(spool, safekeeping, assembly, number) for number in range(len(settings.sinks))]
    errands = Errands(safekeeping, list(translators), lambda past: retrying(settings, past), status)
    reach(FailPoint.AT_START)
    log.info("The gateway starts", id=settings.id, version=__version__, waiting=spool.account.waiting.messages)
    memory.set_aside()
    until = 0.0
    try:
        async with serve(socket_of(spool.path), status.snapshot), asyncio.TaskGroup() as tasks:

            def source_of(table: SourceSettings) -> MqttSource:
                return _source(
                    assembly, table, spool, lambda: remember(table.name), clock, translators[table.name].session_lost
                )

            def remember(name: str) -> None:
                tasks.create_task(safekeeping.remember(f"session:{name}", "yes"), name=f"remember {name}")

            sources = [source_of(table) for table in settings.sources]
            linger = settings.spool.linger / 1e9
            ingests = [
                tasks.create_task(
                    ingest(source, translators[source.name], safekeeping, linger), name=f"ingest {source.name}"
                )
                for source in sources
            ]
            others = [
                *(tasks.create_task(source.run(), name=f"source {source.name}") for source in sources),
                *(tasks.create_task(deliver(way, safekeeping), name=f"deliver {way.name}") for way in deliveries),
                tasks.create_task(pass_time(list(translators.values()), safekeeping, clock), name="time"),
                tasks.create_task(keep_house(safekeeping), name="house"),
                tasks.create_task(memory.set_aside_new(assembly.states), name="memory"),
                tasks.create_task(errands.run(), name="dead letters"),
            ]
            await stop.wait()
            log.info("The gateway stops")
            until = time.monotonic() + STOP_SECONDS
            # First no more is taken; what is being committed is still acknowledged, then the connections end.
            await _end(ingests, until)
            await _end(others, until)
    except* GatewayError as errors:
        raise _first(errors) from None
    finally:
        until = min(until or float("inf"), time.monotonic() + LAST_WRITE_SECONDS)
        for way in deliveries:
            way.close(max(0.1, until - time.monotonic()))
        await safekeeping.close()
        log.info("The gateway has stopped", waiting=spool.account.waiting.messages)


def open_spool(settings: Settings) -> Spool:
    """Open the spool of these settings for writing."""
    table = settings.spool
    return Spool(
        table.path,
        [sink.name for sink in settings.sinks],
        max_bytes=table.max_bytes,
        min_free=table.min_free,
        drop_oldest=table.when_full == "drop_oldest",
        max_dead_letters=table.max_dead_letters,
        keep_per_reason=table.keep_per_reason,
    )


def _translator(assembly: Assembly, source: str, spool: Spool) -> Translator:
    waiting = Waiting(assembly.settings.spool.max_held)
    for held in spool.held():
        if held.source == source:
            waiting.add(held.key, held.message)
    translator = Translator(
        source,
        assembly.routers[source],
        assembly.paths[source],
        assembly.encoder,
        spool.redelivery(source),
        waiting,
        Catalogue(spool.catalogue()),
        assembly.status,
    )
    translator.recall(spool.remembered(source))
    return translator


def _source(
    assembly: Assembly,
    table: SourceSettings,
    spool: Spool,
    remember: Callable[[], None],
    clock: Clock,
    session_lost: Callable[[], None],
) -> MqttSource:
    router = assembly.routers[table.name]
    status = assembly.status.sources.setdefault(table.name, SourceStatus(url=table.url))
    return MqttSource(
        table,
        client_id=f"{assembly.settings.id}-{table.name}",
        subscriptions=router.subscriptions,
        status=status,
        had_session=spool.state(f"session:{table.name}") == "yes",
        remember_session=remember,
        winner=router.winner if router.overlapping else None,
        clock=clock,
        session_lost=session_lost,
    )


def _delivery(spool: Spool, safekeeping: Safekeeping, assembly: Assembly, number: int) -> Delivery:
    table = assembly.settings.sinks[number]
    status = assembly.status.sinks.setdefault(table.name, SinkStatus())
    newest_first = table.order == "newest_first"
    way = Delivery(
        open_sink(table),
        spool.reader(newest_first=newest_first),
        status,
        spool.account.progress[table.name].copy(),
        newest_first,
        table.backlog_rate,
    )
    safekeeping.ways.append(way)
    return way


async def _end(tasks: Sequence[asyncio.Task[None]], until: float) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=max(0.1, until - time.monotonic()))


def _first(errors: ExceptionGroup[GatewayError]) -> GatewayError:
    error: GatewayError | ExceptionGroup[GatewayError] = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
