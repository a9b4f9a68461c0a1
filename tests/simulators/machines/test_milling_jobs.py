"""Jobs of a milling machine: what the plan says is what the timetable does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulators.machines.milling_jobs import JOB_SECONDS, State, plan, timetable
from simulators.machines.randomness import Draws

JOBS = st.integers(-1_000_000, 1_000_000)
DRAWS = Draws.of(1, "mill")


@given(JOBS)
def test_a_timetable_fills_its_job_without_gaps(number: int) -> None:
    segments = timetable(plan(DRAWS, number))
    assert segments[0].start == 0
    assert all(before.start + before.seconds == after.start for before, after in pairwise(segments))
    assert segments[-1].start + segments[-1].seconds == JOB_SECONDS
    assert all(segment.seconds > 0 for segment in segments)


@given(JOBS)
def test_a_timetable_makes_the_parts_that_are_planned(number: int) -> None:
    job = plan(DRAWS, number)
    segments = timetable(job)
    assert segments[-1].parts == job.parts > 0
    assert segments[-1].rejects == len(job.rejects) <= job.parts


@given(JOBS)
def test_a_part_is_counted_when_its_program_ends(number: int) -> None:
    for before, after in pairwise(timetable(plan(DRAWS, number))):
        finished = before.state is State.RUNNING and after.state is State.IDLE
        assert after.parts - before.parts == finished
        assert after.rejects - before.rejects in (0, finished)


@given(JOBS)
def test_an_alarm_stands_as_planned_and_spoils_its_part(number: int) -> None:
    job = plan(DRAWS, number)
    alarms = [segment for segment in timetable(job) if segment.state is State.ALARM]
    assert sum(alarm.seconds for alarm in alarms) == job.alarm_seconds
    assert all(alarm.alarm_code == job.alarm_code and alarm.parts == job.alarm_part for alarm in alarms)
    assert (job.alarm_part in job.rejects) == bool(alarms)


def test_about_three_jobs_of_ten_have_an_alarm() -> None:
    alarms = sum(plan(DRAWS, number).alarm_code != 0 for number in range(1_000))
    assert 230 < alarms < 370
