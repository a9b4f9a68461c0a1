"""How nodes look on a terminal: a line for each, and a sentence of totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.table import Table

from gateway.cli.console import show_age, show_text
from gateway.cli.sparkplug.hosts import Device, Host, Node, Picture

WORDS = {
    "online": "[green]●[/] online",
    "offline": "[red]○[/] offline",
    "stale": "[yellow]◌[/] stale",
    "unknown": "[yellow]?[/] no birth",
}
WIDE = 116
"""Columns of a terminal from which on there is room for all that is known of a node."""
_NUMBERS = ("devices", "metrics", "births", "deaths", "rebirths", "gaps", "seen", "latency")


def draw(picture: Picture, nodes: Iterable[tuple[str, Node]], *, devices: bool = False, wide: bool = True) -> Table:
    """Return a table of nodes, one line for each.

    Args:
        picture: What they were taken from.
        nodes: Each with the name of its source.
        devices: With a line for each of their devices.
        wide: With its state in words, for how long it is so, and why it was last asked for a rebirth.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("node", no_wrap=True)
    table.add_column("state" if wide else "", no_wrap=True)
    for heading in ("for", *_NUMBERS) if wide else _NUMBERS:
        table.add_column(heading, justify="right", no_wrap=True)
    if wide:
        table.add_column("last rebirth, why", no_wrap=True)
    several = len(picture.hosts) > 1
    for source, node in nodes:
        online = sum(device.online for device in node.devices)
        table.add_row(
            (f"[dim]{show_text(source)}[/] " if several else "") + show_text(node.name),
            _state(node.state, wide=wide),
            *((_age(picture.now_ns, node.since_ns),) if wide else ()),
            f"{online}/{len(node.devices)}" if node.devices else "-",
            f"{node.metrics:,}",
            f"{node.births:,}",
            f"[red]{node.deaths:,}[/]" if node.deaths else "0",
            f"{node.rebirths_asked:,}",
            f"[yellow]{node.gaps:,}[/]" if node.gaps else "0",
            _age(picture.now_ns, node.last_seen_ns),
            "-" if node.latency_ms is None else f"{node.latency_ms:,.0f} ms",
            *((show_text(node.last_rebirth_reason),) if wide else ()),
        )
        for device in sorted(node.devices, key=lambda one: one.device) if devices else ():
            _add_device(table, picture.now_ns, device, wide=wide)
    return table


def _add_device(table: Table, now_ns: int, device: Device, *, wide: bool) -> None:
    table.add_row(
        f"  {show_text(device.device)}",
        _state("online" if device.online else "offline", wide=wide),
        *((_age(now_ns, device.since_ns),) if wide else ()),
        "",
        f"{device.metrics:,}",
        f"{device.births:,}",
        f"[red]{device.deaths:,}[/]" if device.deaths else "0",
        "",
        "",
        _age(now_ns, device.last_seen_ns),
    )


def totals(source: str, host: Host) -> str:
    """Return a sentence on a host and all its nodes, with markup."""
    nodes = host.nodes
    devices = [device for node in nodes for device in node.devices]
    who = introduce(source, host.role, host.host_id, online=host.online)
    states = count_states(Counter(node.state for node in nodes))
    return (
        f"{who}: {count(len(nodes), 'node')}{f' ({states})' if nodes else ''}, "
        f"{sum(device.online for device in devices):,} of {count(len(devices), 'device')} online, "
        f"{count(sum(node.metrics for node in nodes), 'metric')}, "
        f"{count(sum(node.rebirths_asked for node in nodes), 'rebirth')} asked, "
        f"{count(sum(node.gaps for node in nodes), 'gap')}, "
        f"{count(sum(node.held for node in nodes), 'message')} held"
    )


def notes(nodes: Iterable[tuple[str, Node]]) -> list[str]:
    """Return, with markup, what someone should look at."""
    return [
        f"[yellow]![/] {show_text(node.name)}: two sessions speak under this name; give one of them another"
        for _, node in nodes
        if node.duplicate_sessions
    ]


def introduce(source: str, role: str, host_id: str, *, online: bool) -> str:
    """Return, with markup, who a host is: its source, role, id, and whether it is online."""
    name = f" {show_text(host_id)}" if host_id else ""
    colour, word = ("green", "online") if online else ("red", "offline")
    return f"[bold]{show_text(source)}[/]  {show_text(role)} Sparkplug host{name}, [{colour}]{word}[/]"


def count_states(states: Mapping[str, int]) -> str:
    """Return how many nodes are what: `7 online, 1 offline, 2 wait for a birth`."""
    words = {"unknown": "waiting for a birth"}
    order = sorted(states, key=lambda state: (list(WORDS).index(state) if state in WORDS else len(WORDS), state))
    return ", ".join(f"{states[state]:,} {words.get(state, show_text(state))}" for state in order if states[state])


def count_forgotten(host: Mapping[str, object]) -> str:
    """Return who made room for others, as the end of a sentence: `; 1 node forgotten to make room`; empty if nobody."""
    told = {noun: host.get(f"{noun}s_forgotten", 0) for noun in ("node", "device")}  # an older gateway says nothing
    words = [count(number, noun) for noun, number in told.items() if isinstance(number, int) and number]
    return f"; {' and '.join(words)} forgotten to make room" if words else ""


def count(number: int, noun: str) -> str:
    """Return a number of things in words: `1 node`, `2 nodes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _state(state: str, *, wide: bool) -> str:
    word = WORDS.get(state, f"? {show_text(state)}")
    return word if wide else word.partition(" ")[0]


def _age(now_ns: int, then_ns: int) -> str:
    return show_age(now_ns - then_ns) if then_ns else "-"
