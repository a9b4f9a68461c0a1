"""What a Sparkplug message of 50 metrics by alias costs all the way into a real InfluxDB, in the narrow layout.

As `sparkplug_wide`, with 10,000 messages, each of which becomes 50 points of one value.
"""

from __future__ import annotations

from bench import turns
from bench.measured import Measured, Setting
from bench.sparkplug_path import Shape
from bench.turns import Load

LOAD = Load(messages=10_000, topics=20, values=50)
SHAPE = Shape("narrow")


def measure(setting: Setting) -> Measured:
    """Run it."""
    return turns.compare(setting, LOAD, SHAPE.take, SHAPE.baseline).report("messages a second into influxd")
