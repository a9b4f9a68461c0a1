"""What is known of the edge nodes of a host, for people and their tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import JsonValue

from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.nodes import Nodes
from adapters.sparkplug.options import SparkplugOptions


def describe(options: SparkplugOptions, nodes: Nodes, *, online: bool, now_ns: int) -> Mapping[str, JsonValue]:
    """Return the host and its edge nodes as JSON."""
    return {**_host(options, nodes, online=online), "now_ns": now_ns, "nodes": [_node(node) for node in nodes]}


def sum_up(options: SparkplugOptions, nodes: Nodes, *, online: bool) -> Mapping[str, JsonValue]:
    """Return the host and numbers of its edge nodes as JSON: 5 ms for ten thousand of them."""
    states = Counter(map(_state, nodes))
    return {
        **_host(options, nodes, online=online),
        "nodes": {state: states[state] for state in ("online", "offline", "stale", "unknown")},
        "rebirths_asked": sum(node.asking.asked for node in nodes),
        "held": sum(node.held for node in nodes),
    }


def _host(options: SparkplugOptions, nodes: Nodes, *, online: bool) -> dict[str, JsonValue]:
    return {
        "host_id": options.host_id,
        "role": str(options.role),
        "online": online,
        "nodes_forgotten": nodes.nodes_forgotten,
        "devices_forgotten": nodes.devices_forgotten,
    }


def _node(node: EdgeNode) -> dict[str, JsonValue]:
    own, asking = node.own, node.asking
    return {
        "group": node.group,
        "node": node.name,
        "online": own.online,
        "state": _state(node),
        "since_ns": own.since_ns,
        "bdseq": node.bdseq,
        "seq": (node.sequence.expected - 1) & 0xFF if own.born else None,
        "births": own.births,
        "deaths": own.deaths,
        "rebirths_asked": asking.asked,
        "last_rebirth_reason": asking.last_reason or asking.reason,
        "rebirth_reasons": dict(asking.reasons),
        "rebirths_answered": asking.answered,
        "gaps": node.sequence.gaps,
        "last_seen_ns": node.last_seen_ns,
        "latency_ms": None if node.latency_ms is None else round(node.latency_ms, 1),
        "latency_max_ms": None if node.latency_ms is None else round(node.latency_max_ms, 1),
        "metrics": node.metrics,
        "case_twins": sum(station.case_twins for station in node.stations()),
        "held": node.held,
        "duplicate_sessions": node.duplicate_sessions,
        "devices": [_device(name, device) for name, device in node.devices.items()],
    }


def _state(node: EdgeNode) -> str:
    if node.unverified:
        return "stale"
    if node.own.born:
        return "online"
    return "offline" if node.own.deaths and not node.held else "unknown"


def _device(name: str, device: Station) -> dict[str, JsonValue]:
    return {
        "device": name,
        "online": device.online,
        "since_ns": device.since_ns,
        "births": device.births,
        "deaths": device.deaths,
        "metrics": len(device.by_name),
        "last_seen_ns": device.last_seen_ns,
    }
