"""Messages in a file: one JSON object a line, as `run --output` and `record` write it and `replay` reads it.

    {"time": "2026-03-02T06:00:00.000Z", "topic": "...", "payload": "...", "qos": 1, "retain": false}

`payload` is text where it is UTF-8; else it is base64, and `"encoding": "base64"` stands beside it. `properties` holds
MQTT 5 user properties, where there are any, as pairs.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.messages import Publication

_SECOND_NS = 1_000_000_000
_MAX_LINE = 400 * 1024 * 1024
"""Bytes: the largest packet of MQTT is 256 MiB."""


class FileError(Exception):
    """A file of messages cannot be read: with the place and the reason."""


class Recorded(NamedTuple):
    """A message with its time, in nanoseconds since 1970."""

    time_ns: int
    publication: Publication


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    time: str
    topic: str
    payload: str
    qos: Annotated[int, Field(ge=0, le=2)] = 0
    retain: bool = False
    encoding: str = ""
    properties: list[tuple[str, str]] = []


def line(recorded: Recorded) -> bytes:
    """Return the line of a message, with its end."""
    time_ns, (topic, payload, qos, retain, properties) = recorded
    document: dict[str, object] = {"time": _spell(time_ns), "topic": topic}
    try:
        document["payload"] = payload.decode()
        encoding = ""
    except UnicodeDecodeError:
        document["payload"] = b64encode(payload).decode()
        encoding = "base64"
    document |= {"qos": qos, "retain": retain}
    if encoding:
        document["encoding"] = encoding
    if properties:
        document["properties"] = properties
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def read(path: Path) -> Iterator[Recorded]:
    """Yield the messages of a file, in its order.

    Raises:
        FileError: It cannot be read, or a line is none of these.
    """
    try:
        with path.open("rb") as file:
            yield from _messages(path, file)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error


def _messages(path: Path, file: BinaryIO) -> Iterator[Recorded]:
    number = 0
    while content := file.readline(_MAX_LINE):
        number += 1
        try:
            said = _Line.model_validate_json(content)
            payload = b64decode(said.payload, validate=True) if said.encoding else said.payload.encode()
            time_ns = _parse(said.time)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise FileError(f"{path}, line {number}: {where}: {first['msg']}") from error
        except (ValueError, binascii.Error) as error:
            raise FileError(f"{path}, line {number}: {error}") from error
        yield Recorded(
            time_ns, Publication(said.topic, payload, 1 if said.qos else 0, said.retain, tuple(said.properties))
        )


def _spell(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, _SECOND_NS)
    time = datetime.fromtimestamp(seconds, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _parse(text: str) -> int:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone: write it as 2026-03-02T06:00:00.000Z")
    whole = time.replace(microsecond=0)
    return int(whole.timestamp()) * _SECOND_NS + time.microsecond * 1_000
