"""Shows the options of a model as a Markdown table: key, type, default and description.

What is read of a model is its JSON schema, which pydantic derives from the same fields that it validates with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from pydantic.alias_generators import to_camel

from gateway.settings.quantities import show_duration, show_size
from gateway.settings.tables import Identifier


class Schema(BaseModel):
    """A JSON schema, as far as it says something about options."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    reference: str | None = Field(default=None, alias="$ref")
    definitions: dict[str, Schema] = Field(default={}, alias="$defs")
    type: str = ""
    format: str = ""
    description: str = ""
    default: JsonValue = None
    const: JsonValue = None
    enum: list[JsonValue] = []
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    any_of: list[Schema] = []
    one_of: list[Schema] = []
    items: Schema | None = None
    properties: dict[str, Schema] = {}
    required: frozenset[str] = frozenset()
    additional_properties: Schema | bool = False
    pattern_properties: dict[str, Schema] = {}

    def resolved(self, definitions: Mapping[str, Schema]) -> Schema:
        """Return what it refers to; itself if it is no reference."""
        return self if self.reference is None else definitions[self.reference.rpartition("/")[2]]


def schema_of(model: type[BaseModel]) -> Schema:
    """Return the schema of a model, with all definitions that it refers to."""
    return Schema.model_validate(model.model_json_schema())


def options_table(table: Schema, definitions: Mapping[str, Schema]) -> str:
    """Return the options of a model as a Markdown table.

    Args:
        table: The schema of the model.
        definitions: What it may refer to.
    """
    rows = ["| key | type | default | description |", "|---|---|---|---|"]
    for key, option in table.properties.items():
        default = "**required**" if key in table.required else _default(option)
        cells = (f"`{key}`", _type(option, definitions), default, " ".join(option.description.split()))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


_IDENTIFIER = TypeAdapter(Identifier).json_schema()["pattern"]
_WORDS = {"string": "text", "boolean": "`true` or `false`", "object": "table", "": "any"}


def _type(option: Schema, definitions: Mapping[str, Schema]) -> str:
    """Say in a few words what may stand there."""
    option = option.resolved(definitions)
    if option.any_of:
        known = [_type(choice, definitions) for choice in option.any_of if choice.type != "null"]
        return " or ".join(dict.fromkeys(known))
    if option.enum or option.const is not None:
        return ", ".join(f"`{json.dumps(value)}`" for value in option.enum or [option.const])
    if option.pattern == _IDENTIFIER:
        return "name"
    if option.items is not None:
        item = "tables" if option.items.one_of else _type(option.items, definitions)
        return f"list of {'tables' if item == 'table' else item}"
    word = option.format or option.type
    return _WORDS.get(word, word) + _bounds(option)


def _bounds(option: Schema) -> str:
    if option.exclusive_minimum is not None:
        return f" above {option.exclusive_minimum:g}"
    if option.minimum is not None and option.maximum is not None:
        return f" from {option.minimum:g} to {option.maximum:g}"
    if option.minimum is not None:
        return f" from {option.minimum:g}"
    return ""


def _default(option: Schema) -> str:
    if option.default in (None, "", [], {}):
        return ""
    shown: JsonValue = option.default
    if isinstance(shown, int) and option.format in ("duration", "size"):
        shown = show_duration(shown) if option.format == "duration" else show_size(shown)
    return f"`{json.dumps(shown)}`"
