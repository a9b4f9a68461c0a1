"""`simulators load`: machines that say as much as a broker takes, or at a rate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from simulators.broker import DEFAULT_URL, Broker
from simulators.cli.loading import Loading, run
from simulators.cli.options import AsJson, PasswordFile, Url, Username, broker, duration
from simulators.collection import configuration
from simulators.faces import FACES
from simulators.faces.sparkplug_b import SparkplugB
from simulators.load.frames import VALUES
from simulators.load.generator import Generator, Load
from simulators.load.latency import StoreError, Watch
from simulators.load.machines import MachineLoad, Machines
from simulators.load.plant import scenario

_PERMISSION = "--i-may-load-this-broker"
_MACHINES, _MESSAGES, _TOPICS = 100, 100_000, 500
_ENDLESS = 10**15
_WATCHED = 20
"""Machines whose messages are looked for in a store."""


def load(
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    machines: Annotated[
        int | None,
        typer.Option(min=1, max=20_000, help=f"Machines that live while they speak; {_MACHINES} by default."),
    ] = None,
    face: Annotated[str, typer.Option(help="How they speak, see `simulators list`: json, sparkplug, ...")] = "json",
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Messages a second in all; else as many as it takes.")
    ] = None,
    duration_text: Annotated[
        str | None, typer.Option("--duration", help="Send nothing after this time, as 30s or 5min.")
    ] = None,
    messages: Annotated[
        int | None, typer.Option(min=1, help=f"Messages in all; {_MESSAGES:,} by default, or as --duration says.")
    ] = None,
    historian: Annotated[
        Path | None,
        typer.Option(help="The file of a gateway's historian: tell how long until the messages can be read there."),
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--config", help="Print the gateway.toml that collects these machines, and send nothing.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed makes other machines.")] = 1,
    qos: Annotated[int, typer.Option(min=0, max=1, help="Quality of service; Sparkplug has 0 always.")] = 1,
    publishers: Annotated[
        int, typer.Option(min=1, max=1_000, help="Connections; with Sparkplug each edge node has its own.")
    ] = 1,
    window: Annotated[
        int, typer.Option(min=1, max=65_535, help="Unacknowledged messages of a connection; the broker may lower it.")
    ] = 2_000,
    topics: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Instead of machines: topics with messages that were made beforehand."),
    ] = None,
    values: Annotated[
        int | None,
        typer.Option(min=1, max=5_000, help=f"Values in each of those, beside its time; {VALUES} by default."),
    ] = None,
    as_json: AsJson = False,
    permission: Annotated[
        bool, typer.Option(_PERMISSION, help="Needed where the broker is not on this machine.")
    ] = False,
) -> None:
    """Send messages as fast as the broker takes them, or at a rate; print counts as JSON when all are acknowledged.

    Each message is a reading of a machine that lives meanwhile; nothing is recorded beforehand.

    A message is a second of its life: at more messages a second than machines they live faster than the clock.

    At fewer, a machine tells a sample every N / R seconds. The times in the messages are the present ones always.
    """
    target = broker(url, username, password_file)
    seconds = duration(duration_text)
    if messages is None and seconds is None:
        messages = _MESSAGES
    is_prepared = topics is not None or values is not None
    if is_prepared and (machines is not None or historian is not None or show_config):
        raise typer.BadParameter(
            "messages that were made beforehand are of no machine", param_hint="--topics, --values"
        )
    if face not in FACES:
        raise typer.BadParameter(f"there is no face {face!r}: there are {', '.join(FACES)}", param_hint="--face")
    quality: Literal[0, 1] = 1 if qos else 0
    about: dict[str, int | float | str | None] = {"face": None, "machines": None, "rate": rate}
    try:
        if is_prepared:
            _permit(target, permitted=permission)
            count = _ENDLESS if messages is None else messages
            prepared = Load(topics or _TOPICS, count, quality, rate, publishers, window, seconds, values or VALUES)
            run(Loading(Generator(target, prepared), messages, seconds, rate, quality, about), target, quiet=as_json)
            return
        count = machines or _MACHINES
        plant = scenario(count, rate, face)
        if show_config:
            typer.echo(configuration(plant, url, command="simulators load"), nl=False)
            return
        _permit(target, permitted=permission)
        names = [name for machine in plant.machines for name in machine.names()]
        watch = None if historian is None else Watch(historian, names[:: max(1, len(names) // _WATCHED)])
        wanted = MachineLoad(count, face, messages, quality, rate, publishers, window, seconds, seed)
        acknowledged = 0 if face == SparkplugB.name else quality
        about = {"face": face, "machines": count, "rate": rate}
        run(
            Loading(Machines(target, wanted, watch), messages, seconds, rate, acknowledged, about, watch),
            target,
            quiet=as_json,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--machines, --publishers") from error
    except StoreError as error:
        raise typer.BadParameter(str(error), param_hint="--historian") from error


def _permit(target: Broker, *, permitted: bool) -> None:
    if not (target.is_loopback or permitted):
        raise typer.BadParameter(
            f"{target} is another machine, and this may stop a factory; if you may, say {_PERMISSION}",
            param_hint="--url",
        )
