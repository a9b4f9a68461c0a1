"""`gateway spool`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, cast

import typer

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, show_age
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.settings.quantities import show_size
from gateway.spool import Amounts, survey

app = typer.Typer(help="Look at the spool, beside a running gateway or without one.", no_args_is_help=True)


@app.callback()
def spool() -> None:
    """Look at the spool, beside a running gateway or without one."""


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """Show what waits, for how long, for which sink, when it will be gone, and how long the room lasts."""
    settings = load(config).spool
    now_ns = time.time_ns()
    found = survey(settings.path, settings.max_bytes, now_ns)
    rates = _rates_of_the_gateway(socket_of(settings.path))
    if json:
        behind = {
            sink: {**amounts._asdict(), **rates.get(sink, _Rates(None, None))._asdict()}
            for sink, amounts in found.behind.items()
        }
        print_json({**found._asdict(), "waiting": found.waiting._asdict(), "behind": behind})
        return
    waiting = found.waiting
    out.print(f"[bold]{settings.path}[/]  {show_size(waiting.size)} of {show_size(settings.max_bytes)}")
    age = f", the oldest for {show_age(now_ns - found.oldest_ns)}" if found.oldest_ns else ""
    out.print(f"  {waiting.messages:,} messages wait as {waiting.points:,} points{age}")
    for sink, lacking in found.behind.items():
        out.print(f"  sink {sink}: {_behind(lacking, rates.get(sink))}")
    if found.hours_left is not None:
        out.print(f"  the room lasts {found.hours_left:,.1f} h at the rate of the last ten minutes")
    if found.held:
        out.print(f"  {found.held:,} messages are held until something is known")
    if found.dead_letters:
        out.print(f"  [yellow]{found.dead_letters:,} dead letters[/]: see `gateway dead-letters list`")


class _Rates(NamedTuple):
    """What only a running gateway knows of a sink."""

    points_per_second: float | None
    gone_in_s: float | None


def _rates_of_the_gateway(socket: Path) -> dict[str, _Rates]:
    """Return the rates by sink; none if no gateway runs."""
    try:
        sinks = cast("dict[str, dict[str, float | None]]", ask(socket)["sinks"])
    except GatewayError:
        return {}
    return {name: _Rates(one["points_per_second"], one["gone_in_s"]) for name, one in sinks.items()}


def _behind(lacking: Amounts, rates: _Rates | None) -> str:
    if not lacking.rows:
        return "[green]has everything[/]"
    text = f"{lacking.messages:,} messages behind"
    if rates is None:
        return f"{text}; no gateway runs that would bring them"
    if rates.gone_in_s is not None:
        gone = show_age(int(rates.gone_in_s * 1e9))
        return f"{text}, takes {rates.points_per_second:,.0f} points/s, has everything in {gone}"
    return f"{text}, and the gap does not close now" if rates.points_per_second else f"{text}, takes nothing now"
