"""The filters that all commands about dead letters share."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.dead_letters import Selection
from gateway.settings.quantities import parse_duration
from gateway.spool import Kind

Numbers = Annotated[list[int] | None, typer.Argument(help="Numbers of letters, as `list` shows them.")]
KindOption = Annotated[Kind | None, typer.Option("--kind", help="Only of this kind.")]
Reason = Annotated[str, typer.Option("--reason", help="Only with a reason that contains this.")]
Topic = Annotated[
    str,
    typer.Option("--topic", help="Only with a topic that contains this; with + or #, that fits this topic filter."),
]
Source = Annotated[str, typer.Option("--source", help="Only from this source.")]
Sink = Annotated[str, typer.Option("--sink", help="Only what this sink rejected.")]
Since = Annotated[
    str, typer.Option("--since", help="Only received since then: `2h`, `3d` ago, or a time such as 2026-11-20T08:00Z.")
]
Until = Annotated[str, typer.Option("--until", help="Only received before then; written like --since.")]
All = Annotated[bool, typer.Option("--all", help="Every letter there is.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Leave it to the running gateway and return at once.")]


def instant(text: str, option: str, now_ns: int) -> int:
    """Return nanoseconds for a time, or for how long ago it was; 0 for an empty text. Times without a zone are UTC.

    Raises:
        typer.BadParameter: It is neither.
    """
    if not text:
        return 0
    try:
        return max(1, now_ns - parse_duration(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f"{text!r} is neither a duration (2h, 3d) nor a time (2026-11-20, 2026-11-20T08:00Z)"
        raise typer.BadParameter(reason, param_hint=option) from error
    return max(1, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e9))


def select(
    kind: Kind | None,
    reason: str,
    topic: str,
    source: str,
    sink: str,
    since: str,
    until: str,
    *,
    numbers: list[int] | None = None,
    limit: int = 0,
) -> Selection:
    """Return which letters these options mean."""
    now_ns = time.time_ns()
    return Selection(
        kind=kind,
        reason=reason,
        topic=topic,
        source=source,
        sink=sink,
        since_ns=instant(since, "--since", now_ns),
        until_ns=instant(until, "--until", now_ns),
        numbers=tuple(numbers or ()),
        limit=limit,
    )


def require_choice(chosen: Selection, *, all_of_them: bool) -> None:
    """See that it is said which letters are meant.

    Raises:
        typer.BadParameter: It is not; or it is said that all are, and some.
    """
    if chosen.everything and not all_of_them:
        raise typer.BadParameter("say which: numbers, filters, or --all")
    if all_of_them and not chosen.everything:
        raise typer.BadParameter("--all goes with no numbers and no filters")
