"""What a scenario must come to: its plant lives once more, without a word, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulators.plant.answer import Answer
from simulators.plant.answers import of_plant, of_station
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from simulators.plant.station import Station


class Expectation(NamedTuple):
    """The known answers of a run.

    Attributes:
        scenario: What ran.
        seed: Of the run.
        start_ns: Its start, in nanoseconds since 1970.
        seconds: Its length in virtual seconds.
        machines: Each machine in its place, with its answer.
        plant: Of all together.
    """

    scenario: Scenario
    seed: int
    start_ns: int
    seconds: int
    machines: tuple[tuple[Station, Answer], ...]
    plant: Answer


def expect(
    scenario: Scenario, seed: int, start_ns: int, seconds: int, advance: Callable[[float], None] = lambda _: None
) -> Expectation:
    """Return the known answers of a run; `advance` is called now and then with the seconds that are done."""
    course = Course(scenario, seed)
    course.begin(start_ns)
    while course.seconds < seconds:
        course.step()
        if course.seconds % 60 == 0:
            advance(course.seconds)
    course.end()
    machines = tuple((station, of_station(station)) for station in course.stations)
    return Expectation(scenario, seed, start_ns, seconds, machines, of_plant(course))
