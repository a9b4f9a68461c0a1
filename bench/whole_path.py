"""What a message costs all the way: flat JSON at QoS 1, from the broker's socket into a real InfluxDB.

The load is that of `ingest_json`: 500 topics, six values in about 150 bytes, as fast as the broker takes them, to
`gateway run` with its default settings; and influxd 1.6.7 takes what comes. Ingest and delivery go on together, with
commits to a disk between them. Beside it runs the bare subscriber (`baseline`), which only receives, parses and
acknowledges. Both are measured in turns, three times, and the medians are reported.

First every topic gets one message, which is not counted: what a new series costs is measured by `growth`.

- CPU: user and kernel time of the gateway's process, all threads, from then, when it has nothing to do, until the
  database has everything and the spool has forgotten it. That of the other processes is not in it.
- Messages a second: those after the first that the database was seen to have confirmed, over the time from then until
  it has confirmed the last; looked at every 0.1 s. Everything shares the processors, and with two of these influxd and
  the broker are the limit, not the gateway.
- Memory: resident, at the end, libraries included.

At the end every message must be there: the points in the database are counted.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench import processes, turns, weighing
from bench.configuration import DATABASE, FIELD, MEASUREMENT, SINK, configuration
from bench.measured import Measured, Setting, require_equal
from bench.turns import Load, Turn
from tests.servers.databases import Influxd

LOAD = Load(messages=300_000)


def measure(setting: Setting) -> Measured:
    """Run it."""
    return turns.compare(setting, LOAD, take).report("messages a second, QoS 1, into influxd")


def take(folder: Path, broker: int, load: Load) -> Turn:
    """Let a gateway bring a load into influxd."""
    with Influxd(folder / "influxd") as database:
        database.create_database(DATABASE)
        text = configuration(broker, database.url)
        with processes.gateway(folder, text) as gateway:

            def confirmed() -> int:
                return gateway.number("sinks", SINK, "points")

            def wait_for(number: int, what: str) -> None:
                processes.wait_until(lambda: confirmed() >= number, what, poll=processes.SELDOM)

            def empty() -> bool:
                return gateway.number("spool", "messages") == 0

            warm_up = load._replace(messages=load.topics)
            with warm_up.publisher(broker) as publisher:
                known = processes.published(publisher).messages
            wait_for(known, "every series is in the database")
            processes.wait_until(empty, "the spool is empty")
            began_cpu = weighing.cpu_seconds(gateway.pid)
            with load.publisher(broker) as publisher:
                wait_for(known + 1, "a first message is in the database")
                first, began = confirmed(), time.monotonic()
                sent = processes.published(publisher)
                wait_for(known + load.messages, "all messages are in the database")
                seconds = time.monotonic() - began
            processes.wait_until(empty, "the spool is empty")
            cpu, memory = weighing.cpu_seconds(gateway.pid) - began_cpu, weighing.memory(gateway.pid)
            require_equal(
                {
                    "sent": known + sent.messages,
                    "received": gateway.number("messages", "received"),
                    "stored": gateway.number("messages", "stored"),
                    "points in the database": count(database),
                }
            )
    return Turn(
        cpu / load.messages * 1e6, (known + load.messages - first) / seconds, sent.messages / sent.seconds, memory
    )


def count(database: Influxd) -> int:
    """Return how many messages of the load a database has."""
    rows = database.query(f"SELECT count({FIELD}) FROM {MEASUREMENT}", DATABASE)  # noqa: S608  # names of our own
    return int(str(rows[0]["count"])) if rows else 0
