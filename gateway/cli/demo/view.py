"""The demo's live table: machines, what flows, and where it is kept."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.cli.console import show_age
from gateway.models import Value
from gateway.settings.quantities import show_size
from gateway.sinks.historian import Historian
from gateway.status import Status

SHOWN = ("state", "part_count", "spindle_speed", "temperature", "power", "active_power", "energy", "voltage_l1")
"""Fields worth a look, in this order."""
MAX_SHOWN = 4


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

    def draw(self) -> RenderableType:
        """Return the picture of now."""
        status = self._status
        now, (then, received) = time.monotonic(), self._before
        if now - then >= 1:
            self._rate = (status.messages.received - received) / (now - then)
            self._before = now, status.messages.received
        source = next(iter(status.sources.values()), None)
        sink = next(iter(status.sinks.values()), None)
        flow = Table(box=None, show_header=False, pad_edge=False)
        flow.add_row("[bold]broker[/]", source.state if source else "-", f"{self._rate:,.0f} messages/s")
        oldest = status.spool.oldest_ns
        age = f", the oldest for {show_age(time.time_ns() - oldest)}" if oldest else ""
        flow.add_row("[bold]spool[/]", status.spool.state, f"{status.messages.waiting:,} wait{age}")
        flow.add_row("[bold]store[/]", sink.state if sink else "-", f"{sink.points if sink else 0:,} points written")
        flow.add_row("", "", f"{show_size(self._size())} on disk")
        return Group(self._machines(), flow, Text("Ctrl-C ends the demo", style="dim"))

    def _machines(self) -> Table:
        table = Table("machine", "type", "latest values", "last", title="Machines, as the store knows them")
        now_ns = time.time_ns()
        for asset, measurement, values, newest_ns in self._latest():
            text = "  ".join(f"{name} [cyan]{value}[/]" for name, value in values[:MAX_SHOWN])
            table.add_row(asset, measurement, text, f"{show_age(max(0, now_ns - newest_ns))} ago")
        return table

    def _latest(self) -> list[tuple[str, str, list[tuple[str, Value]], int]]:
        if not self._historian.exists():
            return []
        rows = []
        with Historian(self._historian) as historian:
            for asset in historian.assets():
                newest = [one for one in historian.latest(asset) if one.measurement != "metric_catalogue"]
                values = {one.field: one.value for one in newest}
                shown = [(name, values[name]) for name in SHOWN if name in values]
                if newest:
                    rows.append((asset, newest[0].measurement, shown, max(one.timestamp_ns for one in newest)))
        return rows

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self._historian.parent.glob("*.db*"))
