"""The `gateway` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import check, dead_letters, decode, run, sparkplug, spool, status, verify_durability
from gateway.cli.console import fail
from gateway.cli.demo import demo
from gateway.errors import ConfigurationError, GatewayError

app = typer.Typer(
    help="Collects machine telemetry from MQTT, normalizes it and writes it to InfluxDB, "
    "without losing a message that it acknowledged.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001  # what typer calls
    if wanted:
        typer.echo(f"gateway {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    del version  # typer has acted on it


app.command("run")(run.run)
app.command("check")(check.check)
app.command("decode")(decode.decode)
app.command("demo")(demo)
app.command("status")(status.status)
app.command("verify-durability")(verify_durability.verify_durability)
app.add_typer(spool.app, name="spool")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(sparkplug.app, name="sparkplug")


def main() -> None:
    """Run the command; exit with 0 if it is done, 1 if it failed, 2 if the configuration is wrong."""
    try:
        app()
    except ConfigurationError as error:
        for problem in error.problems:
            fail(str(problem))
        sys.exit(2)
    except GatewayError as error:
        fail(str(error))
        sys.exit(1)
