"""The command `simulators show`, and what it shows on a terminal."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from simulators.cli import app
from simulators.show.terminal import Sparklines
from tests.simulators.show.days import lived


def show(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["show", *arguments])


def printed(kind: str, width: int, colours: Literal["truecolor"] | None = None) -> list[str]:
    """Return what a console of this width shows of a machine."""
    console = Console(width=width, file=StringIO(), color_system=colours, force_terminal=colours is not None)
    with console.capture() as capture:
        console.print(Sparklines(lived(kind)))
    return capture.get().splitlines()


def line(kind: str, signal: str) -> str:
    """Return the line of a signal."""
    return next(text for text in printed(kind, 160) if text.startswith(signal))


def test_a_signal_is_a_line_with_least_greatest_and_unit() -> None:
    assert line("climate_sensor", "humidity").split()[-1] == "percent"
    least, greatest = (float(number) for number in line("climate_sensor", "humidity").split()[-3:-1])
    column = [float(value) for value in lived("climate_sensor").columns["humidity"]]
    assert (least, greatest) == (min(column), max(column))


def test_a_counter_rises_from_the_lowest_to_the_highest_block() -> None:
    blocks = line("cnc_mill", "part_count").split()[1]
    assert (blocks[0], blocks[-1]) == ("▁", "█")
    assert list(blocks) == sorted(blocks)


def test_states_have_colours_and_what_they_mean_is_said() -> None:
    lines = printed("cnc_mill", 160, "truecolor")
    strip, meaning = (text for text in lines if text.startswith("state"))
    green = "\x1b[38;2;0;158;115m"
    assert green in strip
    assert f"{green}█ \x1b[0mEXECUTE" in meaning


def test_without_colours_letters_stand_for_states() -> None:
    strip, meaning = (text for text in printed("cnc_mill", 160) if text.startswith("state"))
    letter = meaning[meaning.index(" EXECUTE") - 1]
    assert strip.split()[1][40] == letter


def test_a_boolean_is_a_line_of_the_share_of_time_in_which_it_is_true() -> None:
    blocks = line("cnc_mill", "planned").split()[1]
    assert (blocks[0], blocks[30]) == ("▁", "█")


@pytest.mark.parametrize("width", [80, 120, 300])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = printed("plc", width)
    assert all(any(text.startswith(f"{signal.name} ") for text in lines) for signal in lived("plc").kind.signals)
    assert max(map(len, lines)) <= width
    assert not any("…" in text for text in lines)


def test_the_command_shows_a_machine_on_the_terminal() -> None:
    result = show("climate_sensor", "--day", "2026-05-04", "--seed", "3")
    assert result.exit_code == 0
    assert "Temperature and humidity sensor, Monday 2026-05-04, seed 3" in result.stdout


def test_the_command_writes_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "sensor.png"
    result = show("climate_sensor", "--output", str(path))
    assert result.exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = show("climate_sensor", "--output", str(tmp_path / "sensor.png"))
    assert result.exit_code == 1
    assert "factory-telemetry-gateway[pictures]" in result.stderr


def test_without_matplotlib_the_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert show("climate_sensor").exit_code == 0


def test_matplotlib_is_imported_only_for_a_picture() -> None:
    code = "import sys, simulators.cli; sys.exit('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nonsense",), "there is no machine 'nonsense': there are cnc_mill"),
        (("plc", "--output", "plc.svg"), "ends in .png"),
        (("plc", "--day", "tomorrow"), "--day"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple[str, ...], reason: str) -> None:
    result = show(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    result = show("climate_sensor", "--output", str(tmp_path / "nowhere" / "sensor.png"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
