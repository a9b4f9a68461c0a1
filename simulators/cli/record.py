"""`simulators record`: capture what is said on a broker into a file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import aiomqtt
import orjson
import typer
from rich.console import Console
from rich.status import Status

from simulators.broker import DEFAULT_URL
from simulators.cli.options import AsJson, PasswordFile, Url, Username, broker, duration, remedy, standard_error
from simulators.cli.running import showing, stopping_at_signals
from simulators.delivery.client import Protocol
from simulators.delivery.connection import BrokerRefusedError, ConnectionLostError
from simulators.delivery.recording import Recorder

_LINE_EVERY_SECONDS = 10


def record(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; a JSON object a message.")],
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Topic filter, by default all; may be repeated. What two match may come twice."),
    ] = None,
    protocol: Annotated[Protocol, typer.Option(help="Version of MQTT.")] = Protocol.MQTT_5,
    length: Annotated[str | None, typer.Option("--duration", help="Stop after such a time, as 90s or 8h.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record what is said on a broker until stopped (Ctrl-C, SIGTERM): for `simulators replay`.

    Topic, payload, QoS, retain flag and user properties are kept, with the time of arrival. Over MQTT 3.1.1 there are
    no properties, and only what was stored before has the retain flag. A broker drops messages of a subscriber that is
    behind: for thousands a second raise its limits (mosquitto: max_queued_messages, max_inflight_messages).
    """
    target = broker(url, username, password_file)
    seconds = duration(length)
    filters = list(dict.fromkeys(topic or ("#",)))
    for each in filters:
        try:
            aiomqtt.Wildcard(each)
        except ValueError as error:
            raise typer.BadParameter(f"{each!r} is no topic filter", param_hint="--topic") from error
    notes = standard_error()
    began = time.monotonic()

    async def run() -> Recorder:
        recorder = Recorder(target, filters, protocol, tell=lambda trouble: notes.print(f"{trouble}."))
        with stopping_at_signals(recorder.stop), notes.status("Connecting") as status:
            async with showing(_show(recorder, notes, status)):
                await recorder.record(file, seconds)
        return recorder

    try:
        recorder = asyncio.run(run())
    except FileExistsError as error:
        notes.print(f"{file} is there already: name another file, or remove it.")
        raise typer.Exit(1) from error
    except OSError as error:
        notes.print(f"{file}: {error.strerror}")
        raise typer.Exit(1) from error
    except BrokerRefusedError as error:
        notes.print(f"{error}. Check --username, --password-file, --protocol and what this user may do.")
        raise typer.Exit(1) from error
    except ConnectionLostError as error:
        notes.print(f"{error}. {remedy(target)}.")
        raise typer.Exit(1) from error
    _summarize(recorder, file, time.monotonic() - began, as_json=as_json)


async def _show(recorder: Recorder, notes: Console, status: Status) -> None:
    """Show how much it is: on a terminal all the time, elsewhere as a line now and then."""
    seconds = before = 0
    while True:
        await asyncio.sleep(1)
        seconds += 1
        text = f"{recorder.messages:,} messages ({recorder.messages - before:,}/s)"
        before = recorder.messages
        if notes.is_terminal:
            status.update(f"Recording: {text}")
        elif seconds % _LINE_EVERY_SECONDS == 0:
            notes.print(text)


def _summarize(recorder: Recorder, file: Path, seconds: float, *, as_json: bool) -> None:
    if as_json:
        summary = {
            "messages": recorder.messages,
            "connections": recorder.connections,
            "seconds": round(seconds, 3),
        }
        typer.echo(orjson.dumps(summary).decode())
        return
    sentence = f"Recorded {recorder.messages:,} messages in {seconds:.1f} s into {file}"
    if recorder.connections > 1:
        sentence += f"; the connection was lost {recorder.connections - 1:,} times, and messages may be missing"
    typer.echo(f"{sentence}.")
