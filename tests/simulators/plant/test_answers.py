"""Key figures of known elements, and what they are where there is nothing to divide by."""

from __future__ import annotations

import pytest

from simulators.plant.answer import Answer

DAY = Answer(
    planned_seconds=28_800, running_seconds=23_040, ideal_seconds=20_736.0, parts=1000, rejects=50, energy=95.0
)


def test_oee_is_the_product_of_its_factors() -> None:
    assert (DAY.availability, DAY.performance, DAY.quality) == (0.8, 0.9, 0.95)
    assert DAY.oee == pytest.approx(0.8 * 0.9 * 0.95)


def test_the_energy_of_scrap_is_carried_by_good_parts() -> None:
    assert DAY.energy_per_good_part == 0.1


def test_a_ratio_of_nothing_does_not_exist() -> None:
    idle = Answer(planned_seconds=28_800, energy=5.0)
    assert (idle.availability, idle.performance, idle.quality, idle.oee, idle.energy_per_good_part) == (
        0.0,
        None,
        None,
        None,
        None,
    )
    assert Answer().availability is None
