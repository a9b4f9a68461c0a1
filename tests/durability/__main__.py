"""Runs the fault matrix against real servers: see the package.

Exits with 1 if anything was lost, doubled or out of order, or if a part could not be run. The last line of the
standard output is one JSON object; build/durability.md has the same to be read.
"""

from __future__ import annotations

import json as json_
import random
import tempfile
import time
from pathlib import Path
from typing import Annotated

import pytest
import typer
from rich.console import Console
from rich.table import Table

from tests.durability.examine import Row
from tests.durability.parts import FULL, MODES, PARTS, QUICK
from tests.durability.perform import perform
from tests.durability.report import markdown, totals
from tests.durability.watch import Watch

BUILD = Path(__file__).parents[2] / "build"
_WIDTH = 140
"""Columns of the table where there is no terminal."""


def main(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Each fault once, and a fiftieth of the messages.")] = False,
    rows: Annotated[
        str, typer.Option(help=f"Only these parts, with commas between them: {', '.join(PARTS)}.", metavar="NAMES")
    ] = "",
    seed: Annotated[
        int | None, typer.Option(help="Repeats the order of faults of an earlier run.", show_default="a new one")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write nothing but the JSON object.")] = False,
) -> None:
    """Prove that nothing which mosquitto acknowledged is missing from influxd, whatever fails."""
    names = [name.strip() for name in rows.split(",") if name.strip()] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        raise typer.BadParameter(f"there is no {min(unknown)}; there are {', '.join(PARTS)}", param_hint="--rows")
    if seed is None:
        seed = random.SystemRandom().randrange(10**6)
    began = time.monotonic()
    found = _perform_all(names, seed, quick=quick)
    summary = totals(found, seed=seed, seconds=time.monotonic() - began, quick=quick)
    options = " ".join(
        [f"--seed {seed}", *(["--quick"] if quick else []), *([f"--rows {','.join(names)}"] if rows else [])]
    )
    page = BUILD / "durability.md"
    try:
        page.write_text(markdown(found, summary, f'make verify-durability ARGS="{options}"'), encoding="utf-8")
    except pytest.skip.Exception as error:
        typer.echo(str(error), err=True)
    if not json:
        _show(found)
    typer.echo(json_.dumps(summary))
    raise typer.Exit(0 if summary["passed"] else 1)


def _perform_all(names: list[str], seed: int, *, quick: bool) -> list[Row]:
    found: list[Row] = []
    # Not in /tmp, which may be no disk at all. What failed stays, to be looked at.
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="durability-", dir=BUILD))
    with Watch(len(names) * len(MODES)) as watch:
        for name in names:
            for mode in MODES:
                watch.begin(name, mode)
                extent = QUICK if quick else FULL
                of_part = perform(name, PARTS[name], mode, extent, seed, folder / f"{name}-{mode}", watch)
                watch.end(name, mode, of_part)
                found += of_part
    if not any(folder.iterdir()):
        folder.rmdir()
    return found


def _show(rows: list[Row]) -> None:
    columns = ("part", "fault", "acknowledge", "sent", "lost", "doubled", "out of order", "forgotten", "kills", "s")
    table = Table(*columns)
    for row in rows:
        counts = (row.sent, row.lost, row.duplicated + row.wrong, row.out_of_order, row.forgotten_by_broker, row.kills)
        style = None if row.passed else "red"
        table.add_row(row.part, row.fault, row.mode, *(f"{n:,}" for n in counts), f"{row.seconds:.0f}", style=style)
    console = Console()
    console.print(table, width=None if console.is_terminal else _WIDTH)


if __name__ == "__main__":
    typer.run(main)
