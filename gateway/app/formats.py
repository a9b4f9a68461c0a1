"""Makes adapters of their options, or tells which of these is wrong and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue, ValidationError

import adapters
from gateway.errors import ConfigurationError, Problem
from gateway.interfaces import Adapter


def open_adapter(name: str, options: Mapping[str, JsonValue], table_of: Callable[[str], str], file: str) -> Adapter:
    """Return the adapter of this name.

    Args:
        name: As the configuration writes it.
        options: Its options.
        table_of: Returns the table of the configuration in which an option of this name stands, or belongs.
        file: The configuration.

    Raises:
        ConfigurationError: With every option that is wrong.
        ValueError: There is no such adapter.
    """
    kind = adapters.load(name)
    try:
        return kind(**options)
    except ValidationError as error:
        raise ConfigurationError(
            [
                Problem(
                    file,
                    ".".join([table_of(str((*detail["loc"], "")[0])), *map(str, detail["loc"])]),
                    "unknown option"
                    if detail["type"] == "extra_forbidden"
                    else detail["msg"].removeprefix("Value error, "),
                    f"docs/adapters.md lists the options of {name}",
                )
                for detail in error.errors(include_url=False)
            ]
        ) from error
