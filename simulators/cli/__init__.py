"""The command `simulators`: machines without hardware, in plants whose answers are known.

Exit codes: 0 done, 1 failed at run time, 2 wrong arguments.
"""

from __future__ import annotations

import typer

from simulators.cli.config import show_configuration
from simulators.cli.edge_nodes import run_edge_nodes
from simulators.cli.expect import show_expectation
from simulators.cli.list import list_all
from simulators.cli.load import load
from simulators.cli.record import record
from simulators.cli.replay import replay
from simulators.cli.run import run
from simulators.cli.show import show

app = typer.Typer(
    help="Machines without hardware: simulated telemetry over MQTT.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its traceback shows local variables, and one may be a password
)
app.command("list")(list_all)
app.command("run")(run)
app.command("expect")(show_expectation)
app.command("config")(show_configuration)
app.command("edge-nodes")(run_edge_nodes)
app.command("load")(load)
app.command("show")(show)
app.command("record")(record)
app.command("replay")(replay)


def main() -> None:
    """Run the command line and exit."""
    app(prog_name="simulators")
