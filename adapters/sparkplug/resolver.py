"""Finds what each metric of a message is: by births, by what proves that they explain it, or by itself."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sparkplug.codec import Metric, Payload
from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.evidence import Evidence
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.known import Known
from adapters.sparkplug.options import Role, SparkplugOptions
from adapters.sparkplug.rebirths import Rebirths
from gateway.models import Reject

_OVERTAKEN_NS = 60_000_000_000
"""How long after a birth there may come what was sent before it."""
_ANEW = "sent before the last birth, which gives this alias to another metric than the birth before it"
_PREFIXES = ("DATA/", "ATTR/", "CMD/")
"""What a wide-spread library (mqtt-spb-wrapper) puts before names in births, and leaves out in data."""


class Resolver:
    """Finds what metrics are.

    Args:
        options: As configured.
        interpreter: Learns what names itself.
        rebirths: Asks for births that may tell what is missing.
        evidence: Proves the aliases of what waited.
    """

    def __init__(
        self, options: SparkplugOptions, interpreter: Interpreter, rebirths: Rebirths, evidence: Evidence
    ) -> None:
        self._options, self._interpreter, self._rebirths, self._evidence = options, interpreter, rebirths, evidence
        self._holds_back = options.role is not Role.PASSIVE

    def prove(self, node: EdgeNode, station: Station, found: Sequence[tuple[Known, Metric]], received_ns: int) -> None:
        """See that what waited has the aliases of the birth that explains it.

        Raises:
            ValueError: It may have others.
        """
        doubt = self._evidence.doubt(node, station, received_ns)
        if doubt and not all(
            metric.name or self._evidence.proves(node, station, metric.alias, known, received_ns)
            for known, metric in found
        ):
            raise ValueError(f"{doubt}, and they may have been given anew since")
        if any(
            not metric.name and self._evidence.contradicts(node, station, metric.alias, known, received_ns)
            for known, metric in found
        ):
            raise ValueError("a birth that came since gives one of its aliases to another metric")

    def resolve(
        self, node: EdgeNode, station: Station, payload: Payload, now_ns: int
    ) -> tuple[list[tuple[Known, Metric]], list[Metric]]:
        """Find what is known of each metric; return those that nothing is known of, too."""
        found: list[tuple[Known, Metric]] = []
        missing: list[Metric] = []
        for metric in payload.metrics:
            known: Known | None
            if metric.name:
                known = station.by_name.get(metric.name.encode())
            elif metric.alias is not None:
                known = station.by_alias.get(metric.alias) or node.own.by_alias.get(metric.alias)
            else:
                known = None
            if known is None and metric.name:
                known = self._learn(node, station, metric, now_ns)
            if known is None:
                missing.append(metric)
            else:
                found.append((known, metric))
        return found, missing

    def without_overtaken(
        self,
        node: EdgeNode,
        station: Station,
        payload: Payload,
        found: list[tuple[Known, Metric]],
        now_ns: int,
        rejects: list[Reject],
    ) -> list[tuple[Known, Metric]]:
        """Return what a message that is dated before the last birth says by that birth; refuse what may be of another.

        The birth may have overtaken it, and given its aliases to other metrics. But its clock may as well have been set
        back, or tell something else than the time. So nothing is refused but aliases that both births tell, each
        otherwise, in a message dated between them that came soon after the last, of an edge node that never dated back.
        """
        sent_ms, since_ns = payload.timestamp or 0, now_ns - station.born_ns
        if node.dates_back or since_ns > _OVERTAKEN_NS or not station.before_ms <= sent_ms < station.born_ms:
            return found
        anew = {id(metric) for _, metric in self._evidence.given_anew(node, station, found)}
        rejects += [Reject(title(metric), _ANEW) for _, metric in found if id(metric) in anew]
        return [(known, metric) for known, metric in found if id(metric) not in anew]

    def _learn(self, node: EdgeNode, station: Station, metric: Metric, now_ns: int) -> Known | None:
        """Learn what a metric is from itself; ask for a birth that tells it, unless one tells it by its longer name."""
        longer = (station.by_name.get((prefix + metric.name).encode()) for prefix in _PREFIXES)
        born = next((known for known in longer if known is not None), None)
        if born is not None:
            return self._interpreter.learn(station, metric._replace(datatype=metric.datatype or born.datatype))
        known = self._interpreter.learn(station, metric)
        if known is not None:
            self._want_help(node, now_ns)
        return known

    def hopes(self, node: EdgeNode, now_ns: int) -> bool:
        """Whether a birth is asked for, and may yet tell what is missing."""
        if node.provisional:
            return True  # it is asked again and again anyway
        return self._holds_back and self._want_help(node, now_ns)

    def _want_help(self, node: EdgeNode, now_ns: int) -> bool:
        """Ask for a birth, unless births have not helped so often that another would not either."""
        if node.unhelped >= self._options.fruitless_rebirths:
            return False
        if node.unresolved_ns and node.own.born_ns > node.unresolved_ns:
            node.unhelped += 1  # there was a birth since, and it did not tell
        node.unresolved_ns = now_ns
        self._rebirths.want(node.key, node.asking, "a metric that no birth tells", now_ns)
        return True


def note_time(node: EdgeNode, station: Station, payload: Payload, now_ns: int) -> None:
    """Take note of an edge node that dates what it says, in sequence, before its birth long after that was received."""
    sent_ms = payload.timestamp or 0
    if 0 < sent_ms < station.born_ms and now_ns - station.born_ns > _OVERTAKEN_NS:
        node.dates_back, station.born_ms = True, sent_ms


def title(metric: Metric) -> str:
    """Return how to speak of a metric that may lack a name."""
    return metric.name or (f"alias {metric.alias}" if metric.alias is not None else "a metric without a name")
