"""What a Sparkplug message of 50 metrics by alias costs all the way into a real InfluxDB, in the wide layout.

20 edge nodes are born, then publish 20,000 NDATA at QoS 0: 30 Double, 10 Float, 6 Int32, 2 Boolean and 2 String, each
with its alias, its time and a new value, about 1 kB, which become one point of 50 fields. See `sparkplug_path` for how
it is measured, and `sparkplug_subscriber` for what runs beside it.
"""

from __future__ import annotations

from bench import turns
from bench.measured import Measured, Setting
from bench.sparkplug_path import Shape
from bench.turns import Load

LOAD = Load(messages=20_000, topics=20, values=50)
SHAPE = Shape("wide")


def measure(setting: Setting) -> Measured:
    """Run it."""
    return turns.compare(setting, LOAD, SHAPE.take, SHAPE.baseline).report("messages a second into influxd")
