"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console

from simulators.broker import Broker

Url: TypeAlias = Annotated[str, typer.Option(help="The broker, as mqtt://HOST:PORT.")]
Username: TypeAlias = Annotated[str | None, typer.Option(help="MQTT user name.")]
PasswordFile: TypeAlias = Annotated[Path | None, typer.Option(help="File that holds the MQTT password.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]

REMEDY = "Start one with `mosquitto -p 1883`, or name another with --url"


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
        raise typer.BadParameter(str(error), param_hint="--url") from error


def standard_error() -> Console:
    """Return where progress and trouble are told, so that the standard output holds results only."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
