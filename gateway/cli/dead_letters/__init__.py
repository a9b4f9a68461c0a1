"""`gateway dead-letters`."""

from __future__ import annotations

import typer

from gateway.cli.dead_letters.acting import purge, retry
from gateway.cli.dead_letters.export import export
from gateway.cli.dead_letters.looking import list_letters, show

app = typer.Typer(help="Look at what could not be understood or stored, and deal with it.", no_args_is_help=True)


@app.callback()
def callback() -> None:
    """Look at what could not be understood or stored, and deal with it."""


app.command("list")(list_letters)
app.command("show")(show)
app.command("retry")(retry)
app.command("export")(export)
app.command("purge")(purge)
