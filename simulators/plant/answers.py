"""The expected answers of a run: what its machines really did, from their truth and not from their messages."""

from __future__ import annotations

from simulators.plant.answer import Answer
from simulators.plant.course import Course
from simulators.plant.feeding import METER
from simulators.plant.station import Station


def of_station(station: Station) -> Answer:
    """Return what one machine did since the beginning of its run."""
    return station.done().since(station.before)


def of_plant(course: Course) -> Answer:
    """Return what the machines of a plant did together.

    Availability and performance are those of all machines, their elements summed. Parts are counted where they leave:
    of machines that follow each other, the good ones of the last and the rejected ones of all. Of a meter or a supply
    that measures others the energy is that which it draws itself.
    """
    answers = {station.device.name: of_station(station) for station in course.stations}
    inner = {unit.name for line in course.lines.values() for unit in line.units[:-1]}
    planned, running, ideal, _, rejects, energy, samples = map(sum, zip(*answers.values(), strict=True))
    good = sum(answer.good for name, answer in answers.items() if name not in inner)
    measured = sum(
        answers[device.name].energy
        for station in course.stations
        if station.device.kind == METER
        for device in course.fed(station)
    )
    parts = good + rejects
    return Answer(int(planned), int(running), ideal, int(parts), int(rejects), energy - measured, int(samples))
