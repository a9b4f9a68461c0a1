"""A load in progress: a bar while it goes on, and a JSON object of what it came to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import NamedTuple, Protocol

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulators.broker import Broker
from simulators.cli.options import remedy, standard_error
from simulators.cli.running import showing, stopping_at_signals
from simulators.load.connection import BrokerFailedError
from simulators.load.latency import Latency, StoreError, Watch

_REACHED = 0.98
"""Less of the rate that was asked for is told."""
_BUSY = 0.9
"""Share of a core, from which on it is this process that can do no more."""


class Running(Protocol):
    """A load: of machines, or of messages that were made beforehand."""

    seconds: float
    cpu_seconds: float

    @property
    def published(self) -> int:
        """Messages sent so far."""

    @property
    def acknowledged(self) -> int:
        """Messages acknowledged so far."""

    def stop(self) -> None:
        """Send nothing more."""

    async def run(self) -> None:
        """Send it all."""


class Loading(NamedTuple):
    """A load, and what was asked for.

    Attributes:
        load: It.
        messages: Messages in all; None: no bound.
        seconds: Time until the last one; None: no bound.
        rate: Messages a second; None: as many as possible.
        qos: Whether acknowledgements are to come.
        about: What stands in the summary beside the counts.
        watch: Looks for the messages in a store.
    """

    load: Running
    messages: int | None
    seconds: float | None
    rate: float | None
    qos: int
    about: Mapping[str, int | float | str | None]
    watch: Watch | None = None


def run(loading: Loading, target: Broker, *, quiet: bool) -> None:
    """Run a load, show how it goes on a terminal, and print a JSON object of what it came to.

    Args:
        loading: The load.
        target: Where to.
        quiet: Whether nothing else is said at its end.

    Raises:
        typer.Exit: It failed, or messages were not acknowledged or not found in the store.
    """
    notes = standard_error()
    load, watch = loading.load, loading.watch
    failed = False
    latency = None
    try:
        with nullcontext() if watch is None else watch:
            asyncio.run(_run(loading, notes))
            latency = None if watch is None else watch.finish()
    except BrokerFailedError as error:
        failed = True
        notes.print(f"{error}." if load.published else f"{error}. {remedy(target)}.")
    except StoreError as error:
        failed = True
        notes.print(f"{error}.")
    if not quiet:
        _tell(loading, latency, notes)
    typer.echo(orjson.dumps(_summary(loading, latency)).decode())
    if failed or (loading.qos and load.acknowledged < load.published) or (latency is not None and latency.missing):
        raise typer.Exit(1)


def _rate(load: Running) -> float:
    return load.published / load.seconds if load.seconds else 0.0


def _summary(loading: Loading, latency: Latency | None) -> dict[str, object]:
    load = loading.load
    return {
        "published": load.published,
        "acknowledged": load.acknowledged,
        "seconds": round(load.seconds, 6),
        "cpu_seconds": round(load.cpu_seconds, 6),
        "messages_per_second": round(_rate(load), 1),
        "cpu_us_per_message": round(load.cpu_seconds / load.published * 1e6, 2) if load.published else None,
        **loading.about,
        "latency": None if latency is None else latency._asdict(),
    }


def _tell(loading: Loading, latency: Latency | None, notes: Console) -> None:
    load, rate = loading.load, _rate(loading.load)
    if not load.published:
        return
    cost = load.cpu_seconds / load.published * 1e6
    notes.print(f"{load.published:,} messages, {rate:,.0f} a second, each {cost:.1f} us of one processor core.")
    if loading.rate is not None and rate < _REACHED * loading.rate:
        busy = load.cpu_seconds / load.seconds
        what = "this process is at its limit" if busy > _BUSY else "the broker, or this computer, does no more"
        notes.print(f"That is less than the {loading.rate:,.10g} that were asked for: {what}.")
    if latency is not None:
        notes.print(
            f"From publishing to readable in the store: median {latency.median_ms} ms, 99 % within {latency.p99_ms} ms,"
            f" all within {latency.max_ms} ms ({latency.messages:,} messages, known to {latency.resolution_ms} ms);"
            f" {latency.missing:,} were not found."
        )


async def _run(loading: Loading, notes: Console) -> None:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    with stopping_at_signals(loading.load.stop), progress:
        async with showing(_show(loading, progress)):
            await loading.load.run()


async def _show(loading: Loading, progress: Progress) -> None:
    """Show what has been done of what bounds the load, messages or seconds."""
    total = loading.messages if loading.messages is not None else loading.seconds
    bar = progress.add_task("Connecting", total=total, figures="")
    began, before, published = 0.0, time.monotonic(), 0
    while True:
        await asyncio.sleep(0.5)
        now, last, published = time.monotonic(), published, loading.load.published
        if published and not began:
            began = before
        figures = f"{published:,} messages, {(published - last) / (now - before):,.0f}/s"
        before = now
        if loading.watch is not None and (median := loading.watch.latency().median_ms) is not None:
            figures += f", {median:.0f} ms to the store"
        done = published if loading.messages is not None else now - began if began else 0.0
        description = "Publishing" if published else "Connecting"
        progress.update(bar, completed=done, description=description, figures=figures)
