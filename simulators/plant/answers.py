"""The expected answers of a run: what its machines really did, from their truth and not from their messages."""

from __future__ import annotations

from simulators.plant.answer import Answer
from simulators.plant.course import Course
from simulators.plant.station import Station


def of_station(station: Station) -> Answer:
    """Return what one machine did since the beginning of its run."""
    return station.done().since(station.before)


def of_plant(course: Course) -> Answer:
    """Return what the machines of a plant did together; what only measures others adds no energy of its own."""
    answers = [
        answer._replace(energy=0.0) if station.device.kind == "energy_meter" else answer
        for station in course.stations
        for answer in [of_station(station)]
    ]
    planned, running, ideal, parts, rejects, energy, samples = zip(*answers, strict=True)
    return Answer(sum(planned), sum(running), sum(ideal), sum(parts), sum(rejects), sum(energy), sum(samples))
