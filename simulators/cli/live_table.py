"""What a run looks like while it goes on: its machines in a table, or, without a terminal, a line now and then."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.live import Live
from rich.table import Table

from simulators.delivery.conductor import Conductor, Pace
from simulators.machines.unit import Unit
from simulators.plant.amounts import spoken
from simulators.plant.start import spell
from simulators.plant.station import Station

_ROWS = 30
"""Machines in the table; more do not fit on a screen."""

_LINE_EVERY_SECONDS = 10
_REFRESH_SECONDS = 0.5


class LiveTable:
    """Shows a run.

    Args:
        conductor: The run.
        pace: How fast it goes, and to where.
        notes: Where it is shown.
    """

    def __init__(self, conductor: Conductor, pace: Pace, notes: Console) -> None:
        self._conductor = conductor
        self._pace = pace
        self._notes = notes

    async def show(self) -> None:
        """Show it until cancelled."""
        if self._notes.is_terminal:
            with Live(self._table(), console=self._notes, auto_refresh=False, transient=True) as live:
                while True:
                    await asyncio.sleep(_REFRESH_SECONDS)
                    live.update(self._table(), refresh=True)
        while True:
            await asyncio.sleep(_LINE_EVERY_SECONDS)
            self._notes.print(self._line())

    def _line(self) -> str:
        conductor, course = self._conductor, self._conductor.course
        connected = sum(speaker.is_connected for speaker in conductor.speakers)
        pace = self._pace
        done = f" of {spoken(pace.seconds)} ({course.seconds / pace.seconds:.0%})" if pace.seconds else ""
        return (
            f"{spell(course.time_ns)}, {spoken(course.seconds)}{done}: {connected} of {len(conductor.speakers)} "
            f"connected, {conductor.published:,} published, {conductor.waiting:,} waiting"
        )

    def _table(self) -> Table:
        stations = self._conductor.course.stations
        table = Table("machine", "kind", "line", "face", "state", title=self._line(), title_justify="left")
        for column in ("parts", "rejects", "kW", "kWh"):
            table.add_column(column, justify="right")
        for station in stations[:_ROWS]:
            table.add_row(*_row(station))
        if len(stations) > _ROWS:
            table.add_row(f"and {len(stations) - _ROWS:,} more")
        return table


def _row(station: Station) -> tuple[str, ...]:
    device = station.device
    made = (
        (_coloured(device.state.name), f"{device.finished:,}", f"{device.rejected:,}")
        if isinstance(device, Unit)
        else ("", "", "")
    )
    place = (device.name, device.kind, station.place.line, station.described.face)
    return (*place, *made, f"{device.power:.2f}", f"{device.energy:.3f}")


def _coloured(state: str) -> str:
    colour = {"EXECUTE": "green", "ABORTED": "red", "HELD": "yellow", "SUSPENDED": "yellow"}.get(state)
    return f"[{colour}]{state}[/]" if colour else state
