"""The command `simulators`: run a scenario, list them all, run Sparkplug edge nodes, or load a broker.

Exit codes: 0 done, 1 failed at run time, 2 wrong arguments.
"""

from __future__ import annotations

import typer

from simulators.cli.edge_nodes import run_edge_nodes
from simulators.cli.list import list_scenarios
from simulators.cli.load import load
from simulators.cli.run import run

app = typer.Typer(
    help="Machines without hardware: simulated telemetry over MQTT.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its traceback shows local variables, and one may be a password
)
app.command("run")(run)
app.command("list")(list_scenarios)
app.command("edge-nodes")(run_edge_nodes)
app.command("load")(load)


def main() -> None:
    """Run the command line and exit."""
    app(prog_name="simulators")
