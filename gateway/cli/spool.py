"""`gateway spool`."""

from __future__ import annotations

import time

import typer

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, show_age
from gateway.settings import load
from gateway.settings.quantities import show_size
from gateway.spool import survey

app = typer.Typer(help="Look at the spool, beside a running gateway or without one.", no_args_is_help=True)


@app.callback()
def spool() -> None:
    """Look at the spool, beside a running gateway or without one."""


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False) -> None:
    """Show what waits, for how long, for which sink, and how long the room lasts at the present rate."""
    settings = load(config).spool
    now_ns = time.time_ns()
    found = survey(settings.path, settings.max_bytes, now_ns)
    if json:
        print_json({**found._asdict(), "depth": found.depth._asdict()})
        return
    depth = found.depth
    out.print(f"[bold]{settings.path}[/]  {show_size(depth.size)} of {show_size(settings.max_bytes)}")
    age = f", the oldest for {show_age(now_ns - depth.oldest_ns)}" if depth.oldest_ns else ""
    out.print(f"  {depth.messages:,} messages wait as {depth.points:,} points{age}")
    for sink, behind in found.behind.items():
        out.print(f"  sink {sink}: " + (f"{behind:,} messages behind" if behind else "[green]has everything[/]"))
    if found.hours_left is not None:
        out.print(f"  the room lasts {found.hours_left:,.1f} h at the rate of the last ten minutes")
    if found.held:
        out.print(f"  {found.held:,} messages are held until something is known")
    if found.dead_letters:
        out.print(f"  [yellow]{found.dead_letters:,} dead letters[/]: see `gateway dead-letters list`")
