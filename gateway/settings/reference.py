"""Writes docs/configuration.md from the models of the settings: the reference is what the gateway accepts.

python -m gateway.settings.reference [--check] docs/configuration.md
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.settings.models import Settings
from gateway.settings.options_table import Schema, options_table, schema_of

_INTRODUCTION = """\
# Configuration

<!-- Generated from gateway/settings/models.py: change it there, and run `make docs`. -->

The gateway reads one [TOML](https://toml.io) file, named by `-c FILE` or by the environment variable `GATEWAY_CONFIG`.
[config/gateway.toml](../config/gateway.toml) is an annotated example, and `gateway check -c FILE` tells every mistake
in a file with its place and its remedy. Unknown keys are refused.

| type | is written as |
|---|---|
| duration | a number with a unit, as text: `"100ms"`, `"30s"`, `"10min"`, `"12h"`, `"7d"` |
| size | a number with a unit, as text: `"64KiB"`, `"16MiB"`, `"10GiB"`, or in powers of ten `"10GB"` |
| path | text; where it is relative it starts at the folder of the configuration file |
| name | letters, digits, `.`, `_` and `-`, at most 64, the first a letter or digit |

Secrets never stand in the file: keys that end in `_file` name a file that holds nothing but the secret.

The environment wins over the file. A variable is `GATEWAY_`, the table, two underscores and the key, in capitals:
`GATEWAY_SPOOL__MAX_BYTES=20GiB`, `GATEWAY_LOG__LEVEL=debug`, `GATEWAY_ID=plant1-gw2`. A list is given whole, as JSON:
`GATEWAY_SINKS='[{"name": "local", "type": "historian"}]'`.
"""


def page() -> str:
    """Return the whole of docs/configuration.md."""
    parts = [_INTRODUCTION]
    settings = schema_of(Settings)
    for header, table in _tables("", settings, settings.definitions):
        title = f"`{header}`" if header else "Top of the file"
        parts += [f"## {title}", table.description, options_table(table, settings.definitions)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def publish(text: str, arguments: Sequence[str] | None = None) -> int:
    """Write a generated page to the file that the command line names; with `--check` compare, and say what differs.

    Returns:
        The exit code: 1 if the page was checked and is out of step.
    """
    parser = argparse.ArgumentParser(description="Write a page that is generated from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is out of step")
    parser.add_argument("page", type=Path, help="the Markdown file")
    options = parser.parse_args(arguments)
    path: Path = options.page
    if not options.check:
        path.write_text(text, encoding="utf-8")
        return 0
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    if written == text:
        return 0
    difference = difflib.unified_diff(
        written.splitlines(), text.splitlines(), str(path), "what the code says", lineterm="", n=1
    )
    hint = [*list(difference)[:20], f"{path} is out of step with the code: run `make docs`"]
    sys.stderr.write("\n".join(hint) + "\n")
    return 1


def _tables(header: str, table: Schema, definitions: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Yield a table and all that may stand in it, each with its header as the file has it."""
    yield header, table
    place = header.strip("[]")
    for key, option in table.properties.items():
        for inner, inner_table in _tables_of_option(f"{place}.{key}".strip("."), option, definitions):
            yield from _tables(inner, inner_table, definitions)


def _tables_of_option(place: str, option: Schema, definitions: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Yield header and schema of each table that an option consists of; nothing if it is a plain value."""
    option = option.resolved(definitions)
    if option.properties:
        yield f"[{place}]", option
    for choice in option.any_of:
        yield from _tables_of_option(place, choice, definitions)
    if option.items is not None:
        for kind in option.items.one_of or [option.items]:
            for header, table in _tables_of_option(place, kind, definitions):
                yield f"[{header}]{_type_of(table)}", table
    items = [*option.pattern_properties.values(), option.additional_properties]
    for item in items:
        if isinstance(item, Schema):
            yield from _tables_of_option(f"{place}.NAME", item, definitions)


def _type_of(table: Schema) -> str:
    """Return the line that tells one kind of table from another in a list of several kinds."""
    kind = table.properties.get("type")
    return "" if kind is None or kind.const is None else f' type = "{kind.const}"'


if __name__ == "__main__":
    raise SystemExit(publish(page()))
