"""How fast a backlog leaves: 1,000,000 points that came in while influxd was away.

The load of `whole_path` is published to a gateway whose database does not answer, until 1,000,000 messages of six
values wait in its spool. Then influxd 1.6.7 starts, and `backlog_rate` is so high that it bounds nothing; everything
else is as it is by default. Nothing is published meanwhile.

Beside it: what influxd takes from a client that does nothing but send. Before that, the same bodies are read from the
same spool, in batches of at most 2 MiB as the gateway makes them, and posted one after the other over one connection to
another influxd that is as empty.

- Points a second: those after the first that influxd was seen to have confirmed, over the time from then until it has
  confirmed the last; looked at every 0.1 s. Of the bare client: all of them, over the time from the first request to
  the last answer.
- CPU of a point: user and kernel time of the gateway's process, from the start of influxd until the spool is empty; of
  the bare client, that of its thread.

At the end every message must be there, in both: the points in the databases are counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from bench import processes, weighing
from bench.configuration import DATABASE, SINK, configuration
from bench.measured import Measured, MeasurementError, Row, Setting, require_equal
from bench.processes import SPOOL, Gateway
from bench.turns import Load
from bench.whole_path import count
from gateway.spool.file import open_for_reading
from tests.servers.databases import Influxd

LOAD = Load(messages=1_000_000)
MAX_BATCH = 2 * 2**20
UNBOUNDED = 1_000_000_000
_WRITE = "/write?" + urlencode({"db": DATABASE, "precision": "ns"})
_NO_CONTENT = 204


class Drained(NamedTuple):
    """How it went."""

    points_per_second: float
    cpu_us_per_point: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    load = LOAD._replace(messages=round(LOAD.messages * setting.scale))
    folder = setting.folder / "gateway"
    folder.mkdir()
    with processes.mosquitto(setting.folder) as broker, Influxd(setting.folder / "influxd") as database:
        database.create_database(DATABASE)
        database.stop()
        text = configuration(broker, database.url, sink={"backlog_rate": UNBOUNDED})
        with processes.gateway(folder, text) as gateway:
            _fill(broker, gateway, load)
            setting.say(f"{load.messages:,} points wait")
            bare = _post_bare(setting.folder / "bare", folder / SPOOL, load)
            setting.say(f"bare client: {bare.points_per_second:,.0f} points/s")
            drained, memory = _drain(gateway, database, load), weighing.memory(gateway.pid)
            setting.say(f"gateway: {drained.points_per_second:,.0f} points/s")
    ratio = round(drained.points_per_second / bare.points_per_second, 2)
    return Measured(
        {
            "points_per_second": round(drained.points_per_second),
            "cpu_us_per_point": round(drained.cpu_us_per_point, 3),
            "bare_points_per_second": round(bare.points_per_second),
            "bare_cpu_us_per_point": round(bare.cpu_us_per_point, 3),
            "ratio": ratio,
            "peak_rss_mb": memory.peak,
            "points": load.messages,
        },
        [
            Row(
                "points a second out of the spool",
                f"{drained.points_per_second:,.0f}",
                f"{bare.points_per_second:,.0f}, bare client (ratio {ratio})",
            ),
            Row("CPU of a point", f"{drained.cpu_us_per_point:.2f} us", f"{bare.cpu_us_per_point:.2f} us"),
            Row("resident memory", f"at most {memory.peak:.0f} MB"),
        ],
    )


def _fill(broker: int, gateway: Gateway, load: Load) -> None:
    """Let everything come into the spool."""
    with load.publisher(broker) as publisher:
        sent = processes.published(publisher)
        processes.wait_until(
            lambda: gateway.number("spool", "messages") >= load.messages, "all wait", poll=processes.SELDOM
        )
    require_equal({"sent": sent.messages, "points in the spool": gateway.number("spool", "points")})


def _drain(gateway: Gateway, database: Influxd, load: Load) -> Drained:
    """Let the gateway bring what waits into a database that comes back."""

    def confirmed() -> int:
        return gateway.number("sinks", SINK, "points")

    began_cpu = weighing.cpu_seconds(gateway.pid)
    database.start()
    processes.wait_until(lambda: confirmed() > 0, "the first batch is in the database", poll=processes.SELDOM)
    first, began = confirmed(), time.monotonic()
    processes.wait_until(lambda: confirmed() >= load.messages, "all points are in the database", poll=processes.SELDOM)
    seconds = time.monotonic() - began
    processes.wait_until(lambda: gateway.number("spool", "messages") == 0, "the spool is empty")
    cpu = weighing.cpu_seconds(gateway.pid) - began_cpu
    require_equal({"waited": load.messages, "points in the database": count(database)})
    return Drained((load.messages - first) / seconds, cpu / load.messages * 1e6)


def _post_bare(folder: Path, spool: Path, load: Load) -> Drained:
    """Send what waits in a spool to an influxd of its own, and do nothing else."""
    batches = list(_batches(spool))
    with Influxd(folder) as database, closing(HTTPConnection("127.0.0.1", database.port, timeout=60)) as connection:
        database.create_database(DATABASE)
        began, began_cpu = time.monotonic(), time.thread_time()
        for body in batches:
            connection.request("POST", _WRITE, body)
            response = connection.getresponse()
            answer = response.read()
            if response.status != _NO_CONTENT:
                raise MeasurementError(f"influxd refuses a bare write: {response.status} {answer[:200]!r}")
        seconds, cpu = time.monotonic() - began, time.thread_time() - began_cpu
        require_equal({"waited": load.messages, "points in the database": count(database)})
    return Drained(load.messages / seconds, cpu / load.messages * 1e6)


def _batches(spool: Path) -> Iterator[bytes]:
    """Yield the bodies of a spool, put together up to the size of a batch."""
    with closing(open_for_reading(spool)) as connection:
        bodies: list[bytes] = []
        for (body,) in connection.execute("SELECT body FROM records ORDER BY id"):
            if bodies and _size(bodies) + len(body) > MAX_BATCH:
                yield b"".join(bodies)
                bodies = []
            bodies.append(body)
        if bodies:
            yield b"".join(bodies)


def _size(bodies: Sequence[bytes]) -> int:
    return sum(map(len, bodies))
