"""What `gateway verify-durability` says: before, meanwhile and at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gateway.cli.console import done, err, fail, out, warn
from gateway.embedded_broker import WINDOW
from gateway.verification import Kind, Setup
from gateway.verification import Progress as Tell
from gateway.verification.messages import ROOT
from gateway.verification.report import Report, tables

_WORDS = {
    "lost": "messages lost: the broker acknowledged them, and they are not in the database",
    "wrong": "points in the database that nobody sent so",
    "duplicated": "messages more than once in the database",
    "out_of_order": "messages out of order",
}


@contextmanager
def progress_of(setups: Sequence[Setup], kills: int) -> Iterator[Iterator[Tell]]:
    """Show on a terminal how far each run is, and elsewhere one line when it begins."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("messages"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as progress:

        def tellers() -> Iterator[Tell]:
            for setup in setups:
                mode = setup.mode.replace("_", " ")
                if not err.is_terminal:
                    err.print(f"{setup.messages:,} messages, acknowledged {mode}, {kills} deaths of the gateway")
                yield _teller(progress, progress.add_task("", total=setup.messages), mode)

        yield tellers()


def _teller(progress: Progress, task: TaskID, mode: str) -> Tell:
    def tell(done: int, of: int, doing: str) -> None:
        progress.update(task, completed=done, total=of, description=f"{mode}: {doing}")

    return tell


def explain(setups: Sequence[Setup], kills: int, target: str, *, yes: bool) -> None:
    """Say what will be done, and let the user agree.

    Raises:
        typer.Exit: The user does not.
    """
    first = setups[0]
    messages = sum(setup.messages for setup in setups)
    for line in (
        f"publishes {messages:,} small messages to {first.broker.url}, {first.rate:.0f} a second at most,",
        f"  on topics below {ROOT}/{first.run.rpartition('-after')[0]}-..., at QoS 1, not retained",
        "runs a gateway of its own beside yours, with client ids that begin with verification-,",
        f"  and kills it {kills} times{' in each mode' if len(setups) > 1 else ''}",
        f"  broker, database and your own gateway are not touched; its spool is in {first.folder.parent}",
        f"writes about {messages:,} points into {target}, and reads them back",
    ):
        err.print(escape(line))
    if yes:
        return
    if not sys.stdin.isatty():
        fail("Nobody can be asked here: say --yes")
        raise typer.Exit(2)
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(1)


def say_what_is_left(setups: Sequence[Setup], target: str) -> None:
    """Say what stays behind on a plant's servers."""
    runs = ", ".join(setup.run for setup in setups)
    measurements = ", ".join(kind.measurement for kind in Kind)
    err.print(
        escape(f"{target} keeps the points of {measurements} with the tag run = {runs}; the broker keeps nothing")
    )


def show(report: Report, keep: Path | None) -> None:
    """Write the report."""
    for table in tables(report.rows):
        out.print(table)
    for trouble in report.troubles:
        warn(trouble)
    for kind, words in _WORDS.items():
        if report.total(kind):
            fail(f"{report.total(kind):,} {words}:")
            for line in report.shown(kind):
                err.print(f"    {escape(line)}")
    if again := report.total("redelivered_without_dup"):
        out.print(
            f"[dim]{again:,} of the messages without a time of their own are there twice: this broker sends up to "
            f"{WINDOW} again after each death of the gateway and does not mark them (DUP)[/]"
        )
    if uncertain := sum(outcome.verdict.uncertain for outcome in report.outcomes):
        out.print(f"[dim]{uncertain:,} messages were not acknowledged by the broker: they do not count[/]")
    if not report.failed:
        acknowledged, kills = report.total("acknowledged"), report.total("kills")
        done(f"{acknowledged:,} messages acknowledged, {kills} deaths of the gateway, nothing lost")
    where = f", or look into {keep}" if keep else ""
    out.print(f"[dim]{report.seconds:.0f} s; the same faults again: --seed {report.seed}{where}[/]")
