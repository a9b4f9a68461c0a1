"""The milling machine: its values agree with each other, and with physics."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines import spindle_heat
from simulators.machines.cnc_mill import CncMill
from simulators.machines.machine import SECOND_NS, Value
from simulators.machines.milling_jobs import JOB_NS, JOBS_A_DAY

START_NS = 1_760_000_000 * SECOND_NS
DAY_NS = JOBS_A_DAY * JOB_NS


@pytest.fixture(scope="module")
def day() -> list[dict[str, Value]]:
    """A day of one machine, a sample each half second; it begins with the first job of the day."""
    mill = CncMill("mill-1", 1)
    begin_ns = START_NS - (START_NS - mill._offset_ns) % DAY_NS
    return [dict(mill.telemetry(begin_ns + n * SECOND_NS // 2)) for n in range(2 * 86_400)]


def test_a_machine_runs_most_of_the_day_and_shows_every_state(day: list[dict[str, Value]]) -> None:
    states = [sample["state"] for sample in day]
    assert set(states) == {"SETUP", "RUNNING", "IDLE", "ALARM", "STOPPED"}
    assert 0.6 < states.count("RUNNING") / len(states) < 0.8


def test_running_and_door_and_alarm_agree_with_the_state(day: list[dict[str, Value]]) -> None:
    for sample in day:
        assert sample["running"] == (sample["state"] == "RUNNING")
        assert sample["door_open"] == (sample["state"] in ("SETUP", "IDLE"))
        assert bool(sample["alarm_code"]) == (sample["state"] == "ALARM")


def test_parts_are_counted_one_by_one_and_only_when_a_program_ends(day: list[dict[str, Value]]) -> None:
    for before, after in pairwise(day):
        assert after["part_count"] - before["part_count"] == (  # type: ignore[operator]  # both are integers
            before["state"] == "RUNNING" and after["state"] == "IDLE"
        )


def test_the_counters_start_anew_with_the_day() -> None:
    mill = CncMill("mill-1", 1)
    begin_ns = START_NS - (START_NS - mill._offset_ns) % DAY_NS
    first, last = mill.telemetry(begin_ns), mill.telemetry(begin_ns + DAY_NS - 1)
    assert (first["part_count"], first["reject_count"]) == (0, 0)
    assert isinstance(last["part_count"], int)
    assert isinstance(last["reject_count"], int)
    assert last["part_count"] > 1_000 > last["reject_count"] > 0


def test_rejects_are_parts(day: list[dict[str, Value]]) -> None:
    for before, after in pairwise(day):
        rejected = after["reject_count"] - before["reject_count"]  # type: ignore[operator]  # both are integers
        assert 0 <= rejected <= after["part_count"] - before["part_count"]  # type: ignore[operator]


def test_the_spindle_turns_only_while_a_program_runs(day: list[dict[str, Value]]) -> None:
    for first, second, third in zip(day, day[1:], day[2:], strict=False):
        if not (first["running"] or second["running"] or third["running"]):  # it comes to rest within 0.8 s
            assert third["spindle_speed"] == third["spindle_load"] == third["feed_rate"] == 0


def test_values_stay_within_what_such_a_machine_can_do(day: list[dict[str, Value]]) -> None:
    limits = {
        "spindle_speed": (0, 10_200),
        "spindle_load": (0, 90),
        "feed_rate": (0, 3_000),
        "power": (1.2, 13),
        "temperature": (18, 65),
    }
    for name, (low, high) in limits.items():
        values = [float(sample[name]) for sample in day]
        assert low <= min(values) < max(values) <= high, name


@settings(max_examples=300, deadline=None)
@given(time_ns=st.integers(START_NS, START_NS + 30 * DAY_NS), step_ns=st.integers(1, SECOND_NS))
def test_the_temperature_never_jumps(time_ns: int, step_ns: int) -> None:
    mill = CncMill("mill-1", 1)
    change = mill.temperature(time_ns + step_ns) - mill.temperature(time_ns)
    assert abs(change) <= 45 / spindle_heat.TIME_CONSTANT * step_ns / SECOND_NS + 1e-4


def test_the_temperature_does_not_jump_where_jobs_meet() -> None:
    mill = CncMill("mill-1", 1)
    for job in range(200):
        end_ns = START_NS - (START_NS - mill._offset_ns) % JOB_NS + job * JOB_NS
        assert mill.temperature(end_ns - 1) == pytest.approx(mill.temperature(end_ns), abs=1e-4)


def test_the_temperature_follows_the_load_with_its_time_constant() -> None:
    """An integration in small steps of Newton's law of cooling, over three hours, is the oracle."""
    mill = CncMill("mill-1", 1)
    step = 0.25
    heat = mill.temperature(START_NS) - 21.5 - mill._ambient.value(START_NS)
    for n in range(3 * 3_600 * 4):
        course, index, _ = mill._find(START_NS + int((n + 0.5) * step * SECOND_NS))
        operation = course.segments[index].operation
        target = 0.45 * operation.spindle_load + 0.0006 * operation.spindle_speed
        heat += (target - heat) * step / spindle_heat.TIME_CONSTANT
    end_ns = START_NS + 3 * 3_600 * SECOND_NS
    assert mill.temperature(end_ns) == pytest.approx(21.5 + mill._ambient.value(end_ns) + heat, abs=0.05)
