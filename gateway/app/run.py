"""Runs a gateway: starts its parts, and stops them in an order in which nothing is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection, Mapping, Sequence

import structlog

from gateway import __version__
from gateway.app import memory
from gateway.app.assembly import Assembly
from gateway.app.clock import ClockWatch
from gateway.app.retrying import retrying
from gateway.app.sources import open_companions, open_source
from gateway.catalogue import Catalogue
from gateway.clock import Clock
from gateway.control import Answers, host_applications, serve, socket_of
from gateway.dead_letters import Errands
from gateway.delivery import Delivery
from gateway.errors import GatewayError
from gateway.fail_points import FailPoint, reach
from gateway.normalize import units
from gateway.pipeline import GOODBYE, deliver, ingest, keep_house, pass_time
from gateway.safekeeping import Safekeeping
from gateway.settings.models import Settings
from gateway.sinks import open_sink
from gateway.spool import Spool
from gateway.status import SinkStatus
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
    if assembly.sessions:  # births name units
        threading.Thread(target=units.load, name="units", daemon=True).start()
    until = 0.0
    try:
        adapters = {source: [path.adapter for path in mine.values()] for source, mine in assembly.paths.items()}
        answers = Answers(status, host_applications(adapters), clock.now_ns)
        async with serve(socket_of(spool.path), answers), asyncio.TaskGroup() as tasks:

            def remember(name: str) -> None:
                tasks.create_task(safekeeping.remember(f"session:{name}", "yes"), name=f"remember {name}")

            sources = [
                open_source(assembly, table, clock, safekeeping, remember, translators[table.name].session_lost)
                for table in settings.sources
            ]
            companions = open_companions(assembly, clock, safekeeping)
            linger = settings.spool.linger / 1e9
            ingests = {
                source.name: tasks.create_task(
                    ingest(source, translators[source.name], safekeeping, linger, clock), name=f"ingest {source.name}"
                )
                for source in sources
            }
            connections = {
                source.name: tasks.create_task(source.run(), name=f"source {source.name}")
                for source in [*sources, *companions]
            }
            others = [
                *(tasks.create_task(deliver(way, safekeeping), name=f"deliver {way.name}") for way in deliveries),
                tasks.create_task(pass_time(safekeeping, clock), name="time"),
                tasks.create_task(keep_house(safekeeping), name="house"),
                tasks.create_task(memory.set_aside_new(assembly.states), name="memory"),
                tasks.create_task(errands.run(), name="dead letters"),
            ]
            await stop.wait()
            log.info("The gateway stops")
            until = time.monotonic() + STOP_SECONDS
            await _end_sources(ingests, connections, set(assembly.sessions), until)
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


async def _end_sources(
    ingests: Mapping[str, asyncio.Task[None]],
    connections: Mapping[str, asyncio.Task[None]],
    with_session: Collection[str],
    until: float,
) -> None:
    """End what takes messages, so that all of them are either stored or sent again by the broker.

    A broker that keeps the session sends again what is not acknowledged: first no more is taken; what is being
    committed is still acknowledged, then the connection ends. From others the connection ends first, and what came by
    it, which nobody sends again, is committed.
    """
    owned = [task for name, task in connections.items() if name not in ingests or name in with_session]
    await _end([*owned, *(task for name, task in ingests.items() if name not in with_session)], until)
    if last := [ingests[name] for name in with_session]:
        await asyncio.wait(last, timeout=max(0.1, until - GOODBYE - time.monotonic()))
    await _end([*ingests.values(), *connections.values()], until)


async def _end(tasks: Sequence[asyncio.Task[None]], until: float) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=max(0.1, until - time.monotonic()))


def _first(errors: ExceptionGroup[GatewayError]) -> GatewayError:
    error: GatewayError | ExceptionGroup[GatewayError] = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
