"""The demo's live table: machines, what flows, and where it is kept."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TypeAlias

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.cli.console import show_age
from gateway.models import Value
from gateway.settings.quantities import show_size
from gateway.sinks.historian import Historian
from gateway.status import Status

SHOWN = ("state", "part_count", "pressure", "temperature", "humidity", "active_power", "power", "energy", "tank_level")
"""Fields worth a look, in this order."""
MAX_SHOWN = 4
OTHER_LINES = 12
"""Lines of the picture that are no machines."""

_ABOUT = {"metric_catalogue", "sparkplug_node", "sparkplug_device"}
"""Measurements that tell about machines, and are none."""

_Row: TypeAlias = tuple[str, str, list[tuple[str, Value]], int]
"""A machine, its type, values of it, and when the newest of them was true."""


class View:
    """Draws the demo from the status of the gateway and from what the historian holds.

    Args:
        status: The status of the gateway.
        historian: The file of the historian.
    """

    def __init__(self, status: Status, historian: Path) -> None:
        self._status = status
        self._historian = historian
        self._before = (time.monotonic(), 0)
        self._rate = 0.0

    def draw(self, height: int) -> RenderableType:
        """Return the picture of now, for a terminal of so many lines."""
        status = self._status
        now, (then, received) = time.monotonic(), self._before
        if now - then >= 1:
            self._rate = (status.messages.received - received) / (now - then)
            self._before = now, status.messages.received
        sink = next(iter(status.sinks.values()), None)
        flow = Table(box=None, show_header=False, pad_edge=False)
        states = ", ".join(sorted({source.state for source in status.sources.values()})) or "-"
        flow.add_row("[bold]broker[/]", states, f"{self._rate:,.0f} messages/s")
        oldest = status.spool.oldest_ns
        age = f", the oldest for {show_age(time.time_ns() - oldest)}" if oldest else ""
        flow.add_row("[bold]spool[/]", status.spool.state, f"{status.messages.waiting:,} wait{age}")
        flow.add_row("[bold]store[/]", sink.state if sink else "-", f"{sink.points if sink else 0:,} points written")
        flow.add_row("", "", f"{show_size(self._size())} on disk")
        return Group(self._machines(max(5, height - OTHER_LINES)), flow, Text("Ctrl-C ends the demo", style="dim"))

    def _machines(self, room: int) -> Table:
        table = Table("machine", "type", "latest values", "last", title="Machines, as the store knows them")
        now_ns = time.time_ns()
        rows = _varied(self._latest())
        for asset, measurement, values, newest_ns in sorted(rows[:room]):
            text = "  ".join(f"{name} [cyan]{value}[/]" for name, value in values[:MAX_SHOWN])
            table.add_row(asset, measurement, text, f"{show_age(max(0, now_ns - newest_ns))} ago")
        if len(rows) > room:
            table.add_row(f"and {len(rows) - room} more")
        return table

    def _latest(self) -> list[_Row]:
        if not self._historian.exists():
            return []
        rows = []
        with Historian(self._historian) as historian:
            for asset in historian.assets():
                newest = [one for one in historian.latest(asset) if one.measurement not in _ABOUT]
                values = {one.field: one.value for one in newest}
                shown = [(name, values[name]) for name in SHOWN if name in values]
                if newest:
                    rows.append((asset, newest[0].measurement, shown, max(one.timestamp_ns for one in newest)))
        return rows

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self._historian.parent.glob("*.db*"))


def _varied(rows: list[_Row]) -> list[_Row]:
    """Return machines so that the first are of as many types as possible."""
    seen: Counter[str] = Counter()
    turns = []
    for number, row in enumerate(rows):
        turns.append((seen[row[1]], number))
        seen[row[1]] += 1
    return [rows[number] for _, number in sorted(turns)]
