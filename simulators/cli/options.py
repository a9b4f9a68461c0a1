"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console

from simulators.broker import Broker
from simulators.delivery.voices import check
from simulators.plant import start
from simulators.plant.amounts import seconds
from simulators.plant.library import ScenarioError, load
from simulators.plant.scenario import Scenario

Url: TypeAlias = Annotated[str, typer.Option("--broker", "--url", help="The broker, as mqtt://HOST:PORT.")]
Username: TypeAlias = Annotated[str | None, typer.Option(help="MQTT user name.")]
PasswordFile: TypeAlias = Annotated[Path | None, typer.Option(help="File that holds the MQTT password.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]
ScenarioName: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="Name of a scenario, see `simulators list`; or the path of a .toml file."),
]
Seed: TypeAlias = Annotated[int | None, typer.Option(help="Another seed makes another course; else the scenario's.")]
Start: TypeAlias = Annotated[str | None, typer.Option(help="Virtual time of the start, as 2026-03-02T06:00:00Z.")]
Duration: TypeAlias = Annotated[
    str | None, typer.Option("--duration", help="Virtual time until the end, as 90s, 15min, 8h.")
]

_LONGEST = 100 * 366 * 86_400.0
"""Seconds. Scenarios have the same bound."""
_SECOND_NS = 1_000_000_000
_LATEST_NS = 2**63 - 1
"""The last time, in 2262, that databases can store in nanoseconds."""


def remedy(of: Broker) -> str:
    """Return what to do where no broker answers."""
    return f"Start one with `mosquitto -p {of.port}`, or name another with --broker"


def broker(url: str, username: str | None, password_file: Path | None) -> Broker:
    """Return the broker that the options name.

    Raises:
        typer.BadParameter: They name none; the message says what is wrong.
    """
    try:
        password = None if password_file is None else password_file.read_text().strip()
        return Broker.from_url(url, username, password)
    except OSError as error:
        raise typer.BadParameter(f"{password_file}: {error.strerror}", param_hint="--password-file") from error
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--broker") from error


def scenario(name: str) -> Scenario:
    """Return the scenario that an argument names.

    Raises:
        typer.BadParameter: There is none, or it says something wrong.
    """
    try:
        found = load(name)
        check(found.machines)
    except ScenarioError as error:
        raise typer.BadParameter(str(error), param_hint="SCENARIO") from error
    return found


def duration(text: str | None) -> float | None:
    """Return a duration in seconds; None where none is said.

    Raises:
        typer.BadParameter: It is none, or longer than a hundred years.
    """
    try:
        asked = None if text is None else seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--duration") from error
    if asked is not None and asked > _LONGEST:
        raise typer.BadParameter(f"{_shortened(text)} is too long: say 100 years at most", param_hint="--duration")
    return asked


def run_seconds(text: str | None) -> int | None:
    """Return the length of a run in whole seconds, rounded up; None where none is said.

    Raises:
        typer.BadParameter: It is no duration, or not one of a run.
    """
    asked = duration(text)
    if asked == 0:
        raise typer.BadParameter(f"{text!r} is no length of a run: say more than 0s", param_hint="--duration")
    return None if asked is None else math.ceil(asked)


def _shortened(text: str | None) -> str:
    return repr((text or "")[:30])


def start_ns(text: str | None, of: Scenario, run_seconds: float) -> int:
    """Return the start that an option says, or else the latest one with which the run ends before now.

    Raises:
        typer.BadParameter: It is no time, or the run would not lie between the years 1970 and 2262.
    """
    try:
        begins = start.latest_start(of, run_seconds, time.time_ns()) if text is None else start.parse(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint="--start") from error
    if begins < 0 and text is None:
        raise typer.BadParameter("a run as long as that began before 1970: say --start", param_hint="--duration")
    if begins - int(of.lived) * _SECOND_NS < 0 or begins + math.ceil(run_seconds) * _SECOND_NS > _LATEST_NS:
        raise typer.BadParameter("no run begins before 1970, or ends after 2262", param_hint="--start, --duration")
    return begins


def standard_error() -> Console:
    """Return where progress and trouble are told, so that the standard output holds results only."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
