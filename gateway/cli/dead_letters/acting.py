"""`gateway dead-letters retry` and `purge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway import app, dead_letters
from gateway.cli.console import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    done,
    err,
    out,
    print_json,
    show_text,
    show_time,
    warn,
)
from gateway.cli.dead_letters.options import (
    All,
    KindOption,
    NoWait,
    Numbers,
    Reason,
    Since,
    Sink,
    Source,
    Topic,
    Until,
    require_choice,
    select,
)
from gateway.control import ask, socket_of
from gateway.dead_letters import Action, Request, Selection
from gateway.errors import GatewayError
from gateway.settings import Settings, load


def retry(
    numbers: Numbers = None,
    config: ConfigOption = DEFAULT_CONFIG,
    kind: KindOption = None,
    reason: Reason = "",
    topic: Topic = "",
    source: Source = "",
    sink: Sink = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=0, help="At most so many, the oldest of a source first; 0 for all.")] = 0,
    *,
    all_of_them: All = False,
    no_wait: NoWait = False,
    json: JsonOption = False,
) -> None:
    """Decode messages again, after the configuration was put right, and send rejected records again.

    What succeeds is stored under its original time and is no dead letter any more; what fails stays one. The exit code
    is 1 if anything failed again.
    """
    settings = load(config)
    chosen = select(kind, reason, topic, source, sink, since, until, numbers=numbers, limit=limit)
    require_choice(chosen, all_of_them=all_of_them)
    _warn_of_an_older_configuration(settings, config)
    request = _carry_out(settings, Action.RETRY, chosen, counts=False, wait=not no_wait, quiet=json)
    if json:
        print_json(_plain(request))
    elif request is None:
        done("no dead letter is meant by that")
    elif request.done:
        _tell_retried(request)
    else:
        out.print(f"the running gateway retries {request.expected:,} dead letters (request {request.id})")
    if request is not None and request.results.failed:
        raise typer.Exit(1)


def purge(
    numbers: Numbers = None,
    config: ConfigOption = DEFAULT_CONFIG,
    kind: KindOption = None,
    reason: Reason = "",
    topic: Topic = "",
    source: Source = "",
    sink: Sink = "",
    since: Since = "",
    until: Until = "",
    *,
    all_of_them: All = False,
    counts: Annotated[
        bool, typer.Option("--counts", help="Forget too how many there were, of what these filters mean.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    json: JsonOption = False,
) -> None:
    """Delete dead letters for good; the room is free for new ones."""
    settings = load(config)
    chosen = select(kind, reason, topic, source, sink, since, until, numbers=numbers)
    require_choice(chosen, all_of_them=all_of_them)
    if counts and (chosen.numbers or chosen.since_ns or chosen.until_ns):
        raise typer.BadParameter("--counts goes with no numbers and no times: letters are not counted by those")
    number = dead_letters.number_of(settings.spool.path, chosen)
    if not yes:
        if not is_terminal():
            raise GatewayError(f"{number} dead letters would be deleted for good: say --yes")
        typer.confirm(f"Delete {number:,} dead letters for good?", abort=True)
    request = _carry_out(settings, Action.PURGE, chosen, counts=counts, wait=not no_wait, quiet=json)
    if json:
        print_json(_plain(request))
    elif request is None:
        done("no dead letter is meant by that")
    elif request.done:
        done(f"{request.results.purged:,} dead letters are deleted")
        _tell_missing(request)
    else:
        out.print(f"the running gateway deletes {request.expected:,} dead letters (request {request.id})")


def is_terminal() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty()


def _carry_out(
    settings: Settings, action: Action, chosen: Selection, *, counts: bool, wait: bool, quiet: bool
) -> Request | None:
    """Do it, and show how far it is; return the request as it is in the end, None if no letter is meant."""
    expected = len(set(chosen.numbers)) or dead_letters.number_of(settings.spool.path, chosen)
    if not expected and not counts:
        return None
    request: Request | None = None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as progress:
        task = progress.add_task(action.value, total=expected)
        try:
            for request in app.carry_out(settings, action, chosen, counts=counts, wait=wait):
                progress.update(task, total=request.expected, completed=request.results.letters)
        except KeyboardInterrupt:
            warn(
                "not waited for: a running gateway goes on with it; without one it ends here, and what is done is done"
            )
            raise
    return request


def _warn_of_an_older_configuration(settings: Settings, config: Path) -> None:
    """Say so if the gateway that runs does not know the configuration as it is now: a retry would fail as before."""
    try:
        started_ns = ask(socket_of(settings.spool.path))["started_ns"]
    except GatewayError:  # none runs
        return
    changed_ns = config.stat().st_mtime_ns
    if isinstance(started_ns, int) and changed_ns > started_ns:
        warn(
            f"the gateway runs since {show_time(started_ns)} and does not know what was changed in {config} at "
            f"{show_time(changed_ns)}: restart it, or letters are decoded as before"
        )


def _tell_retried(request: Request) -> None:
    results = request.results
    done(f"{request.results.letters:,} dead letters were tried again")
    for number, what in (
        (results.stored, "decoded and stored"),
        (results.sent, "rejected records on their way to the sinks again"),
        (results.ignored, "understood, and nothing of them is to be stored"),
    ):
        if number:
            out.print(f"  [green]{number:>8,}[/] {what}")
    if results.failed:
        out.print(f"  [red]{results.failed:>8,}[/] failed again and are kept:")
        for reason, number in sorted(results.reasons.items(), key=lambda item: -item[1]):
            out.print(f"           {number:>8,} {show_text(reason)}")
    _tell_missing(request)


def _tell_missing(request: Request) -> None:
    if request.missing:
        out.print(f"  [yellow]{request.missing:>8,}[/] no longer there")


def _plain(request: Request | None) -> dict[str, object]:
    """Return a request as JSON types, with the same keys whatever became of it."""
    if request is None:
        return {"request": None, "done": True, "letters": 0, **_EMPTY, "missing": 0}
    missing = request.missing if request.done else 0
    results = {**request.results._asdict(), "reasons": dict(request.results.reasons)}
    return {"request": request.id, "done": request.done, "letters": request.expected, **results, "missing": missing}


_EMPTY = dead_letters.Results()._asdict()
