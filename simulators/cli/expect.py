"""`simulators expect`: the known answers of a scenario."""

from __future__ import annotations

import math

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from simulators.cli.options import AsJson, Duration, ScenarioName, Seed, Start, run_seconds, scenario, start_ns
from simulators.cli.progress import progress
from simulators.delivery.counting import count_messages
from simulators.machines.unit import Unit
from simulators.plant.amounts import spoken
from simulators.plant.answer import Answer
from simulators.plant.expectation import Expectation, expect
from simulators.plant.start import spell


def show_expectation(
    name: ScenarioName, *, seed: Seed = None, start: Start = None, length: Duration = None, as_json: AsJson = False
) -> None:
    """Show what a run must come to: OEE with its factors, energy and parts, from what the machines really do."""
    plant = scenario(name)
    seconds = run_seconds(length) or math.ceil(plant.duration)
    begins = start_ns(start, plant, seconds)
    with progress("Computing", seconds) as advance:
        expectation = expect(plant, plant.seed if seed is None else seed, begins, seconds, advance)
    if as_json:
        typer.echo(orjson.dumps(as_document(expectation)).decode())
    else:
        Console().print(_table(expectation))


def as_document(expectation: Expectation) -> dict[str, object]:
    """Return the answers as a JSON object."""
    messages = count_messages(expectation.machines)
    return {
        "scenario": expectation.scenario.name,
        "seed": expectation.seed,
        "start": spell(expectation.start_ns),
        "end": spell(expectation.start_ns + expectation.seconds * 1_000_000_000),
        "machines": {
            station.device.name: {
                "kind": station.device.kind,
                **station.place._asdict(),
                "face": station.described.face,
                **answer.as_json(),
                "messages": messages.of_machines[station.device.name],
                "faults": [fault.name for fault in station.described.faults],
            }
            for station, answer in expectation.machines
        },
        "plant": {**expectation.plant.as_json(), "messages": messages.in_all},
    }


def _table(expectation: Expectation) -> Table:
    title = (
        f"{expectation.scenario.name}, seed {expectation.seed}: {spoken(expectation.seconds)} from "
        f"{spell(expectation.start_ns)}"
    )
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=0)
    table.add_column("machine", no_wrap=True)
    for column in ("A", "P", "Q", "OEE", "parts", "bad", "kWh", "kWh/good", "messages"):
        table.add_column(column, justify="right", no_wrap=True)
    messages = count_messages(expectation.machines)
    for station, answer in expectation.machines:
        device = station.device
        count = f"{messages.of_machines[device.name]:,}"
        mark = "*" if station.described.faults else ""
        table.add_row(device.name + mark, *_cells(answer, parts=isinstance(device, Unit)), count)
    table.add_section()
    table.add_row("together", *_cells(expectation.plant, parts=True), f"{messages.in_all:,}")
    table.caption = "A availability, P performance, Q quality (ISO 22400-2), OEE = A x P x Q"
    if any(station.described.faults for station, _ in expectation.machines):
        table.caption += "\n* has faults of its messages: so many are told without them"
    return table


def _cells(answer: Answer, *, parts: bool) -> tuple[str, ...]:
    if not parts:
        return ("", "", "", "", "", "", f"{answer.energy:,.3f}" if answer.energy else "", "")
    shares = (answer.availability, answer.performance, answer.quality, answer.oee)
    per_part = answer.energy_per_good_part
    return (
        *("-" if share is None else f"{share:.1%}" for share in shares),
        f"{answer.parts:,}",
        f"{answer.rejects:,}",
        f"{answer.energy:,.3f}",
        "-" if per_part is None else f"{per_part:.4f}",
    )
