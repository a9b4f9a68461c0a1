"""A host application between a broker and a database, and what must be stored of what edge nodes say to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from tests.edge_nodes.lines import Metric, Value
from tests.servers import wait_until
from tests.servers.brokers import Broker
from tests.servers.databases import Influxd
from tests.servers.edge_nodes import EdgeNode, metric
from tests.servers.gateway import Gateway

NODE, DEVICE = "n1", "press-7"
START_MS = time.time_ns() // 1_000_000 - 600_000
GOOD, BAD, STALE = 192, 0, 500

SCALARS: Mapping[str, tuple[Value, Value]] = {
    "Int8": (-3, -128),
    "Int16": (-300, 32767),
    "Int32": (-70_000, -(2**31)),
    "Int64": (-(2**63), 2**53 + 1),
    "UInt8": (255, 0),
    "UInt16": (65_535, 1),
    "UInt32": (2**32 - 1, 2**31),
    "UInt64": (2**64 - 1, 2**63 - 1),
    "Float": (1.23, -4.5e-20),
    "Double": (1.23, -1.7976931348623157e308),
    "Boolean": (True, False),
    "String": ('a=b, "c" \\', "Grüße"),
    "DateTime": (1_700_000_000_500, 0),
    "Text": ("two\nlines", ""),
    "UUID": ("123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"),
}
"""Two values of each type."""

Point: TypeAlias = tuple[str, str, int]
"""Asset, field, and time in ms."""


class Plant(NamedTuple):
    """A broker, a host application and its database."""

    broker: Broker
    influxd: Influxd
    gateway: Gateway

    def points(self) -> dict[Point, Value]:
        """Return everything stored."""
        tags = ("time", "asset", "group", "node", "machine")
        return {
            (str(row["asset"]), field, int(str(row["time"])) // 1_000_000): value
            for row in self.influxd.query("SELECT * FROM sparkplug", "plant")
            for field, value in row.items()
            if field not in tags and value is not None
        }

    def values(self) -> dict[Point, Value]:
        """Return what is stored beside quality."""
        return {point: value for point, value in self.points().items() if not point[1].endswith(("_q", "_status"))}

    def quality(self, asset: str) -> dict[str, Value]:
        """Return the quality of each value now."""
        marks = sorted((point[2], point[1], level) for point, level in self.points().items() if point[0] == asset)
        return {field.removesuffix("_q"): level for _, field, level in marks if field.endswith("_q")}

    def presence(self, measurement: str) -> dict[str, Value]:
        """Return by asset whether it is online now."""
        rows = self.influxd.query(f"SELECT last(online_bool) FROM {measurement} GROUP BY asset", "plant")
        return {str(row["asset"]): row["last"] for row in rows}

    def until_stored(self, node: EdgeNode, since: int = 0) -> None:
        """Wait until all that an edge node has said since is stored."""
        try:
            wait_until(lambda: expected(node, since).items() <= self.values().items(), "all is stored")
        except BaseException:
            print("missing:", expected(node, since).items() - self.values().items())  # noqa: T201
            print(self.gateway.status(), self.gateway.log.read_text()[-4000:])  # noqa: T201
            raise

    def until_quality(self, asset: str, names: Iterable[str], level: int) -> None:
        """Wait until these values have this quality now."""
        wanted = dict.fromkeys(names, level)
        wait_until(lambda: wanted.items() <= self.quality(asset).items(), f"{asset} has quality {level}")


def expected(node: EdgeNode, since: int = 0) -> dict[Point, Value]:
    """Return the points that must come of what an edge node has said since its first, or a later message."""
    said = [(message.device or NODE, one) for message in node.said[since:] for one in message.metrics]
    return {
        (asset, field, one["time"]): value
        for asset, one in said
        if not one["name"].startswith(("Node Control/", "CMD/Node Control/"))
        and one["name"] != "bdSeq"
        and one["value"] is not None
        for field, value in [field_of(one)]
    }


def field_of(one: Metric) -> tuple[str, Value]:
    """Return the field that a value is stored in, and what is stored."""
    name, value = one["name"].replace("/", "."), one["value"]
    match value:
        case bool():
            return f"{name}_bool", value
        case str():
            return f"{name}_text", value.replace("\n", "\N{SYMBOL FOR LINE FEED}")  # a record is one line
        case int() if abs(value) > 2**53:
            return (f"{name}_int", value) if -(2**63) <= value < 2**63 else (f"{name}_text", str(value))
        case _:
            return name, value


def scalars(which: int, at: int, first_alias: int = 1) -> list[Metric]:
    """Return a metric of each type with its first or second value."""
    return [
        metric(f"Of type/{name}", name, pair[which], at, alias=alias)
        for alias, (name, pair) in enumerate(SCALARS.items(), first_alias)
    ]


def names_of(metrics: Sequence[Metric]) -> list[str]:
    """Return the names under which metrics are stored."""
    return [one["name"].replace("/", ".") for one in metrics]


def born(node: EdgeNode, device: str = "") -> list[str]:
    """Return the names that the last birth told, as they are stored."""
    births = [message for message in node.said if message.kind.endswith("BIRTH") and message.device == device]
    return [
        name
        for name in names_of(births[-1].metrics)
        if not name.startswith(("Node Control.", "CMD.Node Control.", "bdSeq"))
    ]


def now_ms() -> int:
    """Return the time now in ms."""
    return time.time_ns() // 1_000_000
