"""Whether memory grows: ten minutes at 20,000 messages a second.

The messages of `whole_path`, 500 topics, paced, to `gateway run` with its default settings, and on to a database that
takes everything at once and keeps nothing but a count (`null_sink`): twelve million points in influxd would make this
a measurement of influxd. The resident memory of the gateway's process is looked at 60 times, each 10 seconds.

- Start, end, peak: of what was seen; the peak is the kernel's own.
- Slope: of the straight line through what was seen in the second half of the time, by least squares, with its standard
  error; in the first half caches and the pools of the allocator fill, in steps that become rarer. Memory `grows` if the
  slope is more than twice that error, and the line rises by more than a hundredth in that time.

The database counts its records: none may be missing. With --quick it takes twenty seconds, from which no slope can be
told.
"""

from __future__ import annotations

import statistics
import time
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import configuration
from bench.measured import Measured, MeasurementError, Row, Setting, require_equal
from bench.null_sink import null_sink

RATE, SECONDS, TOPICS = 20_000, 600.0, 500
QUICK_SECONDS = 20.0
SAMPLES = 60
SIGNIFICANT, NOTABLE = 2.0, 0.01


class Slope(NamedTuple):
    """How a straight line rises, in what it is made of a second, and the standard error of that."""

    a_second: float
    error: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    seconds = SECONDS if setting.scale >= 1 else QUICK_SECONDS
    messages = round(RATE * seconds)
    options = ("--topics", str(TOPICS), "--messages", str(messages), "--rate", str(RATE))
    times: list[float] = []
    sizes: list[float] = []
    with (
        processes.mosquitto(setting.folder) as broker,
        null_sink(setting.folder) as sink,
        processes.gateway(setting.folder / "gateway", configuration(broker, sink.url)) as gateway,
        processes.publisher(broker, *options) as publisher,
    ):
        processes.wait_until(lambda: gateway.number("messages", "received") > 0, "a first message is received")
        began = time.monotonic()
        for number in range(SAMPLES + 1):
            time.sleep(max(0.0, began + number * seconds / SAMPLES - time.monotonic()))
            times.append(time.monotonic() - began)
            sizes.append(weighing.memory(gateway.pid).now)
            if number % (SAMPLES // 10) == 0:
                setting.say(f"after {times[-1]:.0f} s: {sizes[-1]:.1f} MB")
        sent = processes.published(publisher, seconds)
        processes.wait_until(
            lambda: gateway.number("messages", "stored") >= messages, "all messages are stored", poll=processes.SELDOM
        )
        peak = weighing.memory(gateway.pid).peak
        require_equal(
            {
                "sent": sent.messages,
                "received": gateway.number("messages", "received"),
                "stored": gateway.number("messages", "stored"),
                "records in the database": sink.counts().records,
            }
        )
    return _report(times, sizes, peak, sent.messages / sent.seconds)


def _report(times: list[float], sizes: list[float], peak: float, rate: float) -> Measured:
    settled = len(times) // 2
    slope = slope_of(times[settled:], sizes[settled:])
    rise = slope.a_second * (times[-1] - times[settled])
    grows: bool | None = slope.a_second > SIGNIFICANT * slope.error and rise > NOTABLE * sizes[settled]
    verdict = "it grows" if grows else "no growth"
    if times[-1] < SECONDS - 1:
        grows, verdict = None, "too short to tell"
    an_hour, error = slope.a_second * 3600, slope.error * 3600
    return Measured(
        {
            "rss_mb_start": sizes[0],
            "rss_mb_end": sizes[-1],
            "peak_rss_mb": peak,
            "mb_per_hour": round(an_hour, 2),
            "mb_per_hour_standard_error": round(error, 2),
            "grows": grows,
            "seconds": round(times[-1]),
            "messages_per_second": round(rate),
            "sink": "one that takes everything at once",
            "rss_mb": list(sizes),
        },
        [
            Row("resident memory", f"{sizes[0]:.0f} MB", f"{sizes[-1]:.0f} MB after {times[-1]:.0f} s"),
            Row("the most", f"{peak:.0f} MB", f"at {rate:,.0f} messages/s"),
            Row("slope", f"{an_hour:+.1f} MB an hour", f"+-{error:.1f}: {verdict}"),
        ],
    )


def slope_of(times: list[float], sizes: list[float]) -> Slope:
    """Return the slope of the line through these points by least squares, and its standard error.

    Raises:
        MeasurementError: They are fewer than three.
    """
    if len(times) < 3:  # noqa: PLR2004  # a line goes through two without any error
        raise MeasurementError("a slope needs three points")
    slope, intercept = statistics.linear_regression(times, sizes)
    rests = (size - intercept - slope * moment for moment, size in zip(times, sizes, strict=True))
    variance = sum(rest * rest for rest in rests) / (len(times) - 2)
    mean = statistics.fmean(times)
    return Slope(slope, (variance / sum((moment - mean) ** 2 for moment in times)) ** 0.5)
