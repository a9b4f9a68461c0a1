"""`simulators run`: publish what the machines of a scenario say."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.status import Status

from simulators.broker import DEFAULT_URL
from simulators.cli.options import REMEDY, AsJson, PasswordFile, Url, Username, broker, standard_error
from simulators.cli.running import showing, stopping_at_signals
from simulators.publisher import BrokerRefusedError, Counts, Protocol, Publisher
from simulators.scenarios import SCENARIOS

_LINE_EVERY_SECONDS = 10
"""Where there is no terminal the state is a line in somebody's log."""


def run(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario; see `simulators list`.")],
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    protocol: Annotated[Protocol, typer.Option(help="Version of MQTT.")] = "5",
    duration: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many messages.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other machines.")] = 1,
    rate: Annotated[float, typer.Option(min=0.001, help="Take samples so many times as often.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Publish what the machines of a scenario say, at the pace of the clock, until stopped (Ctrl-C, SIGTERM)."""
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise typer.BadParameter(f"there is no scenario {scenario!r}; there are {known}", param_hint="SCENARIO")
    target = broker(url, username, password_file)
    notes = standard_error()

    def tell(trouble: str) -> None:
        notes.print(f"{trouble}." if publisher.counts.connections else f"{trouble}. {REMEDY}.")

    try:
        publisher = Publisher(SCENARIOS[scenario].stations(seed), target, protocol=protocol, rate=rate, tell=tell)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--rate") from error
    began = time.monotonic()
    failure = None
    try:
        asyncio.run(_run(publisher, notes, duration, count))
    except BrokerRefusedError as error:
        failure = f"{error}. Check --username, --password-file and --protocol."
    else:
        if not publisher.counts.connections:
            failure = f"No broker that speaks MQTT {protocol} answered at {target}."
    _summarize(publisher.counts, time.monotonic() - began, as_json=as_json)
    if failure is not None:
        notes.print(failure)
        raise typer.Exit(1)


async def _run(publisher: Publisher, notes: Console, duration: float | None, count: int | None) -> None:
    with stopping_at_signals(publisher.stop), notes.status("Connecting") as status:
        async with showing(_show(publisher.counts, notes, status)):
            await publisher.run(duration=duration, count=count)


async def _show(counts: Counts, notes: Console, status: Status) -> None:
    """Show the state: on a terminal all the time, elsewhere as a line now and then."""
    seconds = published = 0
    while True:
        await asyncio.sleep(1)
        seconds += 1
        line = (
            f"{'Connected' if counts.connected else 'Not connected'}: {counts.published:,} published, "
            f"{counts.acknowledged:,} acknowledged, {counts.published - published:,}/s"
        )
        published = counts.published
        if notes.is_terminal:
            status.update(line)
        elif seconds % _LINE_EVERY_SECONDS == 0:
            notes.print(line)


def _summarize(counts: Counts, seconds: float, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "published": counts.published,
            "acknowledged": counts.acknowledged,
            "skipped": counts.skipped,
            "connections": counts.connections,
            "seconds": round(seconds, 3),
        }
        typer.echo(orjson.dumps(summary).decode())
        return
    sentence = f"Published {counts.published:,} messages in {seconds:.1f} s, {counts.acknowledged:,} were acknowledged"
    if counts.skipped:
        sentence += f"; {counts.skipped:,} samples were left out because they were late"
    typer.echo(f"{sentence}.")
