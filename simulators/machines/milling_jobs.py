"""The day of a milling machine: jobs of half an hour, each set up, run part by part, and now and then interrupted.

A job's plan (`Job`) is a handful of draws, so that the parts of a whole day are counted at once; only the job that is
looked at is written out second by second (`timetable`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from simulators.machines.machine import SECOND_NS
from simulators.machines.milling_programs import ALARMS, AT_REST, PROGRAMS, Operation, Program
from simulators.machines.randomness import Draws

JOB_SECONDS = 1_800
JOB_NS = JOB_SECONDS * SECOND_NS
JOBS_A_DAY = 48

_CLEARING_SECONDS = 60
"""What is left of a job after its last part, at least: the machine is cleared and stands still."""


class State(StrEnum):
    """What a milling machine does."""

    SETUP = "SETUP"
    RUNNING = "RUNNING"
    IDLE = "IDLE"
    ALARM = "ALARM"
    STOPPED = "STOPPED"


class Job(NamedTuple):
    """The plan of one job.

    Attributes:
        program: What is made.
        setup_seconds: From the start of the job to its first part: fixtures and tools are changed, the door is open.
        handling_seconds: Between two parts: the finished one is taken out, a blank is put in.
        parts: How many parts are finished, good or bad.
        rejects: The numbers of the bad ones, from 0.
        alarm_part: The part whose program an alarm interrupts; it is bad. -1: there is no alarm.
        alarm_seconds: How long the alarm stands.
        alarm_code: Which alarm.
    """

    program: Program
    setup_seconds: int
    handling_seconds: int
    parts: int
    rejects: frozenset[int]
    alarm_part: int
    alarm_seconds: int
    alarm_code: int


def plan(draws: Draws, job: int) -> Job:
    """Return the plan of a job by its number, counted from 1970."""
    program = PROGRAMS[draws.choice(len(PROGRAMS), "program", job)]
    setup_seconds = 60 + draws.choice(181, "setup", job)
    handling_seconds = 6 + draws.choice(7, "handling", job)
    alarm_seconds = 20 + draws.choice(161, "alarm", job) if draws.choice(10, "is there an alarm", job) < 3 else 0  # noqa: PLR2004  # three jobs of ten
    for_parts = JOB_SECONDS - _CLEARING_SECONDS - setup_seconds - alarm_seconds
    parts = for_parts // (program.cycle_seconds + handling_seconds)
    alarm_part = draws.choice(parts, "alarm part", job) if alarm_seconds else -1
    bad = {draws.choice(parts, f"bad part {number}", job) for number in range(draws.choice(3, "bad parts", job))}
    return Job(
        program=program,
        setup_seconds=setup_seconds,
        handling_seconds=handling_seconds,
        parts=parts,
        rejects=frozenset(bad | {alarm_part} - {-1}),
        alarm_part=alarm_part,
        alarm_seconds=alarm_seconds,
        alarm_code=ALARMS[draws.choice(len(ALARMS), "alarm code", job)] if alarm_seconds else 0,
    )


class Segment(NamedTuple):
    """A stretch of a job during which nothing changes but what ripples.

    Attributes:
        start: Seconds from the start of the job.
        seconds: How long it lasts.
        state: What the machine does.
        operation: What its spindle and axes do.
        parts: Parts finished in this job so far.
        rejects: Bad ones among them.
        alarm_code: The alarm that stands, 0 if none.
    """

    start: int
    seconds: int
    state: State
    operation: Operation
    parts: int
    rejects: int
    alarm_code: int = 0


def _part(job: Job, number: int) -> Iterator[tuple[int, State, Operation, int]]:
    """Yield what happens while a part is made: seconds, state, operation, alarm code."""
    operations = job.program.operations
    for operation in operations[:-1]:
        yield operation.seconds, State.RUNNING, operation, 0
    if number == job.alarm_part:
        yield job.alarm_seconds, State.ALARM, AT_REST, job.alarm_code
    yield operations[-1].seconds, State.RUNNING, operations[-1], 0


def timetable(job: Job) -> tuple[Segment, ...]:
    """Return a job second by second: segments that follow each other without gaps and fill it."""
    segments = [Segment(0, job.setup_seconds, State.SETUP, AT_REST, 0, 0)]
    now = job.setup_seconds
    rejects = 0
    for number in range(job.parts):
        for seconds, state, operation, alarm_code in _part(job, number):
            segments.append(Segment(now, seconds, state, operation, number, rejects, alarm_code))
            now += seconds
        rejects += number in job.rejects
        segments.append(Segment(now, job.handling_seconds, State.IDLE, AT_REST, number + 1, rejects))
        now += job.handling_seconds
    segments.append(Segment(now, JOB_SECONDS - now, State.STOPPED, AT_REST, job.parts, rejects))
    return tuple(segments)
