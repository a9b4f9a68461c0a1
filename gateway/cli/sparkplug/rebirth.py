"""`gateway sparkplug rebirth`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, print_json, warn
from gateway.cli.sparkplug.choosing import SourceOption
from gateway.cli.sparkplug.hosts import look
from gateway.cli.sparkplug.table import count
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.status import JSON


def rebirth(
    node: Annotated[str | None, typer.Argument(help="The node: GROUP/NODE.", show_default=False)] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every node but those that are offline.")] = False,
    json: JsonOption = False,
) -> None:
    """Have a node asked to say everything again: its births, with all names and values.

    The gateway sends the requests no faster than its own budget allows. Exits with 1 if a node is not asked: it is not
    known, or the source is passive.
    """
    if (node is None) is not every:
        raise typer.BadParameter("say which: GROUP/NODE, or --all")
    if node is not None:
        answer = _ask(config, node, source)
        if json:
            print_json(answer)
        else:
            done(str(answer["outcome"]))
        return
    _ask_all(config, source, json=json)


def _ask(config: Path, node: str, source: str | None) -> dict[str, JSON]:
    return ask(socket_of(load(config).spool.path), {"ask": "rebirth", "node": node, "source": source})


def _ask_all(config: Path, source: str | None, *, json: bool) -> None:
    picture, _ = look(config, source)
    refusals: Counter[str] = Counter()
    asked = 0
    for name, host in picture.hosts.items():
        for one in host.nodes:
            if one.state == "offline":
                continue
            try:
                answer = _ask(config, one.name, name)
            except GatewayError as error:
                refusals[str(error)] += 1
                answer = {"source": name, "node": one.name, "error": str(error)}
            else:
                asked += 1
            if json:
                print_json(answer)
    if not json:
        for reason, number in refusals.most_common(10):
            warn(f"{count(number, 'node')} not asked: {reason}")
        done(f"a rebirth of {count(asked, 'node')} was asked for")
    if refusals:
        raise typer.Exit(1)
