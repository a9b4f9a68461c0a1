"""What all commands share of the terminal: where things go, how they look, and the options that many have."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[
    Path,
    typer.Option("-c", "--config", envvar="GATEWAY_CONFIG", help="The configuration file.", show_default=True),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for a machine to read.")]
DEFAULT_CONFIG = Path("gateway.toml")


def fail(text: str) -> None:
    """Say what went wrong, on the standard error."""
    err.print(f"[red]✗[/] {escape(text)}")


def warn(text: str) -> None:
    """Say what someone should look at, on the standard error."""
    err.print(f"[yellow]![/] {escape(text)}")


def done(text: str) -> None:
    """Say what went well."""
    out.print(f"[green]✓[/] {escape(text)}")


def print_json(thing: object) -> None:
    """Write a thing as one line of JSON, and nothing but that."""
    typer.echo(json.dumps(thing, ensure_ascii=False, default=str))


def show_time(ns: int) -> str:
    """Write a time in UTC, to the millisecond; a dash for none."""
    if not ns:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns // 10**6 % 1000:03}Z"


def show_age(ns: float) -> str:
    """Write how long something is, roughly; nothing is younger than now, though a clock that was set back says so."""
    seconds = max(0.0, ns / 1e9)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def show_text(text: str, limit: int = 120) -> str:
    """Return a device's text so that it can do no harm to a terminal: escaped, cut, and no markup."""
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return escape(escaped + ("…" if len(text) > limit else ""))
