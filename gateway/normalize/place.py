"""Whose a message is: the asset, its type and its tags, from the levels of the topic."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.models import Name, Series
from gateway.normalize.names import clean
from gateway.normalize.plan import Plan
from gateway.normalize.schema import Schema
from gateway.normalize.series import SeriesState
from gateway.normalize.table import Table
from gateway.settings.models import Route

ASSET_LEVELS = ("asset", "machine", "device")
"""Levels that name the machine where the route does not say which does."""
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


PlaceKey: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...] | None]
"""Asset, measurement and place as a message names them."""


@dataclass(slots=True)
class Found:
    """What was looked up for messages that say the same of whose they are.

    Attributes:
        state: Their series.
        schema: The names and types of their values.
        plain: Where their values go, by name, if they name no units.
        table: The same for those that named units last.
        plan: The plan of the last that had one, of those that name no units.
    """

    state: SeriesState
    schema: Schema
    plain: Table
    table: Table
    plan: Plan | None = None


class Place:
    """What a topic says, in the terms of its route; made once for each topic.

    Attributes:
        levels: Name of a level to what stands there.
        metric: The part of the topic that names the value; empty if the message does.
        known: What was looked up for messages that leave it to the topic whose they are.
        found: The same for all others.
    """

    __slots__ = ("found", "known", "levels", "metric")

    def __init__(self, levels: Mapping[str, str]) -> None:
        self.levels = levels
        self.metric = levels.get("metric", "")
        self.known: Found | None = None
        self.found: dict[PlaceKey, Found] | None = None


def place_key(asset: str, measurement: str, place: Mapping[str, str] | None) -> PlaceKey:
    """Return what tells messages of one topic apart by whose they are."""
    return (asset, measurement, None if place is None else (*place.items(),))


class PlaceRules:
    """How a route makes a series of a topic and of what the message says of itself.

    Args:
        route: The route.
        names: Names of the levels of its topic.
        assets: Further tags of single machines.
        names_asset: Whether messages of this format name their machine themselves.
        further_words: What templates may name besides, and what becomes no tag by itself.

    Raises:
        ValueError: A template names a level that the topic does not have, or nothing names the asset.
    """

    def __init__(
        self,
        route: Route,
        names: tuple[str, ...],
        assets: Mapping[Name, Mapping[Name, Name]],
        *,
        names_asset: bool,
        further_words: Sequence[str] = (),
    ) -> None:
        all_names = {*names, *further_words}
        asset = route.asset or next((f"{{{name}}}" for name in ASSET_LEVELS if name in all_names), "")
        if not asset and not names_asset:
            raise ValueError(
                'nothing names the machine: name a level {machine} in topic, or set asset = "..." made of its levels'
            )
        self._asset = asset or "{asset}"
        self._measurement = route.measurement or "{measurement}"
        tags = route.tags
        if tags is None:
            own = set(_PLACEHOLDER.findall(asset)) if _PLACEHOLDER.fullmatch(asset) else set()
            tags = {name: f"{{{name}}}" for name in names if name not in own | {"metric", "asset"}}
        self._tags = tags
        self._assets = assets
        known = {*all_names, "asset", "measurement"}
        for key, template in {"asset": asset, "measurement": self._measurement, **tags}.items():
            for name in _PLACEHOLDER.findall(template):
                if name not in known:
                    raise ValueError(f"{key} = {template!r} names the level {{{name}}}, which the topic does not have")

    def series(self, place: Place, asset: str, measurement: str, said: Mapping[str, str] | None = None) -> Series:
        """Return the series of a message.

        Args:
            place: What its topic says.
            asset: The machine, where the message names it.
            measurement: The type of machine, where the message names it.
            said: Words for the templates, where the message knows better than its topic.

        Raises:
            ValueError: The asset or the measurement stays empty, or a name is too long (pydantic's error is one).
        """
        words = {"asset": asset, **place.levels, **(said or {}), "measurement": measurement}
        name = _fill(self._asset, words) or _fill("{machine}", words)
        if not name:
            raise ValueError("the message names no asset, and neither does its route")
        # A format that knows two types of machine, where the route names but one, knows better.
        kind = _fill("{measurement}", words) if "{measurement}" not in self._measurement else ""
        kind = kind or _fill(self._measurement, words)
        if not kind:
            raise ValueError("the message names no measurement, and neither does its route")
        tags = {key: _fill(template, words) for key, template in self._tags.items()}
        tags.update(self._assets.get(name, {}))
        return Series(asset=name, measurement=kind, tags={key: tag for key, tag in tags.items() if tag})


def _fill(template: str, words: Mapping[str, str]) -> str:
    text = clean(_PLACEHOLDER.sub(lambda found: words.get(found[1], ""), template))
    return text.strip() if not text.strip("/ ") else text
