"""Walks through a document: what in it is a value, and what its name, time, unit, quality and machine are."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from types import NoneType

from adapters.json_document import JSON
from adapters.plain_json.drafts import Drafts, Scope
from adapters.plain_json.options import JsonOptions
from adapters.plain_json.shape import Shape, Shapes, can_be_time
from adapters.quality import is_quality_word, quality_of
from gateway.models import RawTime

MAX_STEPS = 20
"""Keys and elements looked at for each value that a message may have: groups can be empty, and keys ignored."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
"""Identifies a message or a thing; as a name it would make new fields with every message."""


class Walk:
    """Walks through one document.

    Args:
        options: Those of the adapter.
        shapes: What objects are, by their keys.
        ignored: Whether a name is not to be stored.
        drafts: Takes the values.
    """

    def __init__(
        self,
        options: JsonOptions,
        shapes: Shapes,
        ignored: Mapping[str, bool],
        drafts: Drafts,
    ) -> None:
        self._options = options
        self._shapes = shapes
        self._ignored = ignored
        self._drafts = drafts
        self._steps = MAX_STEPS * options.max_values
        self._names_machine = options.asset_key is not None or options.measurement_key is not None

    def take(self, document: JSON, scope: Scope) -> None:
        """Take all values of the document."""
        if isinstance(document, dict):
            path = self._options.timestamp_key
            if path is not None and path not in document and "." in path:
                scope = scope._replace(time=_time(find(document, path)))
            self._object(document, "", scope, 1)
        else:
            self._any("", document, scope, 0, transparent=True)

    def _any(self, name: str, content: JSON, scope: Scope, level: int, *, transparent: bool = False) -> None:
        if self._ignored[name]:
            return
        if not isinstance(content, (dict, list)):
            self._drafts.add(name, content, scope)
        elif level >= self._options.depth:
            self._drafts.reject(name, f"nested deeper than {self._options.depth} levels")
        elif isinstance(content, dict):
            self._object(content, name, scope, level + 1)
        else:
            self._array(content, name, scope, level + 1, transparent=transparent)

    def _object(
        self, content: dict[str, JSON], name: str, scope: Scope, level: int, indexed: str | None = None
    ) -> None:
        """Take the values of an object.

        Args:
            content: The object.
            name: Of what holds it.
            scope: What holds around it.
            level: Its depth.
            indexed: If it is an element of an array, its name unless it has a name or a time of its own.
        """
        self._spend(len(content))
        shape = self._shapes.usual[tuple(content)]
        if _is_misread(content, shape):
            shape = self._shapes.unmarked[tuple(content)]
        spare: list[str] = []
        if shape.times or self._names_machine:
            scope = self._inside(content, shape, scope, spare)
        named = False
        if indexed is not None or shape.name is not None:
            name, named = self._named(content, shape, name, indexed, timed=len(spare) < len(shape.times))
        if shape.value is not None:
            scope = self._reading(content, shape, name, scope, level)
        elif shape.quality is not None:
            if is_quality_word(content[shape.quality]):
                scope = scope._replace(quality=quality_of(content[shape.quality]))
            else:
                spare.append(shape.quality)
        for key in shape.containers:
            self._any(name, content[key], scope, level, transparent=True)
        beginning = f"{name}." if name else ""
        for key in (*shape.values, *spare) if spare else shape.values:
            self._any(beginning + key, content[key], scope, level)
        if shape.name is not None and shape.value is None and not named:
            self._any(beginning + shape.name, content[shape.name], scope, level)

    def _reading(self, content: dict[str, JSON], shape: Shape, name: str, scope: Scope, level: int) -> Scope:
        """Take the value of a reading, and return the scope of what stands beside it."""
        own = scope
        if shape.unit is not None or shape.quality is not None:
            unit = content[shape.unit] if shape.unit is not None else None
            codes = self._options.quality_codes
            quality = scope.quality if shape.quality is None else quality_of(content[shape.quality], codes)
            unit = word(unit) or scope.unit
            own = Scope(scope.time, unit, quality, scope.asset, scope.measurement)
        key = shape.value or ""
        self._any(join(name, key) if shape.named_by_key else name, content[key], own, level, transparent=True)
        return scope

    def _array(self, items: list[JSON], name: str, scope: Scope, level: int, *, transparent: bool) -> None:
        """Take the elements: objects by their names, or one after the other in time; values by their index."""
        how = self._options.arrays
        if how != "index" and not any(isinstance(item, (dict, list)) for item in items):
            if how == "text":
                self._drafts.add(name, json.dumps(items, ensure_ascii=False, default=str), scope)
            return
        self._spend(len(items))
        for index, item in enumerate(items):
            indexed = f"{name}[{index}]"
            if isinstance(item, dict) and level < self._options.depth:
                self._object(item, name, scope, level + 1, name if transparent else indexed)
            elif isinstance(item, (dict, list)) or how == "index":
                self._any(indexed, item, scope, level)

    def _spend(self, steps: int) -> None:
        self._steps -= 1 + steps
        if self._steps < 0:
            raise ValueError("the message has far more parts than values that the option max_values allows")

    def _inside(self, content: dict[str, JSON], shape: Shape, scope: Scope, spare: list[str]) -> Scope:
        """Return what holds inside of an object; add those of its keys of a time that hold none to `spare`."""
        options = self._options
        time: RawTime = None
        for key in shape.times:
            value = content[key]
            if not can_be_time(key, value, certain=key == options.timestamp_key):
                spare.append(key)
            elif time is None:
                time = _time(value)
        asset = word(find(content, options.asset_key)) if options.asset_key else ""
        measurement = word(find(content, options.measurement_key)) if options.measurement_key else ""
        return Scope(
            scope.time if time is None else time,
            scope.unit,
            scope.quality,
            asset or scope.asset,
            measurement or scope.measurement,
        )

    def _named(
        self, content: dict[str, JSON], shape: Shape, name: str, indexed: str | None, *, timed: bool
    ) -> tuple[str, bool]:
        """Return the name of an object that is an element of an array or may name itself, and whether it does.

        A reading that a key names already is only described by its own name.
        """
        reading = shape.value is not None and not shape.named_by_key
        if shape.name is not None and (indexed is not None or (reading and not name)):
            own = content[shape.name]
            # A number names a channel, not the record of a moment.
            text = word(own) if isinstance(own, str) or (indexed is not None and not timed) else ""
            if text and not _UUID.fullmatch(text):
                return join(name, text), True
        return (name if indexed is None or timed else indexed), False


def find(content: Mapping[str, JSON], path: str) -> JSON:
    """Return what stands under this key, or at this path of keys joined by dots; None if nothing does."""
    if path in content:
        return content[path]
    key, dot, rest = path.partition(".")
    inner = content.get(key)
    return find(inner, rest) if dot and isinstance(inner, dict) else None


def join(name: str, key: str) -> str:
    """Return the name of what stands under `key` in what is called `name`."""
    return f"{name}.{key}" if name and key else name or key


def word(raw: JSON) -> str:
    """Return a name that is written as a text or an integer; nothing for anything else."""
    if isinstance(raw, str):
        return raw if raw.isascii() else raw.encode(errors="replace").decode()  # half a surrogate pair becomes `?`
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else ""


def _is_misread(content: Mapping[str, JSON], shape: Shape) -> bool:
    """Whether the keys looked like those of a unit or a quality, and the values show that they are others."""
    if shape.unit is not None:
        return not isinstance(content[shape.unit], (str, NoneType))  # u, v and w are three phases
    beside = shape.value is not None and shape.quality is not None and shape.values
    return bool(beside) and not is_quality_word(content[shape.quality or ""])  # the Q in OEE is called quality too


def _time(raw: JSON) -> RawTime:
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    return raw if isinstance(raw, (int, str)) and not isinstance(raw, bool) else None
