"""How much the gateway writes to disk, which wears flash: gigabytes a day, at 100 and at 10,000 messages a second.

The messages of `whole_path` (about 150 bytes each, 500 topics) are published at that rate, and each of four gateways
takes all of them, on a disk and with a database that takes everything at once (`null_sink`): with
`acknowledge = "after_commit"` and a linger of 20 ms, 100 ms (the default) and 1 s, and with
`acknowledge = "after_sink"`, where the disk is for bad times only.

What the kernel counts for each process (`write_bytes` of /proc/PID/io, see `weighing`) is read twice, a minute apart,
after 10 seconds to settle, and the difference told for a day. These are bytes handed to the disk in whole pages,
counted when a page of the cache is changed: the file system's journal and what the flash makes of small writes come on
top. A page that changes again before it is flushed counts once; with `synchronous=FULL` each commit is flushed.

The database counts its records: none may be missing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import Options, configuration
from bench.measured import Measured, Row, Setting, require_equal
from bench.null_sink import null_sink
from bench.processes import Gateway
from gateway.status import JSON

RATES = (100, 10_000)
SETTLING, SECONDS = 10.0, 60.0
AFTERWARDS = 2.0
"""Seconds that are published longer than is measured."""
TOPICS = 500
A_DAY = 86_400

MODES: Mapping[str, Options] = {
    "after_commit, 20 ms": {"linger": "20ms"},
    "after_commit, 100 ms": {"linger": "100ms"},
    "after_commit, 1 s": {"linger": "1s"},
    "after_sink": {"acknowledge": "after_sink"},
}


class Written(NamedTuple):
    """What a gateway wrote while it was looked at.

    Attributes:
        gb_per_day: 10^9 bytes.
        bytes_per_message: Of those that came meanwhile.
        commits_per_second: Groups that were made safe.
    """

    gb_per_day: float
    bytes_per_message: float
    commits_per_second: float


class Glance(NamedTuple):
    """The counters of a gateway at one time."""

    moment: float
    written: int
    messages: int
    commits: int

    @classmethod
    def of(cls, gateway: Gateway) -> Glance:
        """Look now."""
        status = gateway.number("messages", "received"), gateway.number("spool", "commits")
        return cls(time.monotonic(), weighing.written_bytes(gateway.pid), *status)

    def until(self, later: Glance) -> Written:
        """Return what was written between two looks."""
        seconds, written = later.moment - self.moment, later.written - self.written
        return Written(
            round(written / seconds * A_DAY / 1e9, 3),
            round(written / max(1, later.messages - self.messages), 1),
            round((later.commits - self.commits) / seconds, 2),
        )


def measure(setting: Setting) -> Measured:
    """Run it."""
    found: dict[int, dict[str, Written]] = {}
    for rate in RATES:
        folder = setting.folder / str(rate)
        folder.mkdir()
        found[rate] = _measure(folder, rate, SECONDS * setting.scale, SETTLING * setting.scale)
        for mode, written in found[rate].items():
            setting.say(
                f"{rate:,} messages/s, {mode}: {written.gb_per_day:.2f} GB a day, "
                f"{written.bytes_per_message:,.0f} bytes a message, {written.commits_per_second:.1f} commits/s"
            )
    figures: dict[str, JSON] = {
        str(rate): {mode: dict(written._asdict()) for mode, written in modes.items()} for rate, modes in found.items()
    }
    rows = [
        Row(
            f"written at {rate:,} messages/s, {mode}",
            f"{written.gb_per_day:,.2f} GB a day",
            f"{written.commits_per_second:.1f} commits/s",
        )
        for rate, modes in found.items()
        for mode, written in modes.items()
    ]
    return Measured({"messages_per_second": figures, "seconds": SECONDS * setting.scale}, rows)


def _measure(folder: Path, rate: int, seconds: float, settling: float) -> dict[str, Written]:
    messages = round(rate * (settling + seconds + AFTERWARDS))
    options = ("--topics", str(TOPICS), "--messages", str(messages), "--rate", str(rate))
    with ExitStack() as stack:
        broker = stack.enter_context(processes.mosquitto(folder))
        sink = stack.enter_context(null_sink(folder))
        gateways: dict[str, Gateway] = {}
        for number, (mode, spool) in enumerate(MODES.items()):
            text = configuration(broker, sink.url, identity=f"bench{number}", spool=spool)
            gateways[mode] = stack.enter_context(processes.gateway(folder / f"gateway{number}", text))
        publisher = stack.enter_context(processes.publisher(broker, *options))
        processes.wait_until(
            lambda: all(gateway.number("messages", "received") for gateway in gateways.values()), "messages come"
        )
        time.sleep(settling)
        before = {mode: Glance.of(gateway) for mode, gateway in gateways.items()}
        time.sleep(seconds)
        after = {mode: Glance.of(gateway) for mode, gateway in gateways.items()}
        sent = processes.published(publisher)
        for mode, gateway in gateways.items():
            processes.wait_until(
                lambda gateway=gateway: gateway.number("messages", "stored") >= messages,  # type: ignore[misc]
                f"{mode}: all messages are stored",
                poll=processes.SELDOM,
            )
            require_equal({"sent": sent.messages, "stored": gateway.number("messages", "stored")})
        require_equal({"records sent": messages * len(gateways), "records in the database": sink.counts().records})
    return {mode: before[mode].until(after[mode]) for mode in gateways}
