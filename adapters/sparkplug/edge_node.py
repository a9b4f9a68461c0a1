"""What a host knows of an edge node and its devices: births, metrics, sequence, and since when it is silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.sparkplug.known import Known
from adapters.sparkplug.last_values import LastValues
from adapters.sparkplug.rebirths import Asking
from adapters.sparkplug.sequence import Sequence
from adapters.sparkplug.shapes import Shapes
from gateway.models import STALE, Hold, Observation, Release

Table = Mapping[int, Known]
"""Metrics by alias, as a birth told them."""

MILLISECOND_NS = 1_000_000
_LONGEST_AHEAD_NS = 300 * 1_000_000_000
"""Times further ahead of the host are not stored as they are."""


@dataclass(slots=True)
class Station:
    """An edge node's own metrics, or those of a device.

    Attributes:
        place: Its words: group, node, machine, device.
        by_alias: Metrics by alias, which holds until the next birth.
        by_name: Metrics by name, as bytes.
        last: What it said last, by the slot of the metric.
        shapes: How to read messages that hold the same metrics as others before.
        names_itself: Whether its data has names beside aliases.
        units: Units by the key of a value; None if it told none.
        is_simple: Whether no name of a metric says whose it is.
        case_twins: Names of its last birth that differ from another one only by case.
        born: Whether its birth is known and no death came since.
        born_ns: When that birth was received.
        born_ms: Its time, as the birth says.
        online: Whether it was told last that it is there.
        since_ns: When that began.
        stale: Whether it was told, since its birth, that its values are stale.
        refreshed: Whether values came since then.
        latest_ms: The latest time of any value.
        told_ns: The time at which it was told last whether it is there.
        ended_ns: When its own death was received last: what waits from before may have had other aliases.
        aliases: Those of its last birth, even if they hold no more.
        aliases_ns: When that was received.
        before: Those of the last birth before the one that explains what waited; see `Evidence`.
        before_ns: When that was received.
        before_ms: Its time, as it says.
        remembered: Those of the birth that is remembered across restarts.
        proofs: How many aliases are kept of births that hold no more.
        twins: Which aliases its last birth gave to two metrics, as a hash; 0 if none.
        twin_births: Births with the same of them, one after the other.
        forgotten: Whether it made room for another: what still points to it is to look it up anew.
    """

    place: Mapping[str, str]
    by_alias: dict[int, Known] = field(default_factory=dict)
    by_name: dict[bytes, Known] = field(default_factory=dict)
    last: LastValues = field(default_factory=LastValues)
    shapes: Shapes = field(default_factory=Shapes)
    names_itself: bool = False
    units: Mapping[str, str] | None = None
    is_simple: bool = True
    case_twins: int = 0
    born: bool = False
    born_ns: int = 0
    born_ms: int = 0
    awaited_ns: int = 0
    """When the birth of its edge node came, while its own has not come yet; else 0."""
    online: bool = False
    since_ns: int = 0
    stale: bool = False
    refreshed: bool = False
    births: int = 0
    deaths: int = 0
    last_seen_ns: int = 0
    latest_ms: int = 0
    told_ns: int = 0
    ended_ns: int = 0
    aliases: Table = field(default_factory=dict)
    aliases_ns: int = 0
    before: Table = field(default_factory=dict)
    before_ns: int = 0
    before_ms: int = 0
    remembered: Table = field(default_factory=dict)
    proofs: int = 0
    twins: int = 0
    twin_births: int = 0
    forgotten: bool = False

    def fall_silent(self, time_ns: int) -> Iterator[Observation]:
        """Yield that its values are stale since this time, or just after its latest value if that is later."""
        if (self.stale and not self.refreshed) or not self.by_name:
            return
        self.stale, self.refreshed = True, False
        time = self.moment(time_ns)
        places: dict[int, tuple[Mapping[str, str], dict[str, None]]] = {}
        for known in self.by_name.values():
            if known.is_stored:
                place = known.place if known.place is not None else self.place
                names = places.setdefault(id(place), (place, {}))[1]
                names[known.key] = None
                if known.members is not None:
                    names.pop(known.key)
                    names.update((f"{known.key}/{path}", None) for path in known.members)
        for place, names in places.values():
            if names:
                yield Observation(names, time, quality=STALE, place=place)

    def moment(self, time_ns: int) -> str:
        """Return a time of the host's clock for what follows all that was told: never before it, in words all read."""
        return iso(self._behind(time_ns))

    def turn(self, time_ns: int) -> str:
        """Return the same for whether it is there, later each time: at one time one word would replace the other."""
        time_ns = self._behind(time_ns)
        if 0 <= self.told_ns - time_ns < _LONGEST_AHEAD_NS:
            time_ns = self.told_ns + 1
        self.told_ns = time_ns
        return iso(time_ns)

    def _behind(self, time_ns: int) -> int:
        if 0 < self.latest_ms * MILLISECOND_NS - time_ns < _LONGEST_AHEAD_NS:
            return self.latest_ms * MILLISECOND_NS + MILLISECOND_NS
        return time_ns


@dataclass(slots=True)
class EdgeNode:
    """An edge node with its devices.

    Attributes:
        group: Group id.
        name: Edge node id.
        own: Its own metrics.
        devices: By name.
        bdseq: Of the last birth; None if it told none.
        unverified: Whether messages may have been missed since the last one: the connection was lost.
        provisional: Whether what names itself is taken without a birth, because no request brings one.
        ended_ns: When the last death was received: what waits from before comes from a session that is over.
        asking: What was asked of it.
        unhelped: Births that did not tell what they should have told.
        unresolved_ns: When a metric was last met that no birth tells.
        waiting: How many messages wait, by key.
        probe_ns: When it counts as dead unless it is heard of before; 0 for never.
    """

    group: str
    name: str
    own: Station
    devices: dict[str, Station] = field(default_factory=dict)
    sequence: Sequence = field(default_factory=Sequence)
    bdseq: int | None = None
    bdseqs: tuple[int, ...] = ()
    unverified: bool = False
    lost_ns: int = 0
    provisional: bool = False
    ended_ns: int = 0
    asking: Asking = field(default_factory=Asking)
    unhelped: int = 0
    unresolved_ns: int = 0
    probe_ns: int = 0
    last_seen_ns: int = 0
    latency_ms: float | None = None
    latency_max_ms: float = 0.0
    waiting: dict[str, int] = field(default_factory=dict)
    duplicate_sessions: bool = False
    dates_back: bool = False
    forgotten: bool = False

    @property
    def key(self) -> str:
        """Group and node; messages that wait for its birth are held under it."""
        return f"{self.group}/{self.name}"

    @property
    def order_key(self) -> str:
        """What messages are held under that wait for one before them. No id holds a `#`."""
        return f"{self.group}/{self.name}#"

    def device_key(self, device: str) -> str:
        """Return what messages are held under that wait for the birth of a device."""
        return f"{self.group}/{self.name}/{device}"

    def stations(self) -> Iterator[Station]:
        """Yield its own metrics and those of each device."""
        yield self.own
        yield from self.devices.values()

    def hold(self, key: str) -> Hold:
        """Let a message wait until this key is known."""
        self.waiting[key] = self.waiting.get(key, 0) + 1
        return Hold(key)

    def release(self, key: str) -> Release:
        """Let all messages go on that wait for this key."""
        self.waiting.pop(key, None)
        return Release(key)

    @property
    def held(self) -> int:
        """How many messages wait, of those that were held since the start."""
        return sum(self.waiting.values())

    @property
    def metrics(self) -> int:
        """How many metrics are known of it."""
        return sum(len(station.by_name) for station in self.stations())


def iso(time_ns: int) -> str:
    """Return a time as text, which is read alike whatever unit the route gives to numbers."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
