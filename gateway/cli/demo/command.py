"""`gateway demo`: a whole plant on a laptop, to see values flow."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from gateway import app, logs
from gateway.cli.console import JsonOption, done, err, out, print_json, warn
from gateway.cli.demo.plant import configuration, machines
from gateway.cli.demo.view import View
from gateway.embedded_broker import broker, free_port
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.sinks.historian import Historian
from gateway.status import JSON, Status

DRAIN_SECONDS = 30.0
"""How long the demo waits at its end for what is on its way."""


def demo(
    duration: Annotated[float | None, typer.Option(min=1, help="End after so many seconds; else at Ctrl-C.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep broker, spool, historian and logs in this folder; else they are deleted.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other machines.")] = 1,
    *,
    json: JsonOption = False,
) -> None:
    """Show values flow: an embedded broker, simulated machines, the gateway and a store. Nothing to install."""
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as temporary:
        folder = data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        summary = asyncio.run(_demo(folder, duration, seed, quiet=json))
        if json:
            print_json(summary)
        else:
            _show(summary, data)
    if summary["waiting"]:
        raise GatewayError(f"{summary['waiting']} messages had not reached the store after {DRAIN_SECONDS:.0f} s")


async def _demo(folder: Path, duration: float | None, seed: int, *, quiet: bool) -> dict[str, JSON]:
    port = free_port()
    config = folder / "gateway.toml"
    config.write_text(await configuration(port))
    settings = load(config)
    with (folder / "gateway.log").open("a") as log:
        logs.configure(settings.log.level, "json", log)
        assembly = app.assemble(settings, str(config))
        historian = folder / "historian.db"
        started = time.monotonic()
        async with broker(port, folder), asyncio.TaskGroup() as tasks:
            stop = asyncio.Event()
            gateway = tasks.create_task(app.run(assembly, stop), name="gateway")
            await _connected(assembly.status)
            async with machines(port, folder, seed) as plant:
                enough = _enough(duration)
                if not quiet and not err.is_terminal:
                    err.print("Fifty machines talk to the gateway; a summary follows at the end")
                view = View(assembly.status, historian)
                with Live(view.draw(err.height), console=err, refresh_per_second=2, transient=True) as live:
                    while not enough.is_set():
                        plant.check()
                        if not quiet and err.is_terminal:
                            live.update(view.draw(err.height))
                        await _wait(enough, 0.5)
                published = await plant.stop()
            await _drained(assembly.status, published)
            seconds = time.monotonic() - started
            stop.set()
            await gateway
        with Historian(historian) as store:
            points = store.point_count()
    counts = assembly.status.messages
    return {
        "received": counts.received,
        "stored": counts.stored,
        "quarantined": counts.quarantined,
        "waiting": counts.waiting,
        "ignored": counts.ignored,
        "published": published,
        "points": points,
        "seconds": round(seconds, 3),
    }


def _enough(duration: float | None) -> asyncio.Event:
    """Return an event that is set when the demo has lasted long enough, or at Ctrl-C or SIGTERM."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    if duration is not None:
        loop.call_later(duration, event.set)
    return event


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _connected(status: Status) -> None:
    """Wait for the gateway's subscriptions: what is published before them is nobody's."""
    if not await _until(lambda: all(source.state == "connected" for source in status.sources.values())):
        raise GatewayError("the gateway does not get a connection to the embedded broker")


async def _drained(status: Status, published: int) -> None:
    """Wait until everything that the broker took from the machines has reached the store, but not for ever."""
    await _until(lambda: status.messages.received >= published and not status.messages.waiting)


async def _until(condition: Callable[[], bool]) -> bool:
    """Watch the status of the gateway, which is made to be looked at, until it is as it should be."""
    until = time.monotonic() + DRAIN_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.05)
    return True


def _show(summary: dict[str, JSON], data: Path | None) -> None:
    done(f"{summary['received']:,} messages received in {summary['seconds']:.0f} s, all of them acknowledged")
    done(f"{summary['stored']:,} stored as {summary['points']:,} points")
    for fate in ("quarantined", "waiting", "ignored"):
        if summary[fate]:
            warn(f"{summary[fate]:,} {fate}")
    if data is None:
        out.print("[dim]Keep everything to look at it: gateway demo --data demo[/]")
    else:
        out.print(f"[dim]Look at it: gateway spool status -c {data}/gateway.toml; historian.db is a SQLite file[/]")
