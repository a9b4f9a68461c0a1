"""What holds for every machine: it is a function of time and seed, and of nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines.cnc_mill import CncMill
from simulators.machines.energy_meter import EnergyMeter

ROOT = Path(__file__).parents[3]
MACHINES = [CncMill, EnergyMeter]
YEAR_2000_NS, YEAR_2100_NS = 946_684_800_000_000_000, 4_102_444_800_000_000_000
A_TIME_NS = 1_760_000_000_123_000_000

TIMES = st.integers(YEAR_2000_NS, YEAR_2100_NS)
# Of times that lie close together some find the same job.
NEARBY = st.integers(A_TIME_NS, A_TIME_NS + 7_200_000_000_000)


@pytest.mark.parametrize("kind", MACHINES)
@settings(max_examples=60, deadline=None)
@given(asked_before=st.lists(TIMES | NEARBY, max_size=4), time_ns=TIMES | NEARBY, seed=st.integers(0, 3))
def test_values_do_not_depend_on_what_was_asked_before(
    kind: type[CncMill | EnergyMeter], asked_before: list[int], time_ns: int, seed: int
) -> None:
    machine, fresh = kind("m", seed), kind("m", seed)
    for earlier_ns in asked_before:
        machine.telemetry(earlier_ns)
    assert machine.telemetry(time_ns) == fresh.telemetry(time_ns)


@pytest.mark.parametrize("kind", MACHINES)
def test_another_process_sees_the_same_values(kind: type[CncMill | EnergyMeter]) -> None:
    program = f"from {kind.__module__} import {kind.__name__} as M; print(dict(M('m', 5).telemetry({A_TIME_NS})))"
    for hash_seed in ("1", "2"):
        said = subprocess.check_output(
            [sys.executable, "-c", program], text=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed}
        )
        assert said.strip() == str(dict(kind("m", 5).telemetry(A_TIME_NS)))


@pytest.mark.parametrize("kind", MACHINES)
def test_seed_and_name_make_another_machine(kind: type[CncMill | EnergyMeter]) -> None:
    values = kind("m", 1).telemetry(A_TIME_NS)
    assert kind("m", 2).telemetry(A_TIME_NS) != values
    assert kind("n", 1).telemetry(A_TIME_NS) != values


@pytest.mark.parametrize("kind", MACHINES)
def test_names_and_types_of_the_values_are_always_the_same(kind: type[CncMill | EnergyMeter]) -> None:
    machine = kind("m", 1)
    shapes = {
        tuple((name, type(value)) for name, value in machine.telemetry(A_TIME_NS + second * 10**9).items())
        for second in range(0, 7_200, 7)
    }
    assert len(shapes) == 1
