"""`gateway spool`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, cast

import typer

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, show_age, show_text
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.settings.quantities import show_size
from gateway.spool import Amounts, survey
from gateway.status import JSON

_MANY = 10_000
"""Messages behind which a sink is not just taking the latest."""

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
    seen = _as_the_gateway_sees_them(socket_of(settings.path))
    if json:
        behind = {
            sink: {**amounts._asdict(), **seen.get(sink, _Seen())._asdict()} for sink, amounts in found.behind.items()
        }
        print_json({**found._asdict(), "waiting": found.waiting._asdict(), "behind": behind})
        return
    waiting = found.waiting
    out.print(f"[bold]{settings.path}[/]  {show_size(waiting.size)} of {show_size(settings.max_bytes)}")
    age = f", the oldest for {show_age(now_ns - found.oldest_ns)}" if found.oldest_ns else ""
    out.print(f"  {waiting.messages:,} messages wait as {waiting.points:,} points{age}")
    for sink, lacking in found.behind.items():
        out.print(f"  sink {sink}: {_behind(lacking, seen.get(sink))}", soft_wrap=True)
    if found.hours_left is not None:
        out.print(f"  the room lasts {found.hours_left:,.1f} h at the rate of the last ten minutes")
    if found.held:
        out.print(f"  {found.held:,} messages are held until something is known")
    if found.dead_letters:
        out.print(f"  [yellow]{found.dead_letters:,} dead letters[/]: see `gateway dead-letters list`")


class _Seen(NamedTuple):
    """What only a running gateway knows of a sink."""

    state: str | None = None
    reason: str | None = None
    points_per_second: float | None = None
    gone_in_s: float | None = None


def _as_the_gateway_sees_them(socket: Path) -> dict[str, _Seen]:
    """Return what a running gateway knows of each sink; nothing if none runs."""
    try:
        sinks = cast("dict[str, dict[str, JSON]]", ask(socket)["sinks"])
    except GatewayError:
        return {}
    return {name: _Seen(*(one[key] for key in _Seen._fields)) for name, one in sinks.items()}  # type: ignore[arg-type]  # its status says so


def _behind(lacking: Amounts, seen: _Seen | None) -> str:
    if not lacking.rows:
        return "[green]has everything[/]"
    text = f"{lacking.messages:,} messages behind"
    if seen is None:
        return f"{text}; no gateway runs that would bring them"
    if seen.state != "ready":
        return f"{text}; {seen.state}: {show_text(str(seen.reason))}"
    speed = f"{text}, takes {seen.points_per_second or 0:,.0f} points/s"
    if seen.gone_in_s is not None:
        return f"{speed}, has everything in {show_age(int(seen.gone_in_s * 1e9))}"
    return speed if lacking.messages < _MANY else f"{speed}, and the gap does not close now"
