"""A pytest plug-in: a broker, plants whose machines speak on it, and the answers that must come out.

It is there as soon as the package is installed; nothing is started, or imported, before a test asks for it.

    def test_my_dashboard_counts_parts(simulated_plant):
        plant = simulated_plant("workshop", duration="1h").run()       # an hour of machines' life, in seconds
        assert my_parts(plant.broker) == plant.expected.plant.parts

    def test_my_alarm_comes_while_the_plant_runs(simulated_plant, mqtt_broker):
        with simulated_plant("workshop", speed=60) as plant:           # a minute a second, in the background
            assert my_alarm(mqtt_broker.port)

| fixture | what it is |
|---|---|
| `mqtt_broker` | a broker on a free port of 127.0.0.1, for this test alone: `host`, `port`, `url` |
| `simulated_plant` | call it with a scenario (name, path or TOML text): a `SimulatedPlant` on that broker |
| `expected_answers` | call it likewise: the known answers of a run, without running it |
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:  # what a test does not ask for is not imported: pytest loads this file in every run
    from simulators.plant.expectation import Expectation
    from simulators.plant.scenario import Scenario
    from simulators.testing.local_broker import LocalBroker
    from simulators.testing.simulated_plant import SimulatedPlant


class MakePlant(Protocol):
    """What the fixture `simulated_plant` gives."""

    def __call__(
        self,
        scenario: str | Path | Scenario,
        *,
        speed: float | None = None,
        seed: int | None = None,
        start: str | None = None,
        duration: str | float | None = None,
        broker: str | None = None,
    ) -> SimulatedPlant:
        """Return a plant that has not begun.

        Args:
            scenario: Name of a scenario, path of a TOML file, or TOML text.
            speed: Virtual seconds in a second; None: as fast as the broker takes what is said.
            seed: Another seed makes another course; by default the scenario's.
            start: As `2026-03-02T06:00:00Z`; by default now at speed 1, else the latest with which it ends before now.
            duration: As `90s`, `8h` or a number of seconds; by default the scenario's.
            broker: As `mqtt://HOST:PORT`; by default that of the fixture `mqtt_broker`.
        """


class ExpectAnswers(Protocol):
    """What the fixture `expected_answers` gives."""

    def __call__(
        self,
        scenario: str | Path | Scenario,
        *,
        seed: int | None = None,
        start: str | None = None,
        duration: str | float | None = None,
    ) -> Expectation:
        """Return the known answers of a run; see `MakePlant`."""


@pytest.fixture
def mqtt_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker for this test, with `host`, `port` and `url`: mosquitto if it is installed, else an embedded one."""
    from simulators.testing.local_broker import local_broker  # noqa: PLC0415  # see above

    with local_broker(tmp_path_factory.mktemp("mqtt_broker")) as broker:
        yield broker


@pytest.fixture
def simulated_plant(request: pytest.FixtureRequest) -> Iterator[MakePlant]:
    """Make plants: `simulated_plant("workshop", duration="1h").run()`; what still runs is stopped after the test."""
    from simulators.testing.simulated_plant import SimulatedPlant, plan  # noqa: PLC0415  # see above

    plants: list[SimulatedPlant] = []

    def make(
        scenario: str | Path | Scenario,
        *,
        speed: float | None = None,
        seed: int | None = None,
        start: str | None = None,
        duration: str | float | None = None,
        broker: str | None = None,
    ) -> SimulatedPlant:
        url = request.getfixturevalue("mqtt_broker").url if broker is None else broker
        plants.append(
            SimulatedPlant(plan(scenario, speed=speed, seed=seed, start=start, duration=duration), url, speed)
        )
        return plants[-1]

    yield make
    for plant in plants:
        plant.stop()


@pytest.fixture
def expected_answers() -> ExpectAnswers:
    """Compute what must come out of a run: `expected_answers("workshop", start=...).plant.oee`."""
    from simulators.testing.simulated_plant import plan  # noqa: PLC0415  # see above

    def answers(
        scenario: str | Path | Scenario,
        *,
        seed: int | None = None,
        start: str | None = None,
        duration: str | float | None = None,
    ) -> Expectation:
        return plan(scenario, seed=seed, start=start, duration=duration).expect()

    return answers
