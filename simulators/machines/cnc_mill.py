"""A CNC milling machine: it is set up, makes parts, waits for the next, stands still, and now and then has an alarm."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from simulators.machines import spindle_heat
from simulators.machines.machine import DAY_NS, SECOND_NS, Value
from simulators.machines.milling_jobs import JOB_NS, JOBS_A_DAY, Segment, State, plan, timetable
from simulators.machines.randomness import Draws
from simulators.machines.signals import Ripple, Wave

_RAMP_SECONDS = 0.8
"""How long the spindle takes from one speed to the next."""

_RATED_POWER = 11.0
_STANDBY_POWER = 1.3
_COOLANT_POWER = 0.9
_AXES_POWER = 0.00012
"""Kilowatts of the spindle at 100 % load, of controls and hydraulics, of the coolant pump, per mm/min of feed."""


class _Course:
    """One job of one machine, written out: what `CncMill` looks things up in."""

    def __init__(self, draws: Draws, number: int) -> None:
        job = plan(draws, number)
        first_of_the_day = number - number % JOBS_A_DAY
        earlier = [plan(draws, other) for other in range(first_of_the_day, number)]
        self.number = number
        self.program = job.program.name
        self.segments = timetable(job)
        self.starts = [segment.start * SECOND_NS for segment in self.segments]
        self.parts_before = sum(other.parts for other in earlier)
        self.rejects_before = sum(len(other.rejects) for other in earlier)
        warm = 0.0
        for other in range(number - spindle_heat.EARLIER_JOBS, number):
            warm = spindle_heat.whole(timetable(plan(draws, other))).of(warm)
        stretches = [spindle_heat.stretch(segment.operation, segment.seconds) for segment in self.segments]
        self.heat = list(accumulate(stretches, lambda start, stretch: stretch.of(start), initial=warm))


class CncMill:
    """A three-axis milling machine with its own control.

    Telemetry, in this order:

    | name | unit | what it is |
    |---|---|---|
    | `state` | text | SETUP, RUNNING, IDLE (a part is changed), ALARM or STOPPED |
    | `program` | text | the program that is loaded |
    | `running` | boolean | the program runs: exactly while `state` is RUNNING |
    | `door_open` | boolean | open while it is set up and while parts are changed |
    | `alarm_code` | integer | the alarm that stands, 0 if none |
    | `part_count` | integer | parts finished since the first job of the day, good and bad; then it starts at 0 |
    | `reject_count` | integer | bad ones among them |
    | `spindle_speed` | 1/min | |
    | `spindle_load` | percent | of the rated power of the spindle |
    | `feed_rate` | mm/min | speed of the table against the tool |
    | `power` | kW | electrical power of the whole machine |
    | `temperature` | degC | of the front spindle bearing |

    A day of the machine has 48 jobs of half an hour and begins within half an hour after midnight UTC, at a time of
    its own.

    Args:
        name: Name of the machine.
        seed: Seed of the scenario.
        period_ns: Time from one sample to the next, in nanoseconds.
    """

    kind = "cnc_mill"

    def __init__(self, name: str, seed: int, period_ns: int = SECOND_NS // 10) -> None:
        self.name = name
        self.period_ns = period_ns
        self._draws = Draws.of(seed, self.kind, name)
        self._offset_ns = round(self._draws.uniform(0, JOB_NS, "offset"))
        self._ambient = Wave(2.5, DAY_NS, 0.6)  # warmest in the afternoon
        self._load_ripple = Ripple(self._draws, "load", 0.06, 2.3)
        self._speed_ripple = Ripple(self._draws, "speed", 0.004, 1.1)
        self._standby_ripple = Ripple(self._draws, "standby", 0.05, 7.0)
        self._course = _Course(self._draws, 0)  # a memo: it never changes what is returned

    def _find(self, time_ns: int) -> tuple[_Course, int, float]:
        """Return the job at a time, the index of its segment, and the seconds since the segment began."""
        number, into_job_ns = divmod(time_ns - self._offset_ns, JOB_NS)
        if self._course.number != number:
            self._course = _Course(self._draws, number)
        index = bisect_right(self._course.starts, into_job_ns) - 1
        return self._course, index, (into_job_ns - self._course.starts[index]) / SECOND_NS

    def temperature(self, time_ns: int) -> float:
        """Return the temperature of the spindle bearing in degrees Celsius, not rounded."""
        course, index, elapsed = self._find(time_ns)
        heat = spindle_heat.stretch(course.segments[index].operation, elapsed).of(course.heat[index])
        return 21.5 + self._ambient.value(time_ns) + heat

    def _spindle_speed(self, course: _Course, index: int, elapsed: float, time_ns: int) -> float:
        wanted = course.segments[index].operation.spindle_speed
        before = course.segments[index - 1].operation.spindle_speed if index else 0.0  # jobs end at rest
        speed = before + (wanted - before) * min(1.0, elapsed / _RAMP_SECONDS)
        return speed * (1 + self._speed_ripple.value(time_ns))

    def _power(self, segment: Segment, load: float, time_ns: int) -> float:
        cutting = _COOLANT_POWER + _AXES_POWER * segment.operation.feed_rate
        running = cutting if segment.state is State.RUNNING else 0.0
        return _STANDBY_POWER + self._standby_ripple.value(time_ns) + running + _RATED_POWER * load / 100

    def telemetry(self, time_ns: int) -> Mapping[str, Value]:
        """Return all values at a time; see the class."""
        course, index, elapsed = self._find(time_ns)
        segment = course.segments[index]
        load = segment.operation.spindle_load * (1 + self._load_ripple.value(time_ns))
        return {
            "state": segment.state.value,
            "program": course.program,
            "running": segment.state is State.RUNNING,
            "door_open": segment.state in (State.SETUP, State.IDLE),
            "alarm_code": segment.alarm_code,
            "part_count": course.parts_before + segment.parts,
            "reject_count": course.rejects_before + segment.rejects,
            "spindle_speed": round(self._spindle_speed(course, index, elapsed, time_ns), 1),
            "spindle_load": round(load, 2),
            "feed_rate": float(segment.operation.feed_rate),
            "power": round(self._power(segment, load, time_ns), 3),
            "temperature": round(self.temperature(time_ns), 2),
        }
