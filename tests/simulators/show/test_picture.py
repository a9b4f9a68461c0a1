"""A day as a PNG."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from simulators.show.picture import draw
from tests.simulators.show.days import lived


def test_a_picture_is_1600_pixels_wide_and_small(tmp_path: Path) -> None:
    path = tmp_path / "mill.png"
    draw(lived("cnc_mill"), path)
    with Image.open(path) as picture:
        assert (picture.format, picture.width) == ("PNG", 1600)
    assert path.stat().st_size < 300_000


def test_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    draw(lived("climate_sensor"), first)
    draw(lived("climate_sensor"), second)
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        draw(lived("climate_sensor"), tmp_path / "nowhere" / "sensor.png")
