"""The configuration of a gateway that collects a scenario."""

from __future__ import annotations

import tomllib

import pytest

from simulators.collection import configuration
from simulators.plant.library import parse

URL = "mqtt://127.0.0.1:1883"
PLANT = """
description = "A hall"
period = "10s"
products = { lid = { ideal_cycle = 75 } }
lines = [{ name = "line1", area = "hall", plan = [{ product = "lid", for = "1h" }] }]
machines = [
    { name = "mill", kind = "cnc_mill", line = "line1", count = 2 },
    { name = "slow-mill", kind = "cnc_mill", line = "line1", period = "20s" },
    %s
]
"""


def silences(plant: str) -> dict[str, str]:
    """Return `stale_after` of each route, by the machine it is for, or its measurement where it is for all of it."""
    routes = tomllib.loads(configuration(parse(plant, "test", "test"), URL))["routes"]
    return {route.get("asset", route["measurement"]): route["stale_after"] for route in routes}


def test_a_machine_is_stale_by_its_own_period_where_several_kinds_share_a_line() -> None:
    climate = '{ name = "climate", kind = "climate_sensor", line = "line1", period = "60s" }'
    assert silences(PLANT % climate) == {"mill-1": "40s", "mill-2": "40s", "slow-mill": "80s", "climate": "240s"}


def test_a_route_for_several_machines_waits_for_the_slowest_of_them() -> None:
    assert silences(PLANT % "") == {"cnc_mill": "80s"}


@pytest.mark.parametrize("end", ["\\n", "\\r", "\\r\\n", "\\u0085", "\\u2028", "\\u0000", "\\u007f"])
def test_a_description_is_a_comment_whatever_stands_in_it(end: str) -> None:
    harmless = parse(PLANT % "", "test", "test")
    said = parse(PLANT.replace("A hall", f"A hall{end}[[sinks]]{end}name = 'x'") % "", "test", "test")
    text = configuration(said, URL)
    assert "# A hall [[sinks]] name = 'x'\n" in text
    assert tomllib.loads(text) == tomllib.loads(configuration(harmless, URL))


def test_a_command_is_a_comment_whatever_stands_in_it() -> None:
    text = configuration(parse(PLANT % "", "test", "test"), URL, command="run a\nb = 1")
    assert "b" not in tomllib.loads(text)
