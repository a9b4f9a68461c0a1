"""`simulators list`: the scenarios and their machines."""

from __future__ import annotations

import orjson
import typer
from rich.console import Console
from rich.table import Table

from simulators.cli.options import AsJson
from simulators.scenarios import SCENARIOS


def list_scenarios(*, as_json: AsJson = False) -> None:
    """List the scenarios with their machines, topics and rates."""
    scenarios = {name: scenario.stations(0) for name, scenario in SCENARIOS.items()}
    if as_json:
        described = {
            name: [
                {
                    "machine": station.machine.name,
                    "kind": station.machine.kind,
                    "topic": station.topic,
                    "messages_per_second": round(station.messages_per_second, 3),
                }
                for station in stations
            ]
            for name, stations in scenarios.items()
        }
        typer.echo(orjson.dumps(described).decode())
        return
    console = Console()
    for name, stations in scenarios.items():
        table = Table("machine", "kind", "topic", title=f"{name}: {SCENARIOS[name].description}", title_justify="left")
        table.add_column("messages/s", justify="right")
        for station in stations:
            rate = f"{station.messages_per_second:g}"
            table.add_row(station.machine.name, station.machine.kind, station.topic, rate)
        if len(stations) > 1:
            table.add_section()
            table.add_row("", "", "", f"{sum(station.messages_per_second for station in stations):g}")
        console.print(table)
    console.print("Sparkplug B edge nodes with the same machines: `simulators edge-nodes --help`", highlight=False)
