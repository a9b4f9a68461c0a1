"""Whose a message is: the asset, its type and its tags, from the levels of the topic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.models import Name, Series
from gateway.normalize.names import clean
from gateway.normalize.plan import Plan, Schema
from gateway.normalize.series import SeriesState
from gateway.settings.models import Route

ASSET_LEVELS = ("asset", "machine", "device")
"""Levels that name the machine where the route does not say which does."""
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Usual:
    """How messages of one topic are taken while nothing about them changes.

    Attributes:
        state: Their series.
        epoch: Its epoch then: if it is another now, something is to be written that the quick way does not write.
        plan: What to do with their values.
        timeless: Whether they come without a time.
    """

    state: SeriesState
    epoch: int
    plan: Plan
    timeless: bool


class Place:
    """What a topic says, in the terms of its route; made once for each topic.

    Attributes:
        levels: Name of a level to what stands there.
        metric: The part of the topic that names the value; empty if the message does.
        found: What the normalizer looked up for it, by asset and measurement as the messages name them.
        usual: How the last message that named neither was taken, if the next one like it can be taken quickly.
    """

    __slots__ = ("found", "levels", "metric", "usual")

    def __init__(self, levels: Mapping[str, str]) -> None:
        self.levels = levels
        self.metric = levels.get("metric", "")
        self.found: dict[tuple[str, str], tuple[SeriesState, Schema]] = {}
        self.usual: Usual | None = None


class PlaceRules:
    """How a route makes a series of a topic and of what the message says of itself.

    Args:
        route: The route.
        names: Names of the levels of its topic.
        assets: Further tags of single machines.
        names_asset: Whether messages of this format name their machine themselves.

    Raises:
        ValueError: A template names a level that the topic does not have, or nothing names the asset.
    """

    def __init__(
        self, route: Route, names: tuple[str, ...], assets: Mapping[Name, Mapping[Name, Name]], *, names_asset: bool
    ) -> None:
        asset = route.asset or next((f"{{{name}}}" for name in ASSET_LEVELS if name in names), "")
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
        known = {*names, "asset", "measurement"}
        for key, template in {"asset": asset, "measurement": self._measurement, **tags}.items():
            for name in _PLACEHOLDER.findall(template):
                if name not in known:
                    raise ValueError(f"{key} = {template!r} names the level {{{name}}}, which the topic does not have")

    def series(self, place: Place, asset: str, measurement: str) -> Series:
        """Return the series of a message.

        Raises:
            ValueError: The asset or the measurement stays empty, or a name is too long (pydantic's error is one).
        """
        words = {**place.levels, "asset": place.levels.get("asset", asset), "measurement": measurement}
        name = _fill(self._asset, words)
        if not name:
            raise ValueError("the message names no asset, and neither does its route")
        kind = _fill(self._measurement, words)
        if not kind:
            raise ValueError("the message names no measurement, and neither does its route")
        tags = {key: _fill(template, words) for key, template in self._tags.items()}
        tags.update(self._assets.get(name, {}))
        return Series(asset=name, measurement=kind, tags={key: tag for key, tag in tags.items() if tag})


def _fill(template: str, words: Mapping[str, str]) -> str:
    text = clean(_PLACEHOLDER.sub(lambda found: words.get(found[1], ""), template))
    return text.strip() if not text.strip("/ ") else text
