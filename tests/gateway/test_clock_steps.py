"""When somebody sets the clock of the system, nobody falls silent, nothing freezes, and it is told."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.app.clock import ClockWatch
from gateway.cli.console import show_age
from gateway.models import STALE, Observation, Telemetry
from gateway.normalize import silences
from gateway.status import SinkStatus, SourceStatus
from tests.gateway.hands import START_NS, Hands
from tests.gateway.normalize.test_normalizer import Bench

SECOND = 1_000_000_000
YEAR = 365 * 86_400 * SECOND
STEPS = pytest.mark.parametrize("step", [YEAR, -YEAR])


class Scene:
    """A machine that tells no time of its own, and a clock that a test sets."""

    def __init__(self) -> None:
        self.hands = Hands()
        metrics = {"cnc": {"metrics": {"x": {"deadband": 1.0}}}}
        self.bench = Bench({"stale_after": "10s"}, measurements=metrics)
        ClockWatch(self.hands.clock, self.bench.states, self.bench.status)

    def say(self, x: float) -> list[Telemetry]:
        """Let the machine say something now."""
        return self.bench.take(Observation({"x": x}), received_ns=self.hands.clock.now_ns()).telemetry

    def silences(self) -> list[Telemetry]:
        """Look who has fallen silent by now."""
        return silences(self.bench.states, self.hands.clock.now_ns())


@STEPS
def test_no_machine_is_stale_because_the_clock_was_set(step: int) -> None:
    scene = Scene()
    scene.say(1.0)
    scene.hands.pass_time(SECOND, corrected=step)
    assert scene.silences() == []
    scene.hands.pass_time(8 * SECOND)
    assert scene.silences() == []


@STEPS
def test_silence_is_noticed_after_as_long_as_ever(step: int) -> None:
    scene = Scene()
    scene.say(1.0)
    scene.hands.pass_time(5 * SECOND, corrected=step)
    assert scene.silences() == []
    scene.hands.pass_time(6 * SECOND)
    (telemetry,) = scene.silences()
    assert telemetry.quality == {"x": STALE}
    assert abs(telemetry.timestamp_ns - (scene.hands.wall_ns - SECOND)) < 1000, "in the new time"


@STEPS
def test_a_deadband_goes_on_in_the_new_time(step: int) -> None:
    scene = Scene()
    assert scene.say(1.0)
    scene.hands.pass_time(SECOND)
    assert not scene.say(1.1), "too small a change"
    scene.hands.pass_time(SECOND, corrected=step)
    assert [telemetry.values for telemetry in scene.say(1.2)] == [{"x": 1.2}]
    scene.hands.pass_time(SECOND)
    assert not scene.say(1.3), "too small a change again"


@STEPS
def test_it_is_counted_and_told_and_nothing_looks_older(step: int) -> None:
    scene = Scene()
    status = scene.bench.status
    status.started_ns = START_NS
    status.sources["plant"] = SourceStatus(since_ns=START_NS)
    status.sinks["db"] = SinkStatus(since_ns=START_NS)
    scene.hands.pass_time(2 * SECOND, corrected=step)
    with capture_logs() as logs:
        for _ in range(3):
            scene.hands.clock.now_ns()
    assert status.clock_steps == 1
    assert status.snapshot()["clock_steps"] == 1
    assert [(entry["log_level"], entry["ahead_by_s"]) for entry in logs] == [("warning", step / SECOND)]
    assert status.started_ns == status.sources["plant"].since_ns == status.sinks["db"].since_ns == START_NS + step
    assert status.sources["plant"].last_message_ns == 0, "there was none"


def test_a_clock_that_is_set_all_the_time_does_not_fill_the_log() -> None:
    scene = Scene()
    with capture_logs() as logs:
        for number in range(100):
            scene.hands.pass_time(SECOND, corrected=YEAR if number % 2 else -YEAR)
            scene.hands.clock.now_ns()
    assert scene.bench.status.clock_steps == 100
    assert len(logs) == 1


def test_no_age_is_negative() -> None:
    assert show_age(-5e9) == "0 ms"
