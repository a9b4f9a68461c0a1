"""What a machine, or several, did in a run, and the key figures of it.

Formulas: ISO 22400-2. Availability = APT / PBT, effectiveness (performance) = PRI * PQ / APT, quality ratio = GQ / PQ,
OEE = their product. Of several machines the elements are summed first and divided then, never the ratios averaged. A
ratio whose denominator is 0 does not exist: None.
"""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """What a machine, or several, did in a run.

    Attributes:
        planned_seconds: Planned busy time, PBT.
        running_seconds: Actual production time, APT.
        ideal_seconds: What the finished parts would have taken at best, PRI * PQ.
        parts: Finished, good and bad, PQ.
        rejects: Bad ones.
        energy: kWh.
        samples: Times they were read.
    """

    planned_seconds: int = 0
    running_seconds: int = 0
    ideal_seconds: float = 0.0
    parts: int = 0
    rejects: int = 0
    energy: float = 0.0
    samples: int = 0

    @property
    def good(self) -> int:
        """Good parts, GQ."""
        return self.parts - self.rejects

    @property
    def availability(self) -> float | None:
        """Share of the planned time in which they ran."""
        return _ratio(self.running_seconds, self.planned_seconds)

    @property
    def performance(self) -> float | None:
        """Effectiveness: share of the running time that the parts would have taken at best."""
        return _ratio(self.ideal_seconds, self.running_seconds)

    @property
    def quality(self) -> float | None:
        """Share of good parts."""
        return _ratio(self.good, self.parts)

    @property
    def oee(self) -> float | None:
        """Overall equipment effectiveness index: the product of the three factors."""
        return _ratio(self.ideal_seconds * self.good, self.planned_seconds * self.parts)

    @property
    def energy_per_good_part(self) -> float | None:
        """Energy for a good part in kWh, all idling and scrap included."""
        return _ratio(self.energy, self.good)

    def since(self, before: Answer) -> Answer:
        """Return what was done since an earlier answer."""
        return Answer(
            self.planned_seconds - before.planned_seconds,
            self.running_seconds - before.running_seconds,
            self.ideal_seconds - before.ideal_seconds,
            self.parts - before.parts,
            self.rejects - before.rejects,
            self.energy - before.energy,
            self.samples - before.samples,
        )

    def as_json(self) -> dict[str, float | int | None]:
        """Return it with its ratios, rounded to six decimals."""
        ratios = {
            "availability": self.availability,
            "performance": self.performance,
            "quality": self.quality,
            "oee": self.oee,
            "energy_per_good_part_kwh": self.energy_per_good_part,
        }
        return {
            "planned_seconds": self.planned_seconds,
            "running_seconds": self.running_seconds,
            "ideal_seconds": round(self.ideal_seconds, 6),
            "parts": self.parts,
            "rejects": self.rejects,
            "good": self.good,
            "energy_kwh": round(self.energy, 6),
            **{name: None if ratio is None else round(ratio, 6) for name, ratio in ratios.items()},
            "samples": self.samples,
        }


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None
