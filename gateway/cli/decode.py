"""`gateway decode`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway import app
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, show_text
from gateway.errors import GatewayError
from gateway.settings import load

MAX_SHOWN = 20


def decode(
    payload: Annotated[Path, typer.Argument(help="File with the payload; - for the standard input.")],
    topic: Annotated[str, typer.Option("-t", "--topic", help="Topic of the message.")],
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[str, typer.Option(help="Source it comes from; by default the first with a route for it.")] = "",
    user_property: Annotated[
        list[str] | None, typer.Option("-p", "--property", help="MQTT 5 user property, NAME=VALUE; may be repeated.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show step by step what becomes of one message, to the line protocol, or why nothing does."""
    try:
        content = sys.stdin.buffer.read() if str(payload) == "-" else payload.read_bytes()
    except OSError as error:
        raise GatewayError(f"{payload} cannot be read: {error.strerror}") from error
    pairs = [text.partition("=") for text in user_property or []]
    assembly = app.assemble(load(config), str(config))
    found = app.explain(
        assembly, topic, content, source=source, user_properties=tuple((name, value) for name, _, value in pairs)
    )
    if json:
        print_json(asdict(found))
    else:
        _show(found)
    if found.fate == "quarantined":
        raise typer.Exit(1)


def _show(found: app.Explanation) -> None:
    colour = {"stored": "green", "quarantined": "red"}.get(found.fate, "yellow")
    out.print(f"[bold]source[/]   {found.source}")
    out.print(f"[bold]route[/]    {show_text(found.route or found.nearest or 'none', 300)}")
    for name, text in found.levels.items():
        out.print(f"           {{{name}}} = {show_text(text)}")
    for number, observation in enumerate(found.observations[:MAX_SHOWN], 1):
        out.print(f"[bold]says[/]     {number}")
        for key, value in observation.items():
            out.print(f"           {key}: {show_text(str(value), 300)}")
    _more(len(found.observations))
    for record in found.records[:MAX_SHOWN]:
        out.print(f"[bold]record[/]   [cyan]{show_text(record, 2000)}[/]")
    _more(len(found.records))
    out.print(f"[bold]fate[/]     [{colour}]{found.fate}[/]")
    for reason in found.reasons:
        out.print(f"           {show_text(reason, 300)}")


def _more(number: int) -> None:
    if number > MAX_SHOWN:
        out.print(f"           … and {number - MAX_SHOWN} more")
