"""Whether a message costs more, and how much memory it takes, when there are more series to tell apart.

The load of `whole_path` is published to 100, then 10,000, then 100,000 topics, each of which becomes a series, to a
gateway of its own with its default settings. Its database is one that takes everything at once and keeps nothing but a
count (`null_sink`): what influxd does to 100,000 new series would take the processor's caches from what is measured.
All of it is done twice, and the medians are reported.

- First sight: every topic gets one message. CPU of the gateway's process for each, from when it is connected and has
  nothing to do until the database has everything and the spool is empty.
- Steady: 300,000 further messages, evenly to all topics, as fast as the broker takes them; counted in the same way.
  `ratio` compares it with that at 100 topics.
- Memory: resident, after these. Bytes a series: what 100,000 topics take more than 100, divided by the difference.

The database counts its records: none may be missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import configuration
from bench.measured import Measured, Row, Setting, median, require_equal
from bench.null_sink import NullSink, null_sink
from bench.processes import Gateway
from bench.turns import Load
from gateway.status import JSON

MESSAGES, ROUNDS = 300_000, 2
TOPICS = (100, 10_000, 100_000)


class Size(NamedTuple):
    """What a number of series came to.

    Attributes:
        first_us: CPU of the first message of a series, in microseconds.
        steady_us: CPU of a later one.
        rss_mb: Resident memory at the end.
    """

    first_us: float
    steady_us: float
    rss_mb: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    messages = round(MESSAGES * setting.scale)
    runs: dict[int, list[Size]] = {topics: [] for topics in TOPICS}
    for number in range(1, ROUNDS + 1):
        for topics in TOPICS:
            folder = setting.folder / f"{topics}-{number}"
            folder.mkdir()
            size = _measure(folder, topics, messages)
            runs[topics].append(size)
            setting.say(
                f"round {number}, {topics:,} series: {size.first_us:.1f} us at first sight, "
                f"then {size.steady_us:.2f} us; {size.rss_mb:.0f} MB"
            )
    sizes = {topics: Size(*map(median, zip(*of_size, strict=True))) for topics, of_size in runs.items()}
    return _report(sizes, runs, messages)


def _measure(folder: Path, topics: int, messages: int) -> Size:
    with (
        processes.mosquitto(folder) as broker,
        null_sink(folder) as sink,
        processes.gateway(folder, configuration(broker, sink.url)) as gateway,
    ):
        idle = weighing.cpu_seconds(gateway.pid)
        _bring(broker, gateway, sink, Load(topics, topics), before=0)
        known = weighing.cpu_seconds(gateway.pid)
        _bring(broker, gateway, sink, Load(messages, topics), before=topics)
        done = weighing.cpu_seconds(gateway.pid)
        memory = weighing.memory(gateway.pid)
    return Size((known - idle) / topics * 1e6, (done - known) / messages * 1e6, memory.now)


def _bring(broker: int, gateway: Gateway, sink: NullSink, load: Load, before: int) -> None:
    """Publish a load and wait until all of it has gone through."""
    with load.publisher(broker) as publisher:
        sent = processes.published(publisher)
        expected = before + load.messages
        processes.wait_until(
            lambda: gateway.number("messages", "stored") >= expected, "all messages are stored", poll=processes.SELDOM
        )
    require_equal(
        {
            "sent": before + sent.messages,
            "received": gateway.number("messages", "received"),
            "stored": gateway.number("messages", "stored"),
            "records in the database": sink.counts().records,
        }
    )


def _report(sizes: dict[int, Size], runs: dict[int, list[Size]], messages: int) -> Measured:
    least, most = min(sizes), max(sizes)
    ratios = {topics: round(size.steady_us / sizes[least].steady_us, 3) for topics, size in sizes.items()}
    bytes_each = (sizes[most].rss_mb - sizes[least].rss_mb) * 1e6 / (most - least)
    all_sizes: dict[str, JSON] = {
        str(topics): {
            **size._asdict(),
            "ratio": ratios[topics],
            "runs": [dict(one._asdict()) for one in runs[topics]],
        }
        for topics, size in sizes.items()
    }
    rows = [
        Row(f"CPU of a message, {topics:,} series", f"{size.steady_us:.2f} us", f"ratio {ratios[topics]:.2f}")
        for topics, size in sizes.items()
    ]
    first = sizes[most].first_us
    rows += [
        Row(f"the first message of each of {most:,} series", f"{first:.1f} us"),
        Row("memory of a series", f"{bytes_each:,.0f} bytes", f"{sizes[most].rss_mb:.0f} MB with {most:,}"),
    ]
    return Measured(
        {
            "ratio": ratios[most],
            "bytes_per_series": round(bytes_each),
            "messages": messages,
            "sink": "one that takes everything at once",
            "series": all_sizes,
        },
        rows,
    )
