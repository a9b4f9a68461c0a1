"""What the documentation shows works: its configurations are right, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from gateway import app
from gateway.cli import app as gateway_commands
from gateway.settings import load
from simulators.cli import app as simulator_commands

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TUTORIAL = (ROOT / "docs/tutorial.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_configuration_of_the_readme_is_right(tmp_path: Path) -> None:
    (document,) = blocks((ROOT / "README.md").read_text(), "toml")
    file = tmp_path / "gateway.toml"
    file.write_text(document)
    settings = load(file)
    app.assemble(settings, str(file))
    assert [problem.key for problem in app.check(settings, str(file))] == ["sinks[1].token_file"]


def test_the_configurations_of_the_tutorial_are_right_together(tmp_path: Path) -> None:
    first, second = blocks(TUTORIAL, "toml")
    file = tmp_path / "gateway.toml"
    for document in (first, first.replace("[[sinks]]", second + "\n[[sinks]]")):
        file.write_text(document)
        settings = load(file)
        assert app.check(settings, str(file)) == []
        app.assemble(settings, str(file))


def test_the_configurations_of_the_page_on_sparkplug_are_right(tmp_path: Path) -> None:
    first, second = blocks((ROOT / "docs/sparkplug.md").read_text(), "toml")
    file = tmp_path / "gateway.toml"
    for document in (first, first.replace("[sources.sparkplug]\n", second)):
        file.write_text(document)
        settings = load(file)
        assert app.check(settings, str(file)) == []
        app.assemble(settings, str(file))


def test_what_the_tutorial_says_of_the_old_press_is_true(tmp_path: Path) -> None:
    first, second = blocks(TUTORIAL, "toml")
    file = tmp_path / "gateway.toml"
    file.write_text(first.replace("[[sinks]]", second + "\n[[sinks]]"))
    assembly = app.assemble(load(file), str(file))
    topic = "plant1/pressing/line3/press-1/raw"
    assert " temperature=100.0," in app.explain(assembly, f"{topic}/temp1", b"212").records[0]
    assert ' state="RUNNING",' in app.explain(assembly, f"{topic}/st", b"1").records[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_a_page_shows_exist(page: Path) -> None:
    known = {"gateway": get_command(gateway_commands), "simulators": get_command(simulator_commands)}
    for block in blocks(page.read_text(), "(?:sh|console)"):
        for line in block.splitlines():
            for program, rest in re.findall(r"(?:^|\$ |\| )(gateway|simulators) ([a-z-]+)", line):
                assert rest in {*known[program].commands, *(["--help"])}, line  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
