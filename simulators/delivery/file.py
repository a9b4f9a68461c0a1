"""Messages in a file: one JSON object a line, as `run --output` and `record` write it and `replay` reads it.

    {"time": "2026-03-02T06:00:00.000Z", "topic": "...", "payload": "...", "qos": 1, "retain": false}

`payload` is text where it is UTF-8; else it is base64, and `"encoding": "base64"` stands beside it. `properties` holds
MQTT 5 user properties, where there are any, as pairs.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from simulators.delivery.voices import voices
from simulators.faces.face import Action, Voice
from simulators.messages import Publication
from simulators.plant.course import Course
from simulators.plant.station import Reading

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
    qos: int = 0
    retain: bool = False
    encoding: str = ""
    properties: list[tuple[str, str]] = []


def write_run(
    course: Course, path: Path, seed: int, start_ns: int, seconds: int, advance: Callable[[float], None]
) -> int:
    """Write all that the machines of a plant say in a run, as fast as possible; return how many messages it is.

    Args:
        course: The plant, before its beginning.
        path: The file; what it held is gone.
        seed: Of what is wrong with the messages.
        start_ns: Virtual time of the start, in nanoseconds since 1970.
        seconds: Virtual seconds until the end.
        advance: Called now and then with the seconds that are done.

    Raises:
        OSError: The file cannot be written.
    """
    speakers = [voice for _, voice in voices(course.stations, seed)]
    by_name = {station.device.name: voice for voice in speakers for station in voice.stations}

    def told(readings: Iterable[Reading]) -> Iterator[Action]:
        return (action for reading in readings for action in by_name[reading.station.device.name].tell(reading))

    count = 0
    with path.open("wb") as file:
        for actions in _occasions(course, speakers, told, start_ns, seconds):
            for action in actions:
                if isinstance(action, Publication):
                    file.write(line(Recorded(course.time_ns, action)))
                    count += 1
            if course.seconds % 60 == 0:
                advance(course.seconds)
    return count


def _occasions(
    course: Course,
    speakers: Sequence[Voice],
    told: Callable[[Iterable[Reading]], Iterator[Action]],
    start_ns: int,
    seconds: int,
) -> Iterator[Iterable[Action]]:
    """Yield what is done at each occasion of a run, in order: at its beginning, in every second, at its end."""
    first = course.begin(start_ns)
    for voice in speakers:
        voice.will(course.time_ns)
    yield told(first)
    for voice in speakers:
        yield voice.connected(course.time_ns)
    while course.seconds < seconds:
        yield told(course.step())
    yield told(course.end())
    for voice in speakers:
        yield voice.leaving(course.time_ns)


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
