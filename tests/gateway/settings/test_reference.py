"""The reference and the annotated example: both say what the models say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from gateway.settings import Settings, load
from gateway.settings.options_table import Schema, options_table, schema_of
from gateway.settings.quantities import Duration, Size
from gateway.settings.reference import page, publish
from gateway.settings.tables import Identifier

EXAMPLE = Path(__file__).parents[3] / "config" / "gateway.toml"


class Options(BaseModel):
    """Options of every kind."""

    name: Identifier = Field(description="A name,\nin two lines.")
    linger: Duration = Field(default=100_000_000, description="A duration.")
    room: Size | None = Field(default=None, description="A size.")
    api: Literal["v1", "v2"] = Field(default="v1", description="One | the other.")
    count: Annotated[int, Field(ge=1, le=9)] = Field(default=3, description="A number.")
    topics: list[str] = Field(default_factory=list, description="A list.")


def keys() -> Iterator[str]:
    schema = schema_of(Settings)
    tables: list[Schema] = [schema, *schema.definitions.values()]
    for table in tables:
        yield from table.properties


def test_a_table_of_options_shows_values_as_a_configuration_writes_them() -> None:
    table = schema_of(Options)
    assert options_table(table, table.definitions).splitlines() == [
        "| key | type | default | description |",
        "|---|---|---|---|",
        "| `name` | name | **required** | A name, in two lines. |",
        '| `linger` | duration | `"100ms"` | A duration. |',
        "| `room` | size |  | A size. |",
        '| `api` | `"v1"`, `"v2"` | `"v1"` | One \\| the other. |',
        "| `count` | integer from 1 to 9 | `3` | A number. |",
        "| `topics` | list of text |  | A list. |",
    ]


def test_the_reference_has_every_option() -> None:
    reference = page()
    assert [key for key in keys() if f"| `{key}` |" not in reference] == []


def test_every_option_of_the_reference_says_what_it_does() -> None:
    assert [row for row in page().splitlines() if row.endswith("|  |")] == []


def test_the_reference_writes_headers_as_the_file_does() -> None:
    headers = re.findall(r"(?m)^## `(.*)`$", page())
    assert {"[[sources]]", "[sources.tls]", "[routes.metrics.NAME]", "[spool]"} <= set(headers)
    assert '[[sinks]] type = "historian"' in headers


def test_the_annotated_example_shows_every_option() -> None:
    shown = set(re.findall(r"[a-z_]+(?= = )", EXAMPLE.read_text(encoding="utf-8")))
    tables = set(re.findall(r"(?m)^#?\[+([^\]]+)\]", EXAMPLE.read_text(encoding="utf-8")))
    shown.update(part for table in tables for part in table.split("."))
    assert [key for key in keys() if key not in shown] == []


def test_the_alternatives_in_the_annotated_example_are_valid_too(tmp_path: Path) -> None:
    everything = tmp_path / "gateway.toml"
    everything.write_text(re.sub(r"(?m)^#(?=\S)", "", EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    settings = load(everything)
    assert [sink.name for sink in settings.sinks] == ["plant-db", "old-db", "new-db", "local"]


def test_a_page_in_step_passes_the_check(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    assert publish("# Page\n", [str(path)]) == 0
    assert publish("# Page\n", ["--check", str(path)]) == 0


def test_a_page_out_of_step_fails_the_check_and_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    publish("# Page\n\nold\n", [str(path)])
    assert publish("# Page\n\nnew\n", ["--check", str(path)]) == 1
    hint = capsys.readouterr().err
    assert "-old\n+new\n" in hint
    assert "run `make docs`" in hint
    assert path.read_text(encoding="utf-8") == "# Page\n\nold\n"
