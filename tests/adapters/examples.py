"""The examples in the folder that SAMPLES names, and what stands about each in `tests/data/samples/`."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gateway.models import Message
from tests.adapters.samples import DATA

FOLDER = Path(os.environ["SAMPLES"]) if "SAMPLES" in os.environ else None
"""None: the examples are not asked for."""


class Point(BaseModel):
    """One field that must reach the database, as described in `uns_plain.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    asset: str
    field: str
    value: bool | int | float | str
    unit: str = ""
    source_unit: str = ""
    time: int | float | str | None = None
    time_ns: int | None = None

    @property
    def name(self) -> str:
        """The name of the value, without the ending that tells its type or that it is a quality."""
        if self.is_quality:
            return self.field.removesuffix("_q")
        return self.field.removesuffix({str: "_text", bool: "_bool"}.get(type(self.value), ""))

    @property
    def is_quality(self) -> bool:
        """Whether the field is the quality of another."""
        return self.field.endswith("_q")


class Example(BaseModel):
    """One example: its messages, its route, and its points."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    payload: str = ""
    messages: str = ""
    user_properties: list[list[str]] = []
    adapter: str
    options: dict[str, object] = {}
    topic: str
    asset: str
    measurement: str
    points: list[Point]

    def read_messages(self, folder: Path) -> list[Message]:
        """Return the messages of the example, as a subscriber gets them that was there before: none is retained."""
        properties = tuple((name, value) for name, value in self.user_properties)
        if self.payload:
            topic = (folder / f"{self.name}.topic").read_text().strip()
            payload = (folder / self.payload).read_bytes()
            return [Message(topic, payload, received_ns=1, user_properties=properties)]
        lines = [json.loads(line) for line in (folder / self.messages).read_text().splitlines()]
        return [
            Message(line["topic"], line["payload"].encode(), received_ns=number, user_properties=properties)
            for number, line in enumerate(lines, 1)
        ]


def read_examples() -> dict[str, list[Example]]:
    """Return all examples that something is known about, by the name of their folder."""
    return {
        file.stem: [Example.model_validate(one) for one in tomllib.loads(file.read_text())["examples"]]
        for file in sorted((DATA / "samples").glob("*.toml"))
    }
