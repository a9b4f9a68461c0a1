"""`gateway sparkplug watch`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import typer
from rich.live import Live

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, err, out, print_json
from gateway.cli.sparkplug.changes import Change, Kind, changes
from gateway.cli.sparkplug.choosing import GroupOption, NodeOption, SourceOption, chosen, narrow
from gateway.cli.sparkplug.hosts import Picture, look
from gateway.cli.sparkplug.table import count
from gateway.cli.sparkplug.view import View, show_change
from gateway.errors import GatewayError


def watch(
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    group: GroupOption = None,
    node: NodeOption = None,
    interval: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.")] = 2.0,
    *,
    json: JsonOption = False,
) -> None:
    """Watch births, deaths, rebirth requests and gaps as they happen, until Ctrl-C.

    On a terminal a table that is kept up to date; else one line for each change, or one JSON object with --json. What
    happens several times between two looks is one change with its number. A gateway that is started again is waited
    for.
    """
    is_meant = chosen(group, node)

    def see() -> Picture:
        return narrow(look(config, source)[0], is_meant)

    first = see()
    looks = _looks(first, see, interval)
    try:
        if out.is_terminal and not json:
            _keep_drawn(first, looks)
        else:
            heard = sum(len(host.nodes) for host in first.hosts.values())
            err.print(f"{count(heard, 'node')} known; what changes follows")
            for _, happened in looks:
                for change in happened:
                    _write(change, json=json)
    except KeyboardInterrupt:
        return


def _looks(before: Picture, see: Callable[[], Picture], interval: float) -> Iterator[tuple[Picture, Sequence[Change]]]:
    """Look again and again; yield the latest picture and what happened since the one before."""
    answers = True
    while True:
        time.sleep(interval)
        try:
            now = see()
        except GatewayError as error:
            if answers:
                yield before, [Change(time.time_ns(), "", "", Kind.GATEWAY, 1, str(error))]
            answers = False
            continue
        # What a gateway that was away has missed is not known: the first look after that is a beginning.
        happened = (
            list(changes(before, now)) if answers else [Change(now.now_ns, "", "", Kind.GATEWAY, 1, "it answers")]
        )
        answers, before = True, now
        yield now, happened


def _keep_drawn(first: Picture, looks: Iterator[tuple[Picture, Sequence[Change]]]) -> None:
    view = View(first)
    with Live(view.draw(*out.size), console=out, auto_refresh=False) as live:
        for picture, happened in looks:
            view.take(picture, happened)
            live.update(view.draw(*out.size), refresh=True)


def _write(change: Change, *, json: bool) -> None:
    if json:
        print_json(change._asdict())
    else:
        out.print(show_change(change))
