"""How long the gateway takes to start when 10,000,000 points wait in its spool.

The spool is made beforehand, by the gateway's own code: once of 2000 rows of 5000 records, as a busy gateway leaves it
(about 0.7 MB a row), and once of 100,000 rows of 100 records, as one leaves it that committed often. Only what no start
can see is different: the disk is not waited for while it is made, and every row holds the same records. Then the file
is written out and dropped from the kernel's cache, as after a reboot, and `gateway run` starts, with a broker that has
nothing to say and a database that takes everything at once (`null_sink`). Beside it: the same with an empty spool.

- Connected: from the start of the process until `gateway status` says so; looked at every 20 ms.
- First batch: from the start of the process until the first records reach the database.
- Memory: resident and at most, when both have happened.

What waits and what was delivered must be all there was.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import SINK, SOURCE, configuration
from bench.measured import Measured, MeasurementError, Row, Setting
from bench.null_sink import null_sink
from bench.processes import SPOOL, Gateway
from bench.weighing import Memory
from gateway.spool import Group, Spool
from gateway.status import JSON
from simulators.load.frames import topic

POINTS = 10_000_000
ROW, SMALL_ROW = 5_000, 100
TOPICS = 500
SECONDS = 300.0
"""Within which it must be connected."""
_RECORD = (
    "cnc,area=area{area},asset=m{machine},line=line{line} temperature=20.25,spindle_speed=4000.5,vibration=0.5625,"
    'power=1.375,state_text="RUNNING",part_count=100000 {time}'
)


class Start(NamedTuple):
    """How it went.

    Attributes:
        connected_s: Seconds.
        first_batch_s: Seconds; none if nothing waited.
        memory: At that time.
        spool_mb: The file, in megabytes.
    """

    connected_s: float
    first_batch_s: float | None
    memory: Memory
    spool_mb: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    points = round(POINTS * setting.scale)
    starts: dict[str, Start] = {}
    for name, of_row in (("empty", 0), (f"rows of {ROW}", ROW), (f"rows of {SMALL_ROW}", SMALL_ROW)):
        folder = setting.folder / name.replace(" ", "-")
        folder.mkdir()
        if of_row:
            began = time.monotonic()
            _make_spool(folder / SPOOL, points, of_row)
            setting.say(f"{name}: the spool was made in {time.monotonic() - began:.0f} s")
        start = starts[name] = _start(folder, points if of_row else 0)
        first = "" if start.first_batch_s is None else f"first batch after {start.first_batch_s:.2f} s, "
        setting.say(f"{name}: connected after {start.connected_s:.2f} s, {first}at most {start.memory.peak:.0f} MB")
        (folder / SPOOL).unlink()
    return _report(starts, points)


def _make_spool(path: Path, points: int, of_row: int) -> None:
    """Fill a spool with so many points, in rows of so many, and drop it from the kernel's cache."""
    group = Group(SOURCE)
    now_ns = time.time_ns()
    for number in range(of_row):
        index = number % TOPICS
        place = {"area": index // 100, "line": index // 10 % 10, "machine": index % 10}
        group.add(topic(index), [_RECORD.format(**place, time=now_ns + number)])
    spool = Spool(path, [SINK])
    try:
        # 100,000 commits would be 100,000 flushes of the disk. Those who start find the same file.
        spool._connection.execute("PRAGMA synchronous = OFF")  # noqa: SLF001  # no option offers this, and none should
        for _ in range(points // of_row):
            spool.commit(group)
    finally:
        spool.close()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _start(folder: Path, points: int) -> Start:
    spool = folder / SPOOL
    size = spool.stat().st_size if points else 0
    with processes.mosquitto(folder) as broker, null_sink(folder) as sink:
        text = configuration(broker, sink.url)
        began, began_at = time.monotonic(), time.time()
        with processes.gateway(folder, text, seconds=SECONDS) as gateway:
            connected = time.monotonic() - began
            if points:
                processes.wait_until(lambda: sink.counts().records > 0, "the first batch is delivered", SECONDS)
            memory = weighing.memory(gateway.pid)
            _require_all(gateway, points)
        first = sink.counts().first - began_at if points else None
    return Start(connected, first, memory, size / 1e6)


def _require_all(gateway: Gateway, points: int) -> None:
    status = gateway.status()
    messages = status["messages"]
    if not isinstance(messages, dict) or (messages["received"], messages["quarantined"], messages["ignored"]) != (
        points,
        0,
        0,
    ):
        raise MeasurementError(f"{points} messages waited, and the gateway knows of {messages}")


def _report(starts: dict[str, Start], points: int) -> Measured:
    figures: dict[str, JSON] = {
        name.replace(" ", "_"): {**start._asdict(), "memory": dict(start.memory._asdict())}
        for name, start in starts.items()
    }
    empty = starts["empty"]
    rows = []
    for name, start in starts.items():
        if start.first_batch_s is None:
            continue
        rows += [
            Row(
                f"connected, {points:,} points in {name}",
                f"{start.connected_s:.2f} s",
                f"{empty.connected_s:.2f} s with none",
            ),
            Row("first batch delivered", f"{start.first_batch_s:.2f} s", f"spool of {start.spool_mb:,.0f} MB"),
            Row("resident memory", f"at most {start.memory.peak:.0f} MB", f"{empty.memory.peak:.0f} MB with none"),
        ]
    return Measured({"points": points, **figures}, rows)
