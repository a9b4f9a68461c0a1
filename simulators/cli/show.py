"""`simulators show`: the signals of a kind of machine over a day, as a picture or on the terminal."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulators.cli.options import standard_error
from simulators.cli.progress import progress
from simulators.machines import MACHINES
from simulators.show.day import TOTAL, Day, live
from simulators.show.terminal import Sparklines

USUAL_DAY = date(2026, 3, 2)
"""A Monday."""


def show(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="A kind of machine, see `simulators list`.")],
    *,
    output: Annotated[
        Path | None, typer.Option(help="Write a picture into this .png file instead; needs matplotlib.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another machine.")] = 1,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day, from midnight in UTC.")] = None,
) -> None:
    """Show the signals of a machine over a day of two shifts, with the plant around it that it needs."""
    if machine not in MACHINES:
        raise typer.BadParameter(
            f"there is no machine {machine!r}: there are {', '.join(MACHINES)}", param_hint="MACHINE"
        )
    if output is not None and output.suffix.lower() != ".png":
        raise typer.BadParameter("say a file that ends in .png", param_hint="--output")
    if output is not None:
        _see_that_pictures_can_be_made()
    with progress("Living", TOTAL) as advance:
        lived = live(machine, seed, USUAL_DAY if day is None else day.date(), advance)
    if output is None:
        Console().print(Sparklines(lived))
    else:
        _draw(lived, output)


def _see_that_pictures_can_be_made() -> None:
    try:
        import matplotlib as _  # noqa: F401, ICN001, PLC0415  # only who wants pictures needs it
    except ImportError as error:
        standard_error().print(
            "A picture needs matplotlib: install it with `pip install 'factory-telemetry-gateway[pictures]'`. "
            "Without --output the signals are shown on the terminal."
        )
        raise typer.Exit(1) from error


def _draw(lived: Day, output: Path) -> None:
    from simulators.show.picture import draw  # noqa: PLC0415  # it needs matplotlib

    try:
        draw(lived, output)
    except OSError as error:
        standard_error().print(f"{output}: {error.strerror}")
        raise typer.Exit(1) from error
    typer.echo(f"Wrote {output}.")
