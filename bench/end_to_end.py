"""From a machine's publish to the answer of a query: latency and throughput into a real InfluxDB.

`simulators load` publishes 10,000 messages a second for 20 seconds, to mosquitto, and `gateway run` with its default
settings brings them into influxd 1.6.7; six values each, which become one point. All of it shares the processors of
this machine. Beside that load a probe publishes 50 numbered messages a second by a connection of its own, which take
the same way, and asks the database for the latest number: see `probe` for how, and how exactly.

- Latency: of the probe's messages, all of them, from just before the publish to the answer that shows it.
- Points a second: all points of the load, over the time from the first message to when the last point can be counted.

At the end every message must be there: the points in the database are counted.
"""

from __future__ import annotations

import time

from bench import probe, processes, weighing
from bench.measured import Measured, Row, Setting, require_equal
from bench.probe import Latency
from gateway.status import JSON
from tests.servers.databases import Influxd

RATE, SECONDS, TOPICS = 10_000, 20, 500
SINK = "influxd 1.6.7"
DATABASE = "plant"

CONFIGURATION = """
id = "bench"
[[sources]]
name = "plant"
url = "mqtt://127.0.0.1:{broker}"
[[routes]]
topic = "load/{{area}}/{{line}}/{{machine}}/telemetry"
adapter = "json"
measurement = "cnc"
[[routes]]
topic = "probe/{{machine}}/telemetry"
adapter = "json"
measurement = "probe"
[spool]
path = "spool.db"
[[sinks]]
name = "db"
type = "influxdb"
api = "v1"
url = "{database}"
database = "plant"
"""


def measure(setting: Setting) -> Measured:
    """Run it."""
    seconds = SECONDS * setting.scale
    messages, probes = round(RATE * seconds), round(seconds / probe.INTERVAL)
    load = ("--topics", str(TOPICS), "--messages", str(messages), "--rate", str(RATE))
    with processes.mosquitto(setting.folder) as broker, Influxd(setting.folder / "influxd") as database:
        database.create_database(DATABASE)
        configuration = CONFIGURATION.format(broker=broker, database=database.url)
        watch = probe.Watch(database.port, DATABASE)

        with (
            processes.gateway(setting.folder / "gateway", configuration) as gateway,
            watch.watching(),
            processes.publisher(broker, *load) as publisher,
        ):
            began_cpu = weighing.cpu_seconds(gateway.pid)
            times = probe.publish(broker, probes)
            sent = processes.published(publisher)
            processes.wait_until(
                lambda: _count(database, "temperature", "cnc") >= messages, "every point of the load is in the database"
            )
            ended = time.time()
            processes.wait_until(lambda: watch.latest >= probes - 1, "every point of the probe is in the database")
            processes.wait_until(lambda: gateway.number("spool", "messages") == 0, "the spool is empty")
            cpu, memory = weighing.cpu_seconds(gateway.pid) - began_cpu, weighing.memory(gateway.pid)
            require_equal(
                {
                    "sent": sent.messages + probes,
                    "received": gateway.number("messages", "received"),
                    "stored": gateway.number("messages", "stored"),
                    "points in the database": _count(database, "temperature", "cnc")
                    + _count(database, "sequence", "probe"),
                }
            )
        first = database.query("SELECT first(temperature) FROM cnc", DATABASE)[0]["time"]
    points_per_second = messages / (ended - int(str(first)) / 1e9)
    found = probe.latency(times, watch.sights)
    return _report(points_per_second, found, cpu / (messages + probes) * 1e6, memory, messages)


def _count(database: Influxd, field: str, measurement: str) -> int:
    rows = database.query(f"SELECT count({field}) FROM {measurement}", DATABASE)  # noqa: S608  # names of our own
    return int(str(rows[0]["count"])) if rows else 0


def _report(rate: float, latency: Latency, cpu_us: float, memory: weighing.Memory, messages: int) -> Measured:
    figures: dict[str, JSON] = {
        "points_per_second": round(rate),
        **latency._asdict(),
        "sink": SINK,
        "cpu_us_per_message": round(cpu_us, 3),
        "rss_mb": memory.now,
        "peak_rss_mb": memory.peak,
        "messages": messages,
    }
    return Measured(
        figures,
        [
            Row("points a second", f"{rate:,.0f}", f"into {SINK}"),
            Row("publish to queryable, median", f"{latency.p50_ms:.0f} ms", f"known to {latency.resolution_ms:.0f} ms"),
            Row("the same, 99th percentile", f"{latency.p99_ms:.0f} ms", f"at most {latency.max_ms:.0f} ms"),
            Row("CPU of a message, with delivery", f"{cpu_us:.2f} us"),
            Row("resident memory", f"{memory.now:.0f} MB (at most {memory.peak:.0f})"),
        ],
    )
