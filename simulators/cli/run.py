"""`simulators run`: let a plant live, and have its machines speak on a broker or into a file."""

from __future__ import annotations

import asyncio
import math
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import orjson
import typer

from simulators.broker import DEFAULT_URL, Broker
from simulators.cli.live_table import LiveTable
from simulators.cli.options import (
    AsJson,
    PasswordFile,
    ScenarioName,
    Seed,
    Start,
    Username,
    broker,
    remedy,
    run_seconds,
    scenario,
    standard_error,
    start_ns,
)
from simulators.cli.progress import progress
from simulators.cli.running import showing, stopping_at_signals
from simulators.delivery.conductor import Conductor, Pace
from simulators.delivery.connection import BrokerRefusedError
from simulators.delivery.writing import write_run
from simulators.machines.device import STEP_NS
from simulators.plant.course import Course
from simulators.plant.start import spell


def run(
    name: ScenarioName,
    *,
    url: Annotated[
        str | None,
        typer.Option("--broker", "--url", help="The broker, as mqtt://HOST:PORT.", show_default=DEFAULT_URL),
    ] = None,
    username: Username = None,
    password_file: PasswordFile = None,
    output: Annotated[Path | None, typer.Option(help="Write a JSON object a message into a new file instead.")] = None,
    speed: Annotated[
        str | None, typer.Option(help="Virtual seconds in a second, 0.1 to 1000, or `max`; else the scenario's.")
    ] = None,
    seed: Seed = None,
    start: Start = None,
    duration_text: Annotated[
        str | None,
        typer.Option(
            "--duration", help="Virtual time until the end, as 90s or 8h. At speed 1 none; else the scenario's."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let the machines of a scenario live and speak; at speed 1 from now on, until stopped (Ctrl-C, SIGTERM)."""
    plant = scenario(name)
    pace_speed = _speed("max" if output is not None and speed is None else speed, plant.speed)
    seconds = run_seconds(duration_text)
    if seconds is None and (pace_speed != 1 or output is not None):
        seconds = math.ceil(plant.duration)
    if pace_speed != 1 or output is not None or start is not None:
        begins = start_ns(start, plant, seconds or 0)
    else:
        begins = time.time_ns() // STEP_NS * STEP_NS
    seed = plant.seed if seed is None else seed
    target = None if output is not None else broker(url or DEFAULT_URL, username, password_file)
    if output is not None:
        _refuse_beside_output({"--broker": url, "--username": username, "--password-file": password_file})
    course = Course(plant, seed)
    length = "TIME" if seconds is None else f"{seconds}s"
    same = f"{shlex.quote(name)} --seed {seed} --start {spell(begins)} --duration {length}"
    standard_error().print(f"What it must come to: simulators expect {same}")
    if output is not None and seconds is not None:
        _into_file(course, output, seed, begins, seconds, as_json=as_json)
    elif target is not None:
        _on_broker(course, target, seed, Pace(pace_speed, seconds, begins), as_json=as_json)


def _refuse_beside_output(options: Mapping[str, object]) -> None:
    for name, said in options.items():
        if said is not None:
            raise typer.BadParameter(f"say either {name} or --output: a file needs no broker", param_hint=name)


def _speed(text: str | None, default: float) -> float | None:
    """Return the speed that an option says; None for as fast as possible."""
    if text is None:
        return default
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.1 <= speed <= 1000:  # noqa: PLR2004  # the bounds that the message names
        raise typer.BadParameter(f"{text!r} is no speed: say a number from 0.1 to 1000, or max", param_hint="--speed")
    return speed


def _into_file(course: Course, output: Path, seed: int, begins: int, seconds: int, *, as_json: bool) -> None:
    began = time.monotonic()
    try:
        with progress("Writing", seconds) as advance:
            messages = write_run(course, output, seed, begins, seconds, advance)
    except FileExistsError as error:
        standard_error().print(f"{output} is there already: name another file, or remove it.")
        raise typer.Exit(1) from error
    except OSError as error:
        standard_error().print(f"{output}: {error.strerror}")
        raise typer.Exit(1) from error
    taken = time.monotonic() - began
    if as_json:
        typer.echo(orjson.dumps({"messages": messages, "seconds": round(taken, 3)}).decode())
    else:
        typer.echo(f"Wrote {messages:,} messages to {output} in {taken:.1f} s.")


def _on_broker(course: Course, target: Broker, seed: int, pace: Pace, *, as_json: bool) -> None:
    notes = standard_error()

    def tell(trouble: str) -> None:
        notes.print(f"{trouble}." if conductor.connections else f"{trouble}. {remedy(target)}.")

    conductor = Conductor(course, target, seed, pace, tell=tell)
    began = time.monotonic()
    failure = None
    try:
        asyncio.run(_conduct(conductor, LiveTable(conductor, pace, notes)))
    except BrokerRefusedError as error:
        failure = f"{error}. Check --username and --password-file."
    else:
        if not conductor.connections:
            failure = f"No broker that speaks MQTT 5 answered at {target}."
        elif conductor.unacknowledged and not conductor.was_stopped:
            failure = f"The broker at {target} has not acknowledged {conductor.unacknowledged:,} messages."
    _summarize(conductor, time.monotonic() - began, as_json=as_json)
    if failure is not None:
        notes.print(failure)
        raise typer.Exit(1)


async def _conduct(conductor: Conductor, table: LiveTable) -> None:
    with stopping_at_signals(conductor.stop):
        async with showing(table.show()):
            await conductor.run()


def _summarize(conductor: Conductor, seconds: float, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "published": conductor.published,
            "acknowledged": conductor.acknowledged,
            "forgotten": conductor.forgotten,
            "connections": conductor.connections,
            "seconds": round(seconds, 3),
            "virtual_seconds": conductor.course.seconds,
        }
        typer.echo(orjson.dumps(summary).decode())
        return
    sentence = f"Published {conductor.published:,} messages in {seconds:.1f} s"
    if conductor.forgotten:
        sentence += f"; {conductor.forgotten:,} were lost without a connection"
    if conductor.waiting:
        what = "acknowledged" if conductor.connections else "sent"
        sentence += f"; {conductor.waiting:,} were not {what}"
    typer.echo(f"{sentence}.")
