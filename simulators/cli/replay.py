"""`simulators replay`: say on a broker what is in a file."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from simulators.broker import DEFAULT_URL
from simulators.cli.options import AsJson, PasswordFile, Url, Username, broker, remedy, standard_error
from simulators.cli.progress import progress
from simulators.cli.running import stopping_at_signals
from simulators.delivery.client import WINDOW, Protocol
from simulators.delivery.connection import BrokerRefusedError, ConnectionLostError
from simulators.delivery.file import FileError
from simulators.delivery.replaying import Replayer, examine

_SPEEDS = (0.001, 1_000_000.0)
_LATE_SECONDS = 1.0
"""A message that is later than this is worth a word."""


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `record` and `run --output` write it.")],
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    speed: Annotated[str, typer.Option(help="Seconds of the file in a second, or `max`: without its pauses.")] = "1",
    protocol: Annotated[Protocol, typer.Option(help="Version of MQTT.")] = Protocol.MQTT_5,
    window: Annotated[
        int, typer.Option(min=1, max=65_535, help="Messages on their way, within the broker's receive maximum.")
    ] = WINDOW,
    as_json: AsJson = False,
) -> None:
    """Replay what was recorded, with the pauses of the recording or faster.

    QoS, retain flags, user properties (over MQTT 5) and the order are those of the file. So are the payloads: times
    that stand in them are not changed.
    """
    target = broker(url, username, password_file)
    pace = _speed(speed)
    notes = standard_error()
    began = time.monotonic()
    failure = None
    replayer: Replayer | None = None
    try:
        contents = examine(file)
        with progress("Replaying", contents.messages) as advance:

            async def run() -> None:
                nonlocal replayer
                replayer = Replayer(
                    target,
                    protocol,
                    speed=pace,
                    window=window,
                    tell=lambda trouble: notes.print(f"{trouble}."),
                    advance=advance,
                )
                with stopping_at_signals(replayer.stop):
                    await replayer.replay(file)

            asyncio.run(run())
    except FileError as error:
        failure = f"{error}."
    except BrokerRefusedError as error:
        failure = f"{error}. Check --username, --password-file and --protocol."
    except ConnectionLostError as error:
        failure = f"{error}. {remedy(target)}."
    if replayer is not None:
        _summarize(replayer, time.monotonic() - began, as_json=as_json)
    if failure is not None:
        notes.print(failure)
        raise typer.Exit(1)


def _speed(text: str) -> float | None:
    """Return the speed that an option says; None for as fast as possible."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    least, most = _SPEEDS
    if not least <= speed <= most:
        raise typer.BadParameter(
            f"{text!r} is no speed: say a number from {least:g} to {most:,.0f}, or max", param_hint="--speed"
        )
    return speed


def _summarize(replayer: Replayer, seconds: float, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "published": replayer.published,
            "acknowledged": replayer.acknowledged,
            "repeated": replayer.repeated,
            "connections": replayer.connections,
            "late_seconds": round(replayer.late, 3),
            "seconds": round(seconds, 3),
        }
        typer.echo(orjson.dumps(summary).decode())
        return
    sentence = f"Replayed {replayer.published:,} messages in {seconds:.1f} s"
    if missing := replayer.published - replayer.acknowledged:
        sentence += f"; {missing:,} were not acknowledged"
    if replayer.repeated:
        sentence += f"; {replayer.repeated:,} were sent again after a lost connection"
    if replayer.late > _LATE_SECONDS:
        sentence += f"; the latest was {replayer.late:.1f} s late"
    typer.echo(f"{sentence}.")
