"""`simulators config`: the configuration of a gateway that collects a scenario."""

from __future__ import annotations

import typer

from simulators.broker import DEFAULT_URL
from simulators.cli.options import ScenarioName, Url, broker, scenario
from simulators.collection import configuration


def show_configuration(name: ScenarioName, *, url: Url = DEFAULT_URL) -> None:
    """Print the gateway.toml that collects what a scenario tells: `simulators config workshop > gateway.toml`."""
    broker(url, None, None)  # tells what is wrong with it
    typer.echo(configuration(scenario(name), url), nl=False)
