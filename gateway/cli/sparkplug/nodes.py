"""`gateway sparkplug nodes`."""

from __future__ import annotations

from typing import Annotated, cast

import typer
from rich.measure import Measurement

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json
from gateway.cli.sparkplug.choosing import GroupOption, NodeOption, SourceOption, chosen, narrow
from gateway.cli.sparkplug.hosts import Picture, look
from gateway.cli.sparkplug.table import draw, notes, totals
from gateway.status import JSON

MAX_WIDTH = 1000


def nodes(
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    group: GroupOption = None,
    node: NodeOption = None,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Only nodes that are not online, or have a device that is not.")
    ] = False,
    devices: Annotated[bool, typer.Option("--devices", help="With a line for each device.")] = False,
    json: JsonOption = False,
) -> None:
    """Show the nodes that the running gateway hears: births, rebirths and why, gaps, last message, latency."""
    picture, answer = look(config, source)
    shown = narrow(picture, chosen(group, node, offline=offline))
    if json:
        print_json(_pick(answer, shown))
        return
    listed = [(name, one) for name, host in shown.hosts.items() for one in host.nodes]
    if listed:
        table = draw(shown, listed, devices=devices)
        # Rather a line that the terminal breaks than one that lacks something.
        table.width = Measurement.get(out, out.options.update(width=MAX_WIDTH), table).maximum
        out.print(table)
    for line in notes(listed):
        out.print(line)
    for name, host in shown.hosts.items():
        out.print(totals(name, host))
    heard = sum(len(host.nodes) for host in picture.hosts.values())
    if heard > len(listed):
        out.print(f"[dim]{len(listed):,} of {heard:,} nodes are shown and counted[/]")


def _pick(answer: dict[str, JSON], shown: Picture) -> dict[str, JSON]:
    """Return of an answer, as it came, what is to be shown, in its order."""
    hosts = cast("dict[str, dict[str, JSON]]", answer["hosts"])
    picked: dict[str, JSON] = {}
    for source, host in hosts.items():
        by_name = {(one["group"], one["node"]): one for one in cast("list[dict[str, JSON]]", host["nodes"])}
        chosen_nodes: list[JSON] = [by_name[one.group, one.node] for one in shown.hosts[source].nodes]
        picked[source] = {**host, "nodes": chosen_nodes}
    return {**answer, "hosts": picked}
