"""Reads `gateway.toml` and the environment into `Settings`, or tells every mistake with its place and remedy.

The environment wins over the file: `GATEWAY_SPOOL__MAX_BYTES=20GiB` sets `max_bytes` of `[spool]`.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from gateway.errors import ConfigurationError, Problem
from gateway.settings.models import Settings

PREFIX = "GATEWAY_"
OTHER_VARIABLES = re.compile(r"GATEWAY_CONFIG|GATEWAY_FAIL_POINT|GATEWAY_SERVICE_.*|GATEWAY_PORT.*")
"""Variables with the prefix that are no options; Kubernetes sets some where a service is called `gateway`."""


class _Environment(Settings, BaseSettings):
    """The same fields, seen as environment variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid")


def load(path: Path) -> Settings:
    """Return the settings that the file and the environment make together.

    Raises:
        ConfigurationError: With every problem found.
    """
    document = _read(path)
    unknown = [
        Problem(
            "environment",
            name,
            "no option has this name",
            _suggest(_first_key(name), list(Settings.model_fields)),
        )
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and not OTHER_VARIABLES.fullmatch(name)
        and _first_key(name) not in Settings.model_fields
    ]
    try:
        environment = EnvSettingsSource(_Environment)()
    except ValueError as error:
        raise ConfigurationError([Problem("environment", "", str(error), "Write lists and tables as JSON")]) from error
    document.setdefault("spool", {})  # so that its path, too, starts at the folder of the file
    try:
        settings = Settings.model_validate(_merge(document, environment), context={"folder": path.parent})
    except ValidationError as error:
        problems = [_problem(path, detail) for detail in error.errors(include_url=False)]
        raise ConfigurationError(problems + unknown) from error
    if unknown:
        raise ConfigurationError(unknown)
    return settings


def _first_key(variable: str) -> str:
    return variable.removeprefix(PREFIX).split("__")[0].lower()


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        remedy = "Name it with -c FILE or GATEWAY_CONFIG; config/gateway.toml is an annotated example"
        raise ConfigurationError([Problem(str(path), "", "there is no such file", remedy)]) from error
    except OSError as error:
        raise ConfigurationError([Problem(str(path), "", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(str(path), "", f"is not TOML: {error}")]) from error


def _merge(under: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _problem(path: Path, detail: ErrorDetails) -> Problem:
    # The discriminator of a sink stands in the location although it is no key: sinks, 0, influxdb, api.
    location = [
        part
        for number, part in enumerate(detail["loc"])
        if not (part in ("influxdb", "historian") and number == 2 and detail["loc"][0] == "sinks")  # noqa: PLR2004
    ]
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    reason = detail["msg"].removeprefix("Value error, ")
    remedy = ""
    match detail["type"]:
        case "extra_forbidden":
            reason = "unknown key"
            remedy = _suggest(str(location[-1]), _keys_at(location[:-1]))
        case "missing":
            reason = "is missing"
            remedy = f"Add {location[-1]} = ..."
        case "union_tag_invalid" | "union_tag_not_found":
            reason = "needs a type"
            remedy = 'Write type = "influxdb" or type = "historian"'
    variable = PREFIX + "__".join(str(part) for part in location).upper()
    if variable in os.environ:
        return Problem("environment", variable, reason, remedy)
    return Problem(str(path), key, reason, remedy)


def _suggest(word: str, known: list[str]) -> str:
    if close := difflib.get_close_matches(word, known, n=1):
        return f"Did you mean {close[0]}?"
    return f"Known here: {', '.join(known)}" if known else "Remove it"


def _keys_at(location: list[int | str]) -> list[str]:
    """Return the keys that the table at this place may have."""
    models: list[type[BaseModel]] = [Settings]
    for part in location:
        if isinstance(part, str) and any(part in model.model_fields for model in models):
            models = [
                found
                for model in models
                if part in model.model_fields
                for found in _models_in(model.model_fields[part].annotation)
            ]
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
