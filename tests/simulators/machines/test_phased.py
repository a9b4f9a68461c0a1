"""The phases of a cycle: which it is, and what has been drawn."""

from __future__ import annotations

import pytest

from simulators.machines.phased import Phase, Phases

PHASES = Phases((Phase("close", 2.0, 5.0), Phase("press", 0.5, 40.0), Phase("open", 1.5, 4.0)))


@pytest.mark.parametrize(
    ("elapsed", "name", "done"),
    [(0.0, "close", 0.0), (1.0, "close", 0.5), (2.0, "press", 0.0), (2.25, "press", 0.5), (4.0, "open", 1.0)],
)
def test_a_moment_lies_in_a_phase(elapsed: float, name: str, done: float) -> None:
    index, share = PHASES.at(elapsed)
    assert PHASES.all[index].name == name
    assert share == pytest.approx(done)


def test_after_its_phases_a_cycle_waits_at_the_end_of_the_last() -> None:
    assert PHASES.at(100.0) == (2, 1.0)
    assert PHASES.work(100.0) == PHASES.work(4.0)


def test_work_is_the_integral_of_the_load() -> None:
    assert [PHASES.work(elapsed) for elapsed in (0.0, 1.0, 2.0, 2.25, 2.5, 4.0)] == pytest.approx(
        [0, 5, 10, 20, 30, 36]
    )
