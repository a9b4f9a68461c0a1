"""What a Sparkplug message costs that tells 50 of the 500 metrics of its edge node: others in each message.

Report by exception, as edge nodes do it: what changed is told, and it is hardly ever the same that changes. So no two
messages have the same fields. As `sparkplug_wide` and `sparkplug_narrow` otherwise, with the counts of these.
"""

from __future__ import annotations

from bench import sparkplug_narrow, sparkplug_wide, turns
from bench.measured import Measured, Setting
from bench.sparkplug_path import Shape
from gateway.status import JSON

METRICS = 500
LOADS = {"wide": sparkplug_wide.LOAD, "narrow": sparkplug_narrow.LOAD}


def measure(setting: Setting) -> Measured:
    """Run it, in both layouts."""
    figures: dict[str, JSON] = {}
    rows = []
    for layout, load in LOADS.items():
        shape = Shape(layout, METRICS)
        folder = setting.folder / layout
        folder.mkdir()
        compared = turns.compare(setting._replace(folder=folder), load, shape.take, shape.baseline)
        found = compared.report("messages a second into influxd")
        figures[layout] = found.figures
        rows += [row._replace(figure=f"{row.figure}, {layout}") for row in found.rows]
    return Measured(figures, rows)
