"""The lines that a program of an edge node reads and writes; see the package for what they mean."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Literal, NotRequired, TypeAlias, TypedDict

Value: TypeAlias = bool | int | float | str | None


class Metric(TypedDict):
    """A metric and one value of it; `time` in ms since 1970."""

    name: str
    type: str
    value: Value
    time: int
    alias: NotRequired[int]
    historical: NotRequired[bool]


class Command(TypedDict):
    """What to do; see the package for which command has what."""

    do: Literal["connect", "data", "history", "device_birth", "device_death", "death", "rebirth"]
    port: NotRequired[int]
    group: NotRequired[str]
    node: NotRequired[str]
    device: NotRequired[str]
    metrics: NotRequired[list[Metric]]
    devices: NotRequired[dict[str, list[Metric]]]


REBIRTH: Command = {"do": "rebirth"}
"""What a library's callback puts among the commands when a host asks for a rebirth."""

LONG = ("Int64", "UInt64")
SCALARS = (
    *("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"),
    *("Float", "Double", "Boolean", "String", "DateTime", "Text", "UUID"),
)
"""The data types of one value."""


class Line(TypedDict, total=False):
    """What a program writes; see the package."""

    said: str
    device: str
    metrics: list[Metric]
    asked: str
    done: str
    cannot: str


def spelled(metrics: Sequence[Metric]) -> list[Metric]:
    """Return metrics as they stand in a line."""
    return [
        one if one["type"] not in LONG or one["value"] is None else {**one, "value": str(one["value"])}
        for one in metrics
    ]


def typed(metric: Metric) -> Value:
    """Return the value of a line as its type asks for it."""
    value = metric["value"]
    return int(value) if metric["type"] in LONG and value is not None else value


class Lines:
    """Commands come in here, from the standard input and from a library's own threads; what was done goes out."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._writing = threading.Lock()

    def commands(self) -> Iterator[Command]:
        """Yield the commands until the standard input ends."""
        threading.Thread(target=self._read, daemon=True).start()
        while (command := self.queue.get()) is not None:
            yield command

    def _read(self) -> None:
        for line in sys.stdin:
            self.queue.put(json.loads(line))
        self.queue.put(None)

    def asked_for_rebirth(self) -> None:
        """A host asks for a rebirth: tell, and put it among the commands."""
        self._write({"asked": "rebirth"})
        self.queue.put(REBIRTH)

    def said(self, kind: str, device: str, metrics: Sequence[Metric]) -> None:
        """Tell what the library has published."""
        self._write({"said": kind, "device": device, "metrics": spelled(metrics)})

    def done(self, command: Command, cannot: str = "") -> None:
        """Tell that a command is carried out, or why the library does not do that."""
        if command is not REBIRTH:
            self._write({"done": command["do"], "cannot": cannot})

    def _write(self, line: Line) -> None:
        with self._writing:
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
