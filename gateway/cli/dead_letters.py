"""`gateway dead-letters`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from gateway import dead_letters
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, out, print_json, show_text, show_time
from gateway.dead_letters import Kept
from gateway.settings import load
from gateway.spool import Kind

MAX_SHOWN = 4096

app = typer.Typer(help="Look at what could not be understood or stored, and why.", no_args_is_help=True)


@app.callback()
def callback() -> None:
    """Look at what could not be understood or stored, and why."""


@app.command("list")
def list_letters(
    config: ConfigOption = DEFAULT_CONFIG,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    reason: Annotated[str, typer.Option(help="Only with a reason that contains this.")] = "",
    topic: Annotated[str, typer.Option(help="Only with a topic that contains this.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """List dead letters, counted by reason and topic, then the latest of them."""
    spool = load(config).spool.path
    counted = [one for one in dead_letters.tallies(spool, kind) if reason in one.reason and topic in one.topic]
    kept = dead_letters.letters(spool, kind=kind, reason=reason, topic=topic, limit=limit)
    if json:
        print_json({"counts": [asdict(one) for one in counted], "letters": [_plain(one) for one in kept]})
        return
    if not counted:
        done("no dead letters")
        return
    table = Table("kind", "reason", "topic", "seen", "kept", "last", box=None)
    for one in counted[:limit]:
        table.add_row(
            one.kind,
            show_text(one.reason),
            show_text(one.topic),
            f"{one.seen:,}",
            f"{one.kept:,}",
            show_time(one.last_ns),
        )
    out.print(table)
    out.print()
    table = Table("number", "received", "topic", "detail", "bytes", box=None)
    for letter in kept:
        table.add_row(
            str(letter.id),
            show_time(letter.received_ns),
            show_text(letter.topic),
            show_text(letter.detail or letter.reason),
            f"{len(letter.payload):,}",
        )
    out.print(table)
    out.print("[dim]`gateway dead-letters show NUMBER` shows one with its bytes[/]")


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="Its number in the list.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Write nothing but its bytes.")] = False,
    json: JsonOption = False,
) -> None:
    """Show one dead letter with its bytes and the reason."""
    letter = dead_letters.letter(load(config).spool.path, number)
    if raw:
        typer.get_binary_stream("stdout").write(letter.payload)
        return
    if json:
        print_json(_plain(letter))
        return
    for key, value in _plain(letter).items():
        if key not in ("payload", "payload_base64") and value not in ("", 0):
            text = show_time(int(str(value))) if key.endswith("_ns") else show_text(str(value), 1000)
            out.print(f"[bold]{key.removesuffix('_ns'):<12}[/] {text}")
    out.print(f"[bold]{'payload':<12}[/] {len(letter.payload):,} bytes")
    out.print(show_text(letter.payload.decode(errors="backslashreplace"), MAX_SHOWN))


def _plain(letter: Kept) -> Mapping[str, object]:
    """Return a letter as JSON types: its payload as text if it is UTF-8, and as base64 in any case."""
    plain: dict[str, object] = asdict(letter)
    try:
        plain["payload"] = letter.payload.decode()
    except UnicodeDecodeError:
        del plain["payload"]
    plain["payload_base64"] = base64.b64encode(letter.payload).decode()
    return plain
