"""`simulators list`: machines, scenarios, faces and faults."""

from __future__ import annotations

import orjson
import typer
from rich.console import Console
from rich.table import Table

from simulators.cli.options import AsJson
from simulators.faces import FACES
from simulators.faults import FAULTS
from simulators.machines import MACHINES
from simulators.machines.unit import Unit
from simulators.plant.amounts import spoken
from simulators.plant.library import load, names
from simulators.plant.scenario import Scenario


def list_all(*, as_json: AsJson = False) -> None:
    """List what there is: scenarios, machines with their signals, faces and faults."""
    scenarios = [load(name) for name in names()]
    if as_json:
        typer.echo(orjson.dumps(_document(scenarios)).decode())
        return
    console = Console()
    table = Table("scenario", "machines", "lasts", "shows", title="Scenarios", title_justify="left")
    for scenario in scenarios:
        machines = sum(machine.count for machine in scenario.machines)
        table.add_row(scenario.name, f"{machines:,}", spoken(scenario.duration), scenario.description)
    console.print(table)
    for title, rows in (
        ("Machines", {kind: machine.title for kind, machine in MACHINES.items()}),
        ("Faces", {name: face.title for name, face in FACES.items()}),
        ("Faults of messages", {name: fault.title for name, fault in FAULTS.items()}),
    ):
        table = Table("name", "what it is", title=title, title_justify="left")
        for row in rows.items():
            table.add_row(*row)
        console.print(table)
    table = Table("name", "whose", title="Troubles in the process of a machine", title_justify="left")
    for trouble, whose in _troubles().items():
        table.add_row(trouble, ", ".join(whose))
    console.print(table)
    console.print(
        "Sparkplug B edge nodes alone, with faults of their own: `simulators edge-nodes --help`", highlight=False
    )


def _troubles() -> dict[str, list[str]]:
    """Return all troubles, each with the kinds of machines that may have it."""
    whose: dict[str, list[str]] = {}
    for kind, machine in MACHINES.items():
        for trouble in machine.troubles:
            whose.setdefault(trouble, []).append(kind)
    return whose


def _document(scenarios: list[Scenario]) -> dict[str, object]:
    return {
        "machines": [
            {
                "name": kind,
                "title": machine.title,
                "makes_parts": issubclass(machine, Unit),
                "troubles": machine.troubles,
                "signals": [
                    {key: value for key, value in signal._asdict().items() if value not in (None, "")}
                    for signal in machine.signals
                ],
            }
            for kind, machine in MACHINES.items()
        ],
        "scenarios": [
            {
                "name": scenario.name,
                "description": scenario.description,
                "machines": sum(machine.count for machine in scenario.machines),
                "seconds": scenario.duration,
                "speed": scenario.speed,
                "faces": sorted({machine.face for machine in scenario.machines}),
            }
            for scenario in scenarios
        ],
        "faults": [
            {
                "name": name,
                "title": fault.title,
                "reaction": fault.reaction,
                "faces": sorted(fault.faces) or list(FACES),
            }
            for name, fault in FAULTS.items()
        ],
        "faces": [{"name": name, "title": face.title} for name, face in FACES.items()],
    }
