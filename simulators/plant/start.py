"""When a run begins and how long it is, where nobody says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.plant.scenario import Scenario

_SECOND_NS = 1_000_000_000


def latest_start(scenario: Scenario, seconds: float, now_ns: int) -> int:
    """Return the latest start of a run of so many virtual seconds that ends before now, in nanoseconds since 1970.

    It is a whole second, at the time of the day at which the scenario begins, if it says one.
    """
    latest = datetime.fromtimestamp(now_ns // _SECOND_NS, UTC) - timedelta(seconds=seconds)
    if scenario.begin is None:
        return int(latest.timestamp()) * _SECOND_NS
    zone = ZoneInfo(scenario.time_zone)
    day = latest.astimezone(zone).date()
    start = datetime.combine(day, scenario.begin, zone)
    if start > latest:
        start = datetime.combine(day - timedelta(days=1), scenario.begin, zone)
    return int(start.timestamp()) * _SECOND_NS


def parse(text: str) -> int:
    """Return a start as people write it (`2026-03-02T06:00:00Z`) in nanoseconds since 1970; without a zone it is UTC.

    Raises:
        ValueError: It is no time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: write it as 2026-03-02T06:00:00Z") from error
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()) * _SECOND_NS


def spell(time_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return f"{datetime.fromtimestamp(time_ns // _SECOND_NS, UTC):%Y-%m-%dT%H:%M:%SZ}"
