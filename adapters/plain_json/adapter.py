"""The JSON adapter: a quick way for flat messages, the walk through the document for all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import NoneType

from orjson import loads

from adapters.json_document import JSON, parse, unwrap
from adapters.plain_json.drafts import EXACT, Drafts, Inexact, Scope
from adapters.plain_json.options import JsonOptions
from adapters.plain_json.remembered import Remembered
from adapters.plain_json.shape import EARLIEST, Shapes, can_be_time
from adapters.plain_json.walk import Walk
from adapters.quality import quality_of
from adapters.scalar import NO_VALUE, is_type, read_scalar
from gateway.models import GOOD, Decoded, Message, Observation, Origin

_make = tuple.__new__
_LIVE = Origin.LIVE


@dataclass(frozen=True, slots=True)
class _Flat:
    """What stands where in an object that holds nothing but values and a time, or that is one reading.

    Attributes:
        time: Key of the time.
        value: Key of the value, if it is a reading.
        unit: Key of its unit.
        quality: Key of its quality.
    """

    time: str | None
    value: str | None
    unit: str | None
    quality: str | None


class PlainJson(JsonOptions):
    """Reads JSON objects, arrays and bare values of any layout.

    MQTT 5 user properties `timestamp`, `unit`, `quality` and `type` hold where the payload does not say better: a bare
    value has no room for them.

    What it remembers saves time and changes nothing: a message means the same whatever came before it.
    """

    @property
    def names_asset(self) -> bool:
        """Whether messages name their machine: if `asset_key` says where."""
        return self.asset_key is not None

    def decode(self, message: Message) -> Sequence[Decoded]:  # noqa: C901  # a call more costs as much as a value
        """Return what the message says; nothing for an empty one, which deletes a retained topic.

        Raises:
            ValueError: It is neither JSON nor text, is cut short, or has more values than allowed.
        """
        # The lines that run for every message: 1.2 to 1.8 us for seven values, a third of it in orjson. The keys of an
        # object tell whether it is flat and where its time stands, so only its values are looked at one by one.
        try:
            document = loads(message.payload)
        except ValueError:
            return self._decode_text(message)
        if type(document) is dict and not message.user_properties and not message.retained:
            flat = self._flat[tuple(document)]
            if flat is None:
                return self._collect(document, message)
            if flat.value is not None:
                return self._decode_reading(document, flat) or self._collect(document, message)
            time_key = flat.time
            time = document.pop(time_key, None)
            if (type(time) is int and time >= EARLIEST) or self._can_be_time(time_key, time):
                for value in document.values():
                    kind = type(value)
                    if kind is float or kind is int:
                        if -1e18 < value < 1e18:  # noqa: PLR2004  # EXACT, in half of its time
                            continue
                    elif kind is bool or (kind is str and value not in NO_VALUE):
                        continue
                    break
                else:
                    # Past the __new__ of the class, which takes twice as long to fill in the same.
                    return (_make(Observation, (document, time, None, None, GOOD, "", "", _LIVE, None)),)
            document = loads(message.payload)
        elif not isinstance(document, (dict, list)) and self.scalars != "auto":
            return self._decode_text(message)
        return self._collect(document, message)

    def advance(self, now_ns: int) -> Sequence[Decoded]:
        """Return nothing: no message waits for another."""
        del now_ns
        return ()

    def _decode_reading(self, document: dict[str, JSON], flat: _Flat) -> Sequence[Decoded]:
        """Return what a single reading says; nothing if something about it is unusual."""
        time = document[flat.time] if flat.time is not None else None
        value = document[flat.value or ""]
        unit = document[flat.unit] if flat.unit is not None else None
        if (
            not isinstance(time, (int, float, str, NoneType))
            or not self._can_be_time(flat.time, time)
            or not isinstance(value, (int, float, str))
            or (isinstance(value, str) and value in NO_VALUE)
            or (isinstance(value, (int, float)) and abs(value) >= EXACT)
            or not isinstance(unit, (str, NoneType))
        ):
            return ()
        quality = quality_of(document[flat.quality], self.quality_codes) if flat.quality is not None else GOOD
        return (Observation({"": value}, time, None, {"": unit} if unit else None, quality),)

    def _decode_text(self, message: Message) -> Sequence[Decoded]:
        text = unwrap(message.payload, self.max_inflated_bytes).strip()
        if not text:
            return ()
        bare = text[:1] not in (b"{", b"[")
        document = self._read_scalar(text) if bare else parse(text)
        return self._collect(document, message, exact=True)

    def _read_scalar(self, content: bytes) -> JSON:
        if self.scalars == "refuse":
            raise ValueError("a bare value, which the option scalars refuses")
        if content.startswith(b'"'):
            return parse(content)
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"not UTF-8: at byte {error.start}") from error
        return read_scalar(text, decimal_comma=self.decimal_comma, as_text=self.scalars == "text")

    def _collect(self, document: JSON, message: Message, *, exact: bool = False) -> Sequence[Decoded]:
        scope, type_name, origin = Scope(), "", Origin.RETAINED if message.retained else Origin.LIVE
        if message.user_properties:
            properties = {name.lower(): value for name, value in message.user_properties}
            quality = quality_of(properties["quality"], self.quality_codes) if "quality" in properties else GOOD
            scope = Scope(properties.get("timestamp"), properties.get("unit", ""), quality)
            type_name = properties.get("type", "") if is_type(properties.get("type", "")) else ""
            if properties.get("transient", "").lower() == "true" and not message.retained:
                origin = Origin.TRANSIENT
        drafts = Drafts(self.max_values, exact=exact, type_name=type_name)
        try:
            if isinstance(document, (dict, list)):
                Walk(self, self._shapes, self._ignored, drafts).take(document, scope)
            else:
                drafts.add("", document, scope)
        except Inexact:
            return self._collect(parse(message.payload), message, exact=True)
        return drafts.finish(origin)

    def _can_be_time(self, key: str | None, value: object) -> bool:
        return key is None or can_be_time(key, value, certain=key == self.timestamp_key)

    def _find_flat(self, keys: tuple[str, ...]) -> _Flat | None:
        if len(keys) > self.max_values:
            return None
        shape = self._shapes.usual[keys]
        paths = [path for path in (self.timestamp_key, self.asset_key, self.measurement_key) if path is not None]
        # The first key of a path, or the key of the machine: only the walk finds what stands there.
        if any(path not in shape.times and path.partition(".")[0] in keys for path in paths):
            return None
        if (
            len(shape.times) > 1
            or len(shape.times) == len(keys)
            or shape.containers
            or any(self._ignored[key] for key in shape.values)
        ):
            return None
        if shape.value is not None:
            plain = not (shape.values or shape.name or shape.named_by_key or self._ignored[""])
        else:
            plain = shape.quality is None and not (shape.name is not None and self._ignored[shape.name])
        return _Flat(next(iter(shape.times), None), shape.value, shape.unit, shape.quality) if plain else None

    def _is_ignored(self, name: str) -> bool:
        return self._ignore_pattern.fullmatch(name) is not None

    # Cached properties: pydantic's private attributes cost half a microsecond at every look.

    @cached_property
    def _flat(self) -> Remembered[tuple[str, ...], _Flat | None]:
        return Remembered(self._find_flat)

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(self)

    @cached_property
    def _ignored(self) -> Remembered[str, bool]:
        return Remembered(self._is_ignored)

    @cached_property
    def _ignore_pattern(self) -> re.Pattern[str]:
        # A path to the time or the machine leads to no value; a plain key is known from the shape of its object.
        paths = [path for path in (self.timestamp_key, self.asset_key, self.measurement_key) if path and "." in path]
        patterns = [*map(re.escape, paths), *(re.escape(name).replace(r"\*", ".*") for name in self.ignore)]
        return re.compile(rf"(?:{'|'.join(patterns)})(?:[.\[].*)?" if patterns else r"(?!)", re.DOTALL)
