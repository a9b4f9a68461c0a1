"""`gateway dead-letters list` and `show`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from gateway import dead_letters
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, out, print_json, show_text, show_time
from gateway.cli.dead_letters.options import KindOption, Reason, Since, Sink, Source, Topic, Until, select
from gateway.dead_letters import Request, Tally
from gateway.settings import load

MAX_SHOWN = 4096


def list_letters(
    config: ConfigOption = DEFAULT_CONFIG,
    kind: KindOption = None,
    reason: Reason = "",
    topic: Topic = "",
    source: Source = "",
    sink: Sink = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """List dead letters: counted by reason, then the latest of them."""
    spool = load(config).spool.path
    chosen = select(kind, reason, topic, source, sink, since, until, limit=limit)
    counted = dead_letters.tallies(spool, chosen)
    kept = dead_letters.letters(spool, chosen)
    pending = [request for request in dead_letters.requests(spool) if not request.done]
    reasons = _by_reason(counted)
    if json:
        print_json(
            {
                "reasons": reasons,
                "counts": [one._asdict() for one in counted],
                "letters": [dead_letters.plain(one) for one in kept],
                "requests": [_plain_request(one) for one in pending],
            }
        )
        return
    if not counted and not kept:
        done("no dead letters")
    else:
        _show_reasons(reasons, limit)
        table = Table("number", box=None)
        table.add_column("received", no_wrap=True)
        table.add_column("topic", overflow="fold")
        table.add_column("detail", overflow="fold")
        table.add_column("bytes")
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
    for request in pending:
        out.print(
            f"[yellow]{request.action.value} {request.id}[/] is at work: {request.results.letters:,} of "
            f"{request.expected:,} letters"
        )


def show(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of letters, as `list` shows them.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Write nothing but the bytes of one letter.")] = False,
    json: JsonOption = False,
) -> None:
    """Show dead letters with their bytes and the reason."""
    spool = load(config).spool.path
    if raw and len(numbers) > 1:
        raise typer.BadParameter("--raw shows one letter")
    for place, number in enumerate(numbers):
        letter = dead_letters.letter(spool, number)
        if raw:
            typer.get_binary_stream("stdout").write(letter.payload)
        elif json:
            print_json(dead_letters.plain(letter))
        else:
            if place:
                out.print()
            for key, value in dead_letters.plain(letter).items():
                if key not in ("payload", "payload_base64") and value not in ("", 0, [], False):
                    text = show_time(int(str(value))) if key.endswith("_ns") else show_text(str(value), 1000)
                    out.print(f"[bold]{key.removesuffix('_ns'):<15}[/] {text}")
            out.print(f"[bold]{'payload':<15}[/] {len(letter.payload):,} bytes")
            out.print(show_text(letter.payload.decode(errors="backslashreplace"), MAX_SHOWN))


def _by_reason(counted: Sequence[Tally]) -> list[dict[str, str | int]]:
    """Sum up by kind and reason, the most frequent first."""
    groups: defaultdict[tuple[str, str], list[Tally]] = defaultdict(list)
    for one in counted:
        groups[one.kind, one.reason].append(one)
    summed: list[dict[str, str | int]] = [
        {
            "kind": kind,
            "reason": reason,
            "seen": sum(one.seen for one in group),
            "kept": sum(one.kept for one in group),
            "topics": len({one.topic for one in group}),
            "last_ns": max(one.last_ns for one in group),
        }
        for (kind, reason), group in groups.items()
    ]
    return sorted(summed, key=lambda one: -int(one["seen"]))


def _show_reasons(reasons: Sequence[dict[str, str | int]], limit: int) -> None:
    table = Table("kind", "reason", "seen", "kept", "topics", "last", box=None)
    for one in reasons[:limit]:
        table.add_row(
            str(one["kind"]),
            show_text(str(one["reason"])),
            f"{one['seen']:,}",
            f"{one['kept']:,}",
            f"{one['topics']:,}",
            show_time(int(one["last_ns"])),
        )
    out.print(table)
    out.print()


def _plain_request(request: Request) -> dict[str, object]:
    return {
        "request": request.id,
        "action": request.action.value,
        "letters": request.expected,
        "done": request.results.letters,
    }
