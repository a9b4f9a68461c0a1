"""`gateway sparkplug`."""

from __future__ import annotations

import typer

from gateway.cli.sparkplug.nodes import nodes
from gateway.cli.sparkplug.rebirth import rebirth
from gateway.cli.sparkplug.watch import watch
from gateway.cli.sparkplug.write import write

app = typer.Typer(help="Look at the Sparkplug nodes that the running gateway hears.", no_args_is_help=True)


@app.callback()
def callback() -> None:
    """Look at the Sparkplug nodes that the running gateway hears, and have them say everything again."""


app.command("nodes")(nodes)
app.command("rebirth")(rebirth)
app.command("watch")(watch)
app.command("write")(write)
