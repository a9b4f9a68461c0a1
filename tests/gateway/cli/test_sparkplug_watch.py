"""`gateway sparkplug watch`: what is drawn, and what is written where there is no terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.cli.sparkplug.changes import Change, Kind
from gateway.cli.sparkplug.hosts import Picture
from gateway.cli.sparkplug.view import View, show_change
from gateway.errors import GatewayError
from tests.gateway.cli.test_check import BASE
from tests.gateway.sparkplug_host import NOW_NS, FakeHost, answering, device, node


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    return file


def watch(
    config: Path, host: FakeHost, *turns: Callable[[], None], options: tuple[str, ...] = (), **environment: str
) -> Result:
    """Watch a host to which this happens; Ctrl-C comes after that. Exits with 0."""
    host.turns = iter((lambda: None, *turns))
    with answering(config, plant=host):
        result = CliRunner().invoke(
            app,
            ["sparkplug", "watch", "--interval", "0.1", "-c", str(config), *options],
            catch_exceptions=False,
            env={"COLUMNS": "200", "LINES": "30", **environment},
        )
    assert result.exit_code == 0, result.output
    return result


def test_without_a_terminal_each_change_is_a_line(config: Path) -> None:
    host = FakeHost(node("g/a"))
    result = watch(
        config,
        host,
        host.change("g/a", deaths=1, online=False, state="offline"),
        host.change("g/a", births=3, online=True, state="online"),
    )
    stamp = "2026-11-18 11:06:40.000Z"
    assert result.stdout.splitlines() == [
        f"{stamp}  g/a  death",
        f"{stamp}  g/a  birth  2 times  50 metrics",
    ]
    assert "1 node known" in result.stderr


def test_json_is_one_object_for_each_change(config: Path) -> None:
    host = FakeHost(node("g/a"))
    changed = host.change("g/a", rebirths_asked=1, last_rebirth_reason="an alias that is not known")
    result = watch(config, host, changed, options=("--json",))
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "time_ns": NOW_NS,
            "source": "plant",
            "subject": "g/a",
            "kind": "rebirth asked",
            "number": 1,
            "detail": "an alias that is not known",
        }
    ]


def test_only_nodes_that_are_meant_are_watched(config: Path) -> None:
    host = FakeHost(node("g/a"), node("h/b"))
    result = watch(config, host, host.change("g/a", gaps=1), host.change("h/b", gaps=1), options=("--group", "h"))
    assert [line.split()[2:] for line in result.stdout.splitlines()] == [["h/b", "gap"]]


def test_on_a_terminal_the_table_is_drawn_anew_with_the_changes_below(config: Path) -> None:
    host = FakeHost(node("g/a"))
    result = watch(config, host, host.change("g/a", gaps=5), FORCE_COLOR="1", NO_COLOR="1")
    last = result.stdout[result.stdout.rindex("last rebirth, why") :]
    assert "5 gaps" in last
    assert "g/a  gap  5 times" in last


def test_a_gateway_that_went_away_is_waited_for(config: Path) -> None:
    host = FakeHost(node("g/a"))

    def away() -> None:
        raise ValueError("no gateway answers")

    result = watch(config, host, away, away, lambda: None, host.change("g/a", births=2))
    assert [line.split("Z  ")[1] for line in result.stdout.splitlines()] == [
        "gateway  no gateway answers",
        "gateway  it answers",
        "g/a  birth  50 metrics",
    ]


def test_without_a_gateway_there_is_nothing_to_watch(config: Path) -> None:
    with pytest.raises(GatewayError, match="is it running"):
        CliRunner().invoke(app, ["sparkplug", "watch", "-c", str(config)], catch_exceptions=False)


def drawn(view: View, height: int, width: int = 160) -> list[str]:
    """Return the lines that a screen of this size shows."""
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    lines = console.render_lines(view.draw(width, height), pad=False)
    return ["".join(segment.text for segment in line) for line in lines]


def picture(number: int) -> Picture:
    nodes = [node(f"g/n{index}", online=index != number - 1) for index in range(number)]
    host = {"role": "active", "host_id": "", "online": True, "nodes": nodes}
    return Picture.model_validate({"now_ns": NOW_NS, "hosts": {"plant": host}})


@pytest.mark.parametrize("nodes", [0, 1, 10, 500])
@pytest.mark.parametrize("logged", [0, 1, 300])
@pytest.mark.parametrize("height", [12, 24, 60])
@pytest.mark.parametrize("width", [60, 80, 160])
def test_what_is_drawn_fits_the_screen(nodes: int, logged: int, height: int, width: int) -> None:
    view = View(picture(nodes))
    view.take(picture(nodes), [Change(NOW_NS, "plant", "g/n1", Kind.REBIRTH_ASKED, 2, "why " * 100)] * logged)
    lines = drawn(view, height, width)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_where_not_all_fit_those_that_are_not_online_come_first() -> None:
    lines = drawn(View(picture(500)), 24)
    assert lines[1].split()[0] == "g/n499"
    assert "481 more nodes" in lines[-1]


def test_the_latest_changes_are_shown() -> None:
    view = View(picture(1))
    view.take(picture(1), [Change(NOW_NS, "plant", f"g/n{number}", Kind.GAP) for number in range(1000)])
    lines = drawn(view, 24)
    assert "g/n999  gap" in lines[-2]
    assert "g/n998  gap" in lines[-3]


def test_the_words_of_a_device_do_no_harm_in_a_line() -> None:
    line = show_change(Change(NOW_NS, "plant", "g/\x1b[31m", Kind.REBIRTH_ASKED, 1, "[red]\x1b[2J"))
    assert "\x1b" not in line
    assert "\\[red]" in line


def test_a_device_is_told_with_its_node(config: Path) -> None:
    host = FakeHost(node("g/a", devices=[device("d")]))
    result = watch(config, host, host.change("g/a", devices=[device("d", deaths=1, online=False)]))
    assert result.stdout.splitlines()[0].endswith("g/a/d  death")
