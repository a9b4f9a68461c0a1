"""A short run of the fault matrix; `make verify-durability` runs all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.parts import PARTS, SHORT, Mode, Part
from tests.durability.perform import perform
from tests.durability.stage import Servers
from tests.servers import require

SEED = 20


@pytest.mark.parametrize(
    ("name", "mode"),
    [("gateway", "after_sink"), ("records", "after_commit"), ("broker", "after_commit")],
)
def test_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path, name: str, mode: Mode) -> None:
    require("mosquitto", "mosquitto")
    require("influxd", "influxdb")
    rows = perform(name, PARTS[name], mode, SHORT, SEED, tmp_path / name, lambda *_: None)
    assert [row.complaint() for row in rows if not row.passed] == []
    assert sum(row.sent for row in rows) >= PARTS[name].least
    assert sum(row.kills for row in rows) > 0


def test_a_part_that_cannot_run_is_told_and_fails(tmp_path: Path) -> None:
    require("mosquitto", "mosquitto")
    part = Part(lambda *_: [], 1, servers=Servers(broker=("no_such_option 1",)))
    (row,) = perform("broken", part, "after_commit", SHORT, SEED, tmp_path / "broken", lambda *_: None)
    assert not row.passed
    assert row.trouble.startswith("could not run")
