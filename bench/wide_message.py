"""What a message of 50 values costs all the way into a real InfluxDB.

As `whole_path`, with 60,000 messages of about 1 kB: 34 floats, 8 texts and 8 integers, which become one point of
50 fields. The bare subscriber beside it parses the same messages.
"""

from __future__ import annotations

from bench import turns, whole_path
from bench.measured import Measured, Setting
from bench.turns import Load

LOAD = Load(messages=60_000, values=50)


def measure(setting: Setting) -> Measured:
    """Run it."""
    return turns.compare(setting, LOAD, whole_path.take).report("messages a second, QoS 1, into influxd")
