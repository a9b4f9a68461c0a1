"""`simulators load`: send as many messages as a broker takes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simulators.broker import DEFAULT_URL
from simulators.cli.options import REMEDY, PasswordFile, Url, Username, broker, standard_error
from simulators.cli.running import showing, stopping_at_signals
from simulators.load.connection import BrokerFailedError
from simulators.load.frames import VALUES
from simulators.load.generator import Generator, Load

_PERMISSION = "--i-may-load-this-broker"


def load(
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    topics: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Topics; with few, times run ahead of the clock.")
    ] = 500,
    messages: Annotated[int, typer.Option(min=1, help="Messages in all.")] = 100_000,
    values: Annotated[int, typer.Option(min=1, max=5_000, help="Values in a message, beside its time.")] = VALUES,
    qos: Annotated[int, typer.Option(min=0, max=1, help="Quality of service.")] = 1,
    rate: Annotated[
        float | None, typer.Option(min=1, help="Messages a second in all; else as many as it takes.")
    ] = None,
    publishers: Annotated[int, typer.Option(min=1, max=1_000, help="Connections; each has topics of its own.")] = 1,
    window: Annotated[
        int, typer.Option(min=1, max=65_535, help="Unacknowledged messages of a connection; the broker may lower it.")
    ] = 2_000,
    duration: Annotated[float | None, typer.Option(min=0, help="Send nothing after so many seconds.")] = None,
    permission: Annotated[
        bool, typer.Option(_PERMISSION, help="Needed where the broker is not on this machine.")
    ] = False,
) -> None:
    """Send messages as fast as the broker takes them, or at a rate; print counts as JSON when all are acknowledged."""
    target = broker(url, username, password_file)
    if not (target.is_loopback or permission):
        raise typer.BadParameter(
            f"{target} is another machine, and this may stop a factory; if you may, say {_PERMISSION}",
            param_hint="--url",
        )
    wanted = Load(
        topics=topics,
        messages=messages,
        qos=1 if qos else 0,
        rate=rate,
        publishers=publishers,
        window=window,
        seconds=duration,
        values=values,
    )
    try:
        generator = Generator(target, wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--publishers") from error
    notes = standard_error()
    failed = False
    try:
        asyncio.run(_run(generator, messages, notes))
    except BrokerFailedError as error:
        failed = True
        notes.print(f"{error}." if generator.published else f"{error}. {REMEDY}.")
    summary = {
        "published": generator.published,
        "acknowledged": generator.acknowledged,
        "seconds": round(generator.seconds, 6),
        "cpu_seconds": round(generator.cpu_seconds, 6),
    }
    typer.echo(orjson.dumps(summary).decode())
    if failed or (qos and generator.acknowledged < generator.published):
        raise typer.Exit(1)


async def _run(generator: Generator, messages: int, notes: Console) -> None:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    with stopping_at_signals(generator.stop), progress:
        async with showing(_show(generator, messages, progress)):
            await generator.run()


async def _show(generator: Generator, messages: int, progress: Progress) -> None:
    bar = progress.add_task("Publishing", total=messages)
    while True:
        await asyncio.sleep(0.5)
        progress.update(bar, completed=generator.published)
