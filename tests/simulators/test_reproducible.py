"""The same scenario, seed and start give the same bytes; and all that is configured for a gateway is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.collection import configuration
from simulators.delivery.writing import write_run
from simulators.plant.course import Course
from simulators.plant.library import load, names
from tests.servers.gateway import command

START_NS = 1_772_431_200_000_000_000


def said(folder: Path, name: str, seed: int) -> bytes:
    """Return what the machines of a scenario say in two minutes; a thousand of them in ten seconds."""
    file = folder / f"{name}-{seed}.jsonl"
    write_run(Course(load(name), seed), file, seed, START_NS, 10 if name == "load" else 120, lambda _: None)
    content = file.read_bytes()
    file.unlink()
    return content


@pytest.mark.parametrize("name", names())
def test_a_seed_gives_the_same_messages_and_another_one_others(tmp_path: Path, name: str) -> None:
    first = said(tmp_path, name, 1)
    assert first == said(tmp_path, name, 1)
    assert first != said(tmp_path, name, 2)


@pytest.mark.parametrize("name", names())
def test_the_configuration_of_every_scenario_is_right(tmp_path: Path, name: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(configuration(load(name), "mqtt://127.0.0.1:1883"))
    checked = command("check", "-c", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
