"""Which signals are shown together, and in which colours."""

from __future__ import annotations

from simulators.machines.packml import State
from simulators.show.panels import BROKEN, BUSY, MOVING, colours, legend, panels
from tests.simulators.show.days import lived


def names(kind: str) -> list[tuple[str, ...]]:
    """Return the names of the signals of each panel."""
    return [tuple(signal.name for signal in panel.signals) for panel in panels(lived(kind))]


def test_every_signal_is_shown_once() -> None:
    shown = [name for panel in names("cnc_mill") for name in panel]
    assert sorted(shown) == sorted(signal.name for signal in lived("cnc_mill").kind.signals)


def test_texts_and_booleans_come_first_each_alone() -> None:
    strips = [panel for panel in panels(lived("compressor")) if panel.is_strip]
    assert panels(lived("compressor"))[: len(strips)] == strips
    assert [panel.signals[0].name for panel in strips] == ["state", "running", "loaded"]


def test_a_numbered_series_stands_together() -> None:
    assert ("pump_1_starts", "pump_2_starts") in names("plc")


def test_signals_of_one_unit_and_range_stand_together() -> None:
    assert ("x", "y") in names("agv")


def test_registers_that_are_far_apart_stand_alone() -> None:
    assert {("running_hours",), ("loaded_hours",)} <= set(names("compressor"))


def test_what_has_no_unit_stands_alone() -> None:
    assert {("part_count",), ("reject_count",)} <= set(names("cnc_mill"))


def test_states_have_the_colours_of_what_they_mean() -> None:
    assert colours(["EXECUTE", "ABORTED", "STARTING"]) == {"EXECUTE": BUSY, "ABORTED": BROKEN, "STARTING": MOVING}


def test_other_texts_have_colours_of_their_own() -> None:
    found = colours([f"product-{number}" for number in range(8)])
    assert len(set(found.values())) == 8


def test_more_texts_than_colours_begin_again() -> None:
    assert len(colours([f"product-{number}" for number in range(50)])) == 50


def test_several_acting_states_are_one_entry_of_the_legend() -> None:
    palette = colours([state.name for state in (State.STARTING, State.EXECUTE, State.STOPPING)])
    assert legend(palette) == [(BUSY, "EXECUTE"), (MOVING, "in transition")]


def test_a_single_acting_state_has_its_name() -> None:
    assert legend(colours(["STARTING"])) == [(MOVING, "STARTING")]
