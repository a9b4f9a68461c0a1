"""When a run begins that is not told when."""

from __future__ import annotations

import pytest

from simulators.plant.library import parse
from simulators.plant.scenario import Scenario
from simulators.plant.start import latest_start, spell
from simulators.plant.start import parse as parse_start

NOW_NS = parse_start("2026-03-04T12:00:00Z") + 123


def scenario(begin: str = "", zone: str = "UTC") -> Scenario:
    told = f'begin = "{begin}"\n' if begin else ""
    return parse(
        f'description = "x"\ntime_zone = "{zone}"\n{told}'
        'lines = [{ name = "l", area = "x" }]\nmachines = [{ name = "m", kind = "plc", line = "l" }]',
        "test",
        "x",
    )


def test_a_run_ends_now() -> None:
    assert spell(latest_start(scenario(), 3600, NOW_NS)) == "2026-03-04T11:00:00Z"


@pytest.mark.parametrize(
    ("begin", "seconds", "start"),
    [
        ("06:00:00", 3 * 3600, "2026-03-04T06:00:00Z"),
        ("06:00:00", 7 * 3600, "2026-03-03T06:00:00Z"),
        ("11:30:00", 3600, "2026-03-03T11:30:00Z"),
    ],
)
def test_a_run_begins_at_the_time_of_its_scenario(begin: str, seconds: int, start: str) -> None:
    assert spell(latest_start(scenario(begin), seconds, NOW_NS)) == start


def test_the_time_of_the_begin_is_that_of_the_plant() -> None:
    assert spell(latest_start(scenario("06:00:00", "Asia/Shanghai"), 3600, NOW_NS)) == "2026-03-03T22:00:00Z"


def test_a_start_without_a_zone_is_utc_and_one_that_is_none_is_refused() -> None:
    assert spell(parse_start("2026-03-02T06:00:00")) == "2026-03-02T06:00:00Z"
    assert spell(parse_start("2026-03-02T06:00:00+01:00")) == "2026-03-02T05:00:00Z"
    with pytest.raises(ValueError, match="is no time"):
        parse_start("yesterday")
