"""Births and deaths of edge nodes and devices, and what they mean for their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from adapters.sparkplug.codec import Metric, Payload
from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.evidence import Evidence
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.options import SparkplugOptions
from adapters.sparkplug.past import Past
from adapters.sparkplug.rebirths import Rebirths
from adapters.sparkplug.told import Told
from gateway.models import GOOD, STALE, Decoded, Message, Observation, Quality, Reject, Remember, Value

NODE, DEVICE = "sparkplug_node", "sparkplug_device"
"""The measurements that tell whether edge nodes and devices are online."""
DEVICE_DATA = "data of a device before its birth"
"""Why a birth is wanted that the device may yet tell by itself."""
TWINS = "two metrics with one alias"
"""Why a birth is wanted that may come out the same: most who number like that always do."""
_BDSEQ = "bdSeq"
_HALF = 128
_MILLISECOND_NS = 1_000_000
_PROBE_NS = 10_000_000_000
"""How long after a doubtful death an edge node may be silent before it counts as dead."""
_LONGEST_DELAY_NS = 86_400 * 1_000_000_000
_SOON_NS = 1_000_000_000
"""Births of one edge node that are split in several follow one another within this time."""


class Lifecycle:
    """Takes births and deaths.

    Args:
        options: As configured.
        interpreter: Says what metrics mean.
        rebirths: Asks for births.
    """

    def __init__(self, options: SparkplugOptions, interpreter: Interpreter, rebirths: Rebirths) -> None:
        self._options, self._interpreter, self._rebirths = options, interpreter, rebirths
        self.evidence = Evidence(options.max_metrics)
        """What proves the meaning of aliases that waited for a birth."""
        self.past = Past(options, self.evidence)
        """Who was online in an earlier run, and what the next one is to know."""
        self.elsewhere: Callable[[str, int], bool] = lambda _descriptor, _since_ns: False
        """Whether an edge node is online at another broker, since later than this."""

    def node_birth(self, node: EdgeNode, payload: Payload, message: Message) -> Iterator[Decoded]:
        """Take an NBIRTH: the edge node begins anew, with or without a new session."""
        now_ns, own = message.received_ns, node.own
        bdseq = _bdseq(payload)
        more = (
            own.born
            and now_ns - own.born_ns < _SOON_NS
            and bool(payload.seq)
            and payload.seq == node.sequence.expected
            and bdseq in (None, node.bdseq)
            and not any(metric.name.encode() in own.by_name for metric in payload.metrics if not _is_always(metric))
        )
        own.last_seen_ns = now_ns
        told = Told()
        rejects = self._interpreter.birth(own, payload, told, more=more)
        told.units = own.units
        node.sequence.begin(payload.seq)
        remember: Sequence[Remember] = ()
        if not more:
            self._begin_session(node, bdseq)
            remember = tuple(self.past.born(own, node.key, message))
        else:
            own.aliases = own.by_alias
        own.births += 1
        node.provisional, node.probe_ns = False, 0
        node.unverified, node.lost_ns = message.retained, 0
        self._born(own, payload, now_ns)
        for device in node.devices.values():
            if device.born or device.online:
                device.born, device.awaited_ns = False, now_ns
        self._rebirths.born(node.key, node.asking)
        if message.retained:
            self._rebirths.want(node.key, node.asking, "a retained birth", now_ns)
        else:
            self._look_for_twins(node, own, rejects, now_ns)
        values: dict[str, Value | None] = {"online": True}
        if bdseq is not None:
            values[_BDSEQ] = bdseq
        if not message.retained:
            yield self._presence(own, NODE, values, now_ns)
            own.stale = False
        yield from told.observations()
        yield from rejects
        yield from remember
        yield node.release(node.key)
        yield node.release(node.order_key)

    def device_birth(
        self, node: EdgeNode, name: str, device: Station, payload: Payload, message: Message
    ) -> Iterator[Decoded]:
        """Take a DBIRTH."""
        now_ns = device.last_seen_ns = message.received_ns
        told = Told()
        rejects = self._interpreter.birth(device, payload, told, more=False)
        told.units = device.units
        remember = tuple(self.past.born(device, node.device_key(name), message))
        device.births += 1
        device.awaited_ns = 0
        self._born(device, payload, now_ns)
        self._rebirths.settle(node.key, node.asking, DEVICE_DATA)
        self._look_for_twins(node, device, rejects, now_ns)
        if not message.retained:
            yield self._presence(device, DEVICE, {"online": True}, now_ns)
            device.stale = False
        yield from told.observations()
        yield from rejects
        yield from remember
        yield node.release(node.device_key(name))

    def node_death(self, node: EdgeNode, payload: Payload, now_ns: int) -> Iterator[Decoded]:
        """Take an NDEATH, if it is of the present session.

        Its own time is worthless: the Will was written when the edge node connected. So everything ends when this was
        received (operational-behavior-edge-node-termination-host-action-ndeath-node-offline).
        """
        if now_ns < node.own.born_ns:
            return  # it waited, and a birth came since
        if not node.own.online and node.own.deaths and not node.provisional:
            node.ended_ns = now_ns  # its Will, behind the death that it told itself, or of a session without a birth
            self._rebirths.died(node.key, node.asking)
            return
        if node.sequence.ahead:
            # What waits for a missing message was said before this, and so was what is missing: it will not come.
            # This goes behind what waits: since it is released at once, there is always room for it.
            node.sequence.give_up(now_ns)
            yield node.hold(node.order_key)
            yield node.release(node.order_key)
            return
        if not self._counts(node, _bdseq(payload)):
            node.probe_ns = now_ns + _PROBE_NS
            self._rebirths.want(node.key, node.asking, "the death of another session", now_ns)
            return
        yield from self.end(node, now_ns)

    def end(self, node: EdgeNode, now_ns: int) -> Iterator[Decoded]:
        """Say that an edge node and its devices are gone, and that their values are stale.

        Unless it went to another broker: then it is there.
        """
        moved = self.elsewhere(node.key, node.own.born_ns)
        node.ended_ns, node.probe_ns, node.provisional = now_ns, 0, False
        node.own.deaths += 1
        gone: list[Decoded] = list(self._gone(node.own, NODE, now_ns))
        for device in node.devices.values():
            device.awaited_ns = 0
            if device.online or device.born:
                gone += self._gone(device, DEVICE, now_ns)
        yield from (thing for thing in gone if not moved or isinstance(thing, Remember))
        node.sequence.begin(None)
        self._rebirths.died(node.key, node.asking)

    def device_death(self, device: Station, payload: Payload, now_ns: int) -> Iterator[Decoded]:
        """Take a DDEATH: the device is gone since the time that the message tells."""
        device.deaths += 1
        device.ended_ns = max(device.ended_ns, now_ns)
        time_ns = (payload.timestamp or 0) * _MILLISECOND_NS
        if not 0 < now_ns - time_ns < _LONGEST_DELAY_NS:
            time_ns = now_ns
        yield from self._gone(device, DEVICE, time_ns)

    def missing(self, device: Station, since_ns: int) -> Iterator[Decoded]:
        """Say that a device is gone whose edge node was born again without it."""
        yield from self._gone(device, DEVICE, since_ns)

    def lose(self, node: EdgeNode, now_ns: int) -> Iterator[Decoded]:
        """Say that nothing is known of an edge node any more, because the connection to the broker is lost."""
        if self.elsewhere(node.key, node.own.born_ns):
            return
        for station in node.stations():
            if station.online:
                measurement = NODE if station is node.own else DEVICE
                yield self._presence(station, measurement, {"online": None}, now_ns, STALE)
            yield from station.fall_silent(now_ns)
            yield from self.past.fall_silent(station, now_ns)

    def still_there(self, node: EdgeNode, now_ns: int) -> Iterator[Decoded]:
        """Say who is online after all: the connection is back, and no message was missed."""
        for station in node.stations():
            if station.online:
                measurement = NODE if station is node.own else DEVICE
                yield self._presence(station, measurement, {"online": True}, now_ns)

    def _gone(self, station: Station, measurement: str, time_ns: int) -> Iterator[Decoded]:
        station.born = station.online = False
        station.since_ns = time_ns
        yield self._presence(station, measurement, {"online": False}, time_ns)
        yield from station.fall_silent(time_ns)
        yield from self.past.fall_silent(station, time_ns)
        yield from self.past.gone(station, time_ns)

    def _born(self, station: Station, payload: Payload, now_ns: int) -> None:
        if not station.online:
            station.since_ns = now_ns
        station.case_twins = len(station.by_name) - len(set(map(bytes.lower, station.by_name)))  # 2 ms for 20,000
        station.born = station.online = True
        station.born_ns, station.last_seen_ns = now_ns, now_ns
        station.born_ms = payload.timestamp or 0

    def _look_for_twins(self, node: EdgeNode, station: Station, rejects: Sequence[Reject], now_ns: int) -> None:
        """Ask for another birth than one that gives an alias to two metrics, unless it is always the same."""
        names = [reject.name for reject in rejects if reject.name.startswith("alias ")] if rejects else []
        twins = hash(frozenset(names)) if names else 0
        is_same = twins == station.twins and station.before is station.aliases
        station.twins, station.twin_births = twins, station.twin_births + 1 if is_same else 1
        if names and station.twin_births <= self._options.fruitless_rebirths:
            self._rebirths.want(node.key, node.asking, TWINS, now_ns)

    def _begin_session(self, node: EdgeNode, bdseq: int | None) -> None:
        """Take note of which session this is, and of two that take turns: two edge nodes with one name."""
        if bdseq is not None and bdseq != node.bdseq:
            node.unhelped = 0
            node.duplicate_sessions = node.duplicate_sessions or (node.own.online and bdseq in node.bdseqs)
            node.bdseqs = (*node.bdseqs[-3:], bdseq)
        node.bdseq = bdseq

    def _counts(self, node: EdgeNode, bdseq: int | None) -> bool:
        """Whether a death of this bdSeq ends the session that is known.

        One that is ahead of the birth cannot be of an earlier session; many libraries count like that.
        """
        if node.bdseq is None or (bdseq is None and not self._options.strict_bdseq):
            return True
        if bdseq is None:
            return False
        ahead = (bdseq - node.bdseq) & 0xFF
        return ahead == 0 or (ahead < _HALF and not self._options.strict_bdseq)

    def _presence(
        self,
        station: Station,
        measurement: str,
        values: Mapping[str, Value | None],
        time_ns: int,
        quality: Quality = GOOD,
    ) -> Observation:
        place, time = station.place, station.turn(time_ns)
        return Observation(values, time, quality=quality, measurement=measurement, place=place)


def _bdseq(payload: Payload) -> int | None:
    """Return the number of the session that a birth or death names."""
    for metric in payload.metrics:
        if metric.name == _BDSEQ:
            return _number(metric)
    return None


def _is_always(metric: Metric) -> bool:
    """Whether each part of a birth that is split in several has this metric."""
    return metric.name == _BDSEQ or metric.name.startswith("Node Control/")


def _number(metric: Metric) -> int | None:
    value = metric.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None
