"""What all tables of the configuration are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Seconds = 1_000_000_000
"""Nanoseconds in a second, the unit that durations are kept in."""


def _beside_the_configuration(path: Path, info: ValidationInfo) -> Path:
    folder = info.context.get("folder") if isinstance(info.context, dict) else None
    return path if folder is None else folder / path


FilePath = Annotated[Path, AfterValidator(_beside_the_configuration)]
"""A path; where it is relative it starts at the folder of the configuration file."""


class Table(BaseModel):
    """A table of the configuration: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
