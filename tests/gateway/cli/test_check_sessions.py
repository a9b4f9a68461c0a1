"""`gateway check` on sources whose connection an adapter owns, and on the routes that such a source may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app import assemble
from gateway.settings import load
from tests.gateway.cli.test_check import problems

HOST = "tests.gateway.mqtt.hosts:FakeHost"
BASE = f"""
id = "gw"
[[sources]]
name = "plant"
url = "mqtt://127.0.0.1:1"
session = "{HOST}"
[[sinks]]
name = "db"
type = "influxdb"
api = "v1"
url = "http://127.0.0.1:1"
database = "plant"
"""
ROUTE = f'[[routes]]\nsource = "plant"\nadapter = "{HOST}"\ntopic = "plant/#"\n'
JSON = '[[routes]]\ntopic = "{site}/{machine}"\nadapter = "json"\nmeasurement = "cnc"\n'
OTHER = '[[sources]]\nname = "other"\nurl = "mqtt://127.0.0.1:2"\n'


def test_a_source_with_a_session_needs_no_route(tmp_path: Path) -> None:
    assert problems(tmp_path, BASE) == []


def test_the_adapter_says_what_its_route_is(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    assembly = assemble(load(file), "gateway.toml")
    (route,) = assembly.settings.routes
    assert (route.source, route.topic, route.measurement) == ("plant", "plant/#", "fake")
    assert assembly.settings.sources[0].max_packet == 16 * 2**20


def test_a_route_of_its_own_is_completed_by_the_adapter(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE + ROUTE + 'layout = "narrow"\noptions = { host_id = "other" }\n')
    assembly = assemble(load(file), "gateway.toml")
    (route,) = assembly.settings.routes
    assert (route.layout, route.measurement) == ("narrow", "fake")
    assert assembly.sessions["plant"].subscriptions()[0] == ("plant/STATE/other", 1)


def test_a_route_without_a_source_is_for_the_other_sources(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE + OTHER + JSON)
    assembly = assemble(load(file), "gateway.toml")
    assert {name: list(paths) for name, paths in assembly.paths.items()} == {"plant": [1], "other": [0]}


def test_a_route_that_takes_everything_elsewhere_hides_no_session(tmp_path: Path) -> None:
    everything = JSON.replace("{site}/{machine}", "{machine...}")
    assert problems(tmp_path, BASE + OTHER + everything + ROUTE) == []


@pytest.mark.parametrize(
    ("addition", "key", "reason"),
    [
        ("window = 7", "sources[1].window", "begins with a clean start"),
        ('shared_group = "all"', "sources[1].shared_group", "begins with a clean start"),
        ('session_expiry = "1h"', "sources[1].session_expiry", "begins with a clean start"),
        ('sparkplug = { host_id = "x" }', "sources[1].sparkplug", 'add session = "sparkplug"'),
    ],
)
def test_what_a_session_cannot_have_is_refused(tmp_path: Path, addition: str, key: str, reason: str) -> None:
    (told,) = problems(tmp_path, BASE.replace("[[sinks]]", f"{addition}\n[[sinks]]", 1))
    assert told["key"] == key
    assert reason in told["reason"]


@pytest.mark.parametrize(
    ("routes", "key", "text"),
    [
        (JSON.replace("[[routes]]", '[[routes]]\nsource = "plant"'), "routes[1].adapter", "a source of their own"),
        (ROUTE + ROUTE, "routes[2].source", "a source of their own"),
        (JSON, "routes[1].source", "it gets nothing"),
        (ROUTE.replace("plant/#", "plant/m1"), "routes[1].topic", 'Write topic = "plant/#"'),
        (ROUTE + "options = { colour = 1 }", "routes[1].options.colour", "unknown option"),
        (ROUTE + 'asset = "{mashine}"', "routes[1].asset", "which the topic does not have"),
    ],
)
def test_a_route_that_cannot_be_that_of_a_session_is_told(tmp_path: Path, routes: str, key: str, text: str) -> None:
    (told,) = problems(tmp_path, BASE + routes)
    assert told["key"] == key
    assert text in told["reason"] + told["remedy"]


def test_an_adapter_that_owns_no_connection_is_no_session(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, BASE.replace(HOST, "json"))
    assert told["key"] == "sources[1].session"
    assert "owns no connection" in told["reason"]


def test_an_adapter_that_owns_its_connection_is_not_for_a_route_alone(tmp_path: Path) -> None:
    document = BASE.replace(f'session = "{HOST}"\n', "") + ROUTE
    (told,) = problems(tmp_path, document)
    assert told["key"] == "routes[1].adapter"
    assert f'session = "{HOST}"' in told["remedy"]


def test_without_a_session_a_route_is_needed(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, BASE.replace(f'session = "{HOST}"\n', ""))
    assert (told["key"], told["reason"]) == ("routes", "is missing")


def test_the_places_of_the_adapter_are_words_for_templates(tmp_path: Path) -> None:
    route = ROUTE + 'asset = "{hall}-{machine}"\ntags = { shelf = "{shelf}" }\n'
    assert problems(tmp_path, BASE + route) == []
