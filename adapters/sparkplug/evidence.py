"""What proves that an alias still means what it meant: births from before, some of them remembered across restarts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.sparkplug.codec import COMPRESSED, Metric, Payload, Template
from adapters.sparkplug.edge_node import EdgeNode, Station, Table
from adapters.sparkplug.known import Known, make_known
from gateway.models import Message, Remember

LARGEST = 2**20
"""Bytes of a birth that is remembered."""
_MOST_BYTES = 64 * 2**20
"""Bytes of all births that are remembered."""


class Evidence:
    """Keeps what births told of aliases before the births that are known now.

    A message that waited and has only aliases is understood by a birth that came after it. Where the session it is of
    may have ended meanwhile, that birth may have given the aliases to other metrics: unless the last birth before the
    message gave them to the same.

    Attributes:
        began_ns: When the present connection was asked for; all that comes over it is received later.

    Args:
        max_metrics: How many metrics are kept of births that hold no more, or not yet; others prove nothing.
    """

    def __init__(self, max_metrics: int) -> None:
        self._max_metrics, self._metrics = max_metrics, 0
        self.began_ns = 0
        self._recalled: dict[str, tuple[Table, int]] = {}
        self._sizes: dict[str, int] = {}
        self._size = 0

    def recall(self, key: str, message: Message, payload: Payload) -> None:
        """Learn from a birth that was remembered what its aliases meant."""
        self._count(key, len(message.payload))
        table = _table_of(payload)
        if self._metrics + len(table) <= self._max_metrics:
            self._metrics += len(table)
            self._recalled[key] = (table, message.received_ns)

    def born(self, station: Station, key: str, message: Message) -> Iterator[Remember]:
        """Take note of a birth whose metrics are known by now; have it remembered if its aliases are others.

        Args:
            station: Whose birth.
            key: Under which it is remembered.
            message: The birth.
        """
        recalled = self._recalled.pop(key, None)
        if recalled is not None:
            station.aliases, station.aliases_ns = recalled
            station.remembered = station.aliases
            self._metrics -= len(station.aliases)
        station.before, station.before_ns, station.before_ms = station.aliases, station.aliases_ns, station.born_ms
        if message.retained:
            return  # nobody knows when it was said
        station.aliases, station.aliases_ns = station.by_alias, message.received_ns
        if _are_same(station.before, station.aliases):
            station.before = station.aliases  # one table in memory instead of two
        if _are_same(station.remembered, station.aliases):
            station.remembered = station.aliases
        elif self._has_room(key, message):
            station.remembered = station.aliases
            self._count(key, len(message.payload))
            yield Remember(key)
        self._bound(station)

    def forget(self, station: Station) -> None:
        """Forget what is kept of the births of a station."""
        self._metrics -= station.proofs
        station.aliases, station.before, station.remembered, station.proofs = {}, {}, {}, 0

    def keeps(self, key: str, message: Message) -> bool:
        """Whether there is room to remember a birth for another reason than its aliases; if so, it is remembered."""
        has_room = self._has_room(key, message)
        if has_room:
            self._count(key, len(message.payload))
        return has_room

    def is_from_before(self, message: Message) -> bool:
        """Whether a message came over a connection before the present one."""
        return message.received_ns < self.began_ns

    def doubt(self, node: EdgeNode, station: Station, received_ns: int) -> str:
        """Return why a message that waited may be of another session than the birth that explains it; empty if not."""
        if received_ns < max(node.ended_ns, station.ended_ns):
            return "the session it comes from ended before a birth told its aliases"
        if received_ns < self.began_ns:
            return "the connection it came by ended before a birth told its aliases"
        return ""

    def proves(self, node: EdgeNode, station: Station, alias: int | None, known: Known, received_ns: int) -> bool:
        """Whether the last birth before a message gave an alias to the same metric as the one that is known now."""
        if alias is None:
            return False
        owner = station
        if alias not in station.by_alias:
            owner = node.own  # whose aliases its devices may use
            if alias in station.before:
                return False
        before = owner.before.get(alias)
        return before is not None and owner.before_ns <= received_ns and _is_same(before, known)

    def contradicts(self, node: EdgeNode, station: Station, alias: int | None, known: Known, received_ns: int) -> bool:
        """Whether the birth that held when a message came gave an alias to another metric than is known now."""
        if alias is None or not self.began_ns <= station.before_ns <= received_ns:
            return False
        if station.before_ns < max(node.ended_ns, station.ended_ns) <= received_ns:
            return False  # it did not hold any more
        before = station.before.get(alias)
        return before is not None and not _is_same(before, known)

    def given_anew(
        self, node: EdgeNode, station: Station, found: Sequence[tuple[Known, Metric]]
    ) -> Sequence[tuple[Known, Metric]]:
        """Return what is known of metrics whose aliases the birth before the last one gave to others.

        None if the message must be of the last birth, because that one gave no meaning to one of its aliases. What is
        marked as history was kept by the edge node, and is told in the words of the session that tells it.
        """
        changed: list[tuple[Known, Metric]] = []
        for known, metric in found:
            if metric.name or metric.alias is None or metric.is_historical:
                continue
            owner = station if metric.alias in station.by_alias else node.own
            before = owner.before.get(metric.alias)
            if before is None:
                return ()
            if not _is_same(before, known):
                changed.append((known, metric))
        return changed

    def _bound(self, station: Station) -> None:
        """Count what is kept beside the aliases that hold; forget it if that is too much."""
        tables = {id(table): len(table) for table in (station.before, station.remembered)}
        tables.pop(id(station.aliases), None)
        self._metrics -= station.proofs
        station.proofs = sum(tables.values())
        if self._metrics + station.proofs > self._max_metrics:
            station.before, station.remembered, station.proofs = {}, {}, 0
        self._metrics += station.proofs

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set ahead by this, or back."""
        self.began_ns += step_ns

    def _has_room(self, key: str, message: Message) -> bool:
        size = len(message.payload)
        fits = size <= LARGEST and self._size - self._sizes.get(key, 0) + size <= _MOST_BYTES
        return fits and COMPRESSED.encode() not in message.payload

    def _count(self, key: str, size: int) -> None:
        self._size += size - self._sizes.get(key, 0)
        self._sizes[key] = size


def _table_of(payload: Payload) -> Table:
    """Return what the aliases of a birth mean; one that two metrics have means nothing."""
    table: dict[int, Known] = {}
    ambiguous: set[int] = set()
    for metric in payload.metrics:
        if metric.alias is None or metric.fault or not metric.name:
            continue
        if isinstance(metric.value, Template) and metric.value.is_definition:
            continue
        known = make_known(metric, metric.name, None)
        if table.setdefault(metric.alias, known).name != known.name:
            ambiguous.add(metric.alias)
    return {alias: known for alias, known in table.items() if alias not in ambiguous}


def _are_same(one: Table, other: Table) -> bool:
    """Whether two tables give the same aliases to the same metrics: soon seen where a birth repeats the one before."""
    return one == other or (
        one.keys() == other.keys() and all(_is_same(known, other[alias]) for alias, known in one.items())
    )


def _is_same(one: Known, other: Known) -> bool:
    return one is other or (one.name == other.name and one.datatype == other.datatype)
