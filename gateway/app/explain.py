"""Shows step by step what becomes of one message, to the line protocol, or why nothing does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.app.assembly import Assembly
from gateway.catalogue import Catalogue
from gateway.errors import GatewayError
from gateway.interfaces import Adapter
from gateway.lanes import Path
from gateway.models import Decoded, Message, Observation, Quality
from gateway.spool import Group, Redelivery
from gateway.status import JSON
from gateway.translator import Translator
from gateway.waiting import Waiting


@dataclass
class Explanation:
    """What becomes of a message.

    Attributes:
        source: The source it would come from.
        route: Number and topic of the route that takes it; empty if none does.
        levels: What the named levels of its topic are.
        nearest: The route that almost took it, and why it did not.
        observations: What the adapter says of it.
        records: The line protocol it becomes.
        fate: stored, quarantined, held or ignored.
        reasons: Why, for all that is not stored as it came.
    """

    source: str
    route: str = ""
    levels: dict[str, str] = field(default_factory=dict)
    nearest: str = ""
    observations: list[dict[str, JSON]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    fate: str = ""
    reasons: list[str] = field(default_factory=list)


def explain(
    assembly: Assembly,
    topic: str,
    payload: bytes,
    *,
    source: str = "",
    user_properties: tuple[tuple[str, str], ...] = (),
) -> Explanation:
    """Return what becomes of a message that would arrive now.

    Args:
        assembly: The configuration.
        topic: Its topic.
        payload: Its bytes.
        source: The source it comes from; by default the first that has a route for it.
        user_properties: Its MQTT 5 user properties.

    Raises:
        GatewayError: There is no such source.
    """
    if source and source not in assembly.routers:
        raise GatewayError(f"there is no source {source!r}; there are {', '.join(assembly.routers)}")
    names = [source] if source else list(assembly.routers)
    name = next((name for name in names if assembly.routers[name].match(topic) is not None), names[0])
    result = Explanation(name)
    router = assembly.routers[name]
    match = router.match(topic)
    if match is None:
        result.fate = "ignored"
        result.reasons.append("no route takes this topic")
        if miss := router.nearest_miss(topic):
            route = assembly.settings.routes[miss[0]]
            result.nearest = f"route {miss[0] + 1} `{route.topic}` comes nearest: {miss[1]}"
        return result
    result.route = f"{match.route + 1} `{assembly.settings.routes[match.route].topic}`"
    result.levels = dict(assembly.paths[name][match.route].words(topic, match.levels))
    message = Message(topic, payload, time.time_ns(), user_properties=user_properties)
    path = assembly.paths[name][match.route]
    overheard = _Overheard(path.adapter)
    _translate(assembly, name, {match.route: replace(path, adapter=overheard)}, message, result)
    result.observations = [_show(thing) for thing in overheard.said if isinstance(thing, Observation)]
    return result


class _Overheard:
    """An adapter that keeps what another says: to ask that one twice would be another question."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.said: list[Decoded] = []

    @property
    def names_asset(self) -> bool:
        return self._adapter.names_asset

    def decode(self, message: Message) -> Sequence[Decoded]:
        said = tuple(self._adapter.decode(message))
        self.said += said
        return said

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        return self._adapter.advance(now_ns)


def _show(observation: Observation) -> dict[str, JSON]:
    quality = observation.quality
    shown: dict[str, JSON] = {
        "values": dict(observation.values),
        "time": observation.time,
        "times": dict(observation.times) if observation.times else None,
        "units": dict(observation.units) if observation.units else None,
        "quality": quality.level if isinstance(quality, Quality) else {name: q.level for name, q in quality.items()},
        "asset": observation.asset,
        "measurement": observation.measurement,
    }
    return {key: value for key, value in shown.items() if value not in (None, "")}


def _translate(
    assembly: Assembly, source: str, paths: Mapping[int, Path], message: Message, result: Explanation
) -> None:
    translator = Translator(
        source,
        assembly.routers[source],
        paths,
        assembly.encoder,
        Redelivery(),
        Waiting(assembly.settings.spool.max_held),
        Catalogue({}),
        assembly.status,
    )
    group = Group(source)
    translator.translate([message], group)
    result.records = [*group.lines, *group.further]
    result.reasons += [letter.detail or letter.reason for letter in group.dead_letters]
    result.reasons += [f"corrected: {reason}" for reason in assembly.status.corrected]
    counts = assembly.status.messages
    if counts.quarantined:
        result.fate = "quarantined"
    elif counts.ignored:
        result.fate = "ignored"
        result.reasons += list(assembly.status.ignored)
    else:
        result.fate = "held" if group.held else "stored"
        result.reasons += [f"it cannot be understood until {key} is known" for key, _ in group.held]
