"""`simulators edge-nodes`: Sparkplug B edge nodes with simulated machines as devices, and faults on request."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from simulators.broker import DEFAULT_URL
from simulators.cli.options import AsJson, PasswordFile, Url, Username, broker, remedy, standard_error
from simulators.cli.running import showing, stopping_at_signals
from simulators.delivery.connection import BrokerRefusedError
from simulators.sparkplug.faults import FAULTS
from simulators.sparkplug.fleet import Fleet, edge_nodes
from simulators.sparkplug.node import EdgeNode

_LINE_EVERY_SECONDS = 10
"""Where there is no terminal the state is a line in somebody's log."""

_NOT_IN_TOPICS = "+#/"


def run_edge_nodes(
    *,
    url: Url = DEFAULT_URL,
    username: Username = None,
    password_file: PasswordFile = None,
    group: Annotated[str, typer.Option(help="Group id of all nodes.")] = "plant1",
    nodes: Annotated[int, typer.Option(min=1, max=10_000, help="Edge nodes, each with a connection of its own.")] = 1,
    devices: Annotated[int, typer.Option(min=0, max=1_000, help="Devices of each node.")] = 3,
    fault: Annotated[list[str] | None, typer.Option(help="A fault of all nodes; may be repeated.")] = None,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Show the faults there are, and end.")] = False,
    primary_host: Annotated[
        str | None, typer.Option(help="Host id without which the nodes are silent, and store what they measure.")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0.001, help="Samples so many times as often; machines change once a second.")
    ] = 1.0,
    duration: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other machines.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run Sparkplug B edge nodes until stopped (Ctrl-C, SIGTERM); they say their deaths before they leave."""
    if list_faults:
        _list_faults(as_json=as_json)
        return
    target = broker(url, username, password_file)
    notes = standard_error()

    def tell(trouble: str) -> None:
        notes.print(f"{trouble}." if fleet.counts["connections"] else f"{trouble}. {remedy(target)}.")

    made = _nodes(group, nodes, devices, seed, fault or (), primary_host)
    try:
        fleet = Fleet(made, target, rate=rate, tell=tell)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--rate") from error
    began = time.monotonic()
    failure = None
    try:
        asyncio.run(_run(fleet, notes, duration))
    except BrokerRefusedError as error:
        failure = f"{error}. Check --username, --password-file and what this user may do."
    else:
        if not fleet.counts["connections"]:
            failure = f"No broker that speaks MQTT 5 answered at {target}."
    _summarize(len(made), fleet.counts, time.monotonic() - began, as_json=as_json)
    if failure is not None:
        notes.print(failure)
        raise typer.Exit(1)


def _nodes(
    group: str, nodes: int, devices: int, seed: int, faults: Iterable[str], primary_host: str | None
) -> list[EdgeNode]:
    """Return the nodes that the options ask for.

    Raises:
        typer.BadParameter: There are none; the message says what is wrong.
    """
    for name, option in ((group, "--group"), (primary_host, "--primary-host")):
        if name is not None and (not name or any(sign in name for sign in _NOT_IN_TOPICS)):
            raise typer.BadParameter(f"it is not empty, and has none of {_NOT_IN_TOPICS}", param_hint=option)
    try:
        return edge_nodes(group, nodes, devices, seed=seed, faults=faults, primary_host=primary_host)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error


async def _run(fleet: Fleet, notes: Console, duration: float | None) -> None:
    with stopping_at_signals(fleet.stop), notes.status("Connecting") as status:
        async with showing(_show(fleet, notes, status)):
            await fleet.run(duration)


async def _show(fleet: Fleet, notes: Console, status: Status) -> None:
    """Show the state: on a terminal all the time, elsewhere as a line now and then."""
    seconds = data = 0
    while True:
        await asyncio.sleep(1)
        seconds += 1
        counts = _summary(fleet.counts)
        line = (
            f"{fleet.born} of {len(fleet.drivers)} edge nodes online: {counts['births']:,} births, "
            f"{counts['data']:,} data ({counts['data'] - data:,}/s), "
            f"{counts['rebirths_asked']:,} rebirths asked for, {counts['deaths']:,} deaths"
        )
        data = counts["data"]
        if notes.is_terminal:
            status.update(line)
        elif seconds % _LINE_EVERY_SECONDS == 0:
            notes.print(line)


def _summary(counts: Counter[str]) -> dict[str, int]:
    return {
        "connections": counts["connections"],
        "births": counts["NBIRTH"] + counts["DBIRTH"],
        "data": counts["NDATA"] + counts["DDATA"],
        "deaths": counts["NDEATH"] + counts["DDEATH"],
        "rebirths_asked": counts["rebirth"],
        "commands": counts["command"],
        "skipped": counts["skipped"],
        "forgotten": counts["forgotten"],
    }


def _summarize(nodes: int, counts: Counter[str], seconds: float, *, as_json: bool) -> None:
    summary = _summary(counts)
    if as_json:
        typer.echo(orjson.dumps({"nodes": nodes, **summary, "seconds": round(seconds, 3)}).decode())
        return
    sentence = (
        f"{nodes} edge nodes said {summary['births']:,} births, {summary['data']:,} data messages and "
        f"{summary['deaths']:,} deaths in {seconds:.1f} s over {summary['connections']:,} connections; they were asked "
        f"for {summary['rebirths_asked']:,} rebirths"
    )
    if summary["skipped"]:
        sentence += f"; {summary['skipped']:,} samples were left out because they were late"
    if summary["forgotten"]:
        sentence += f"; {summary['forgotten']:,} stored values found no room"
    typer.echo(f"{sentence}.")


def _list_faults(*, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps({name: kind.description for name, kind in FAULTS.items()}).decode())
        return
    table = Table("fault", "what such a node does")
    for name, kind in FAULTS.items():
        table.add_row(name, kind.description)
    Console().print(table)
