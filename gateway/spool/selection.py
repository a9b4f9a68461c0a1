"""Which dead letters are meant: the filters that all commands share, as SQL and as JSON."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import TypeAlias

from gateway.spool.dead_letters import Kind

Parameter: TypeAlias = str | int


@dataclass(frozen=True)
class Selection:
    """Letters that fit everything that is given.

    Attributes:
        kind: Of this kind.
        reason: With a reason that contains this text, in capitals or not.
        topic: With a topic that fits this MQTT topic filter, if it has a `+` or `#`; else, that contains this text.
        source: From this source.
        sink: Rejected by this sink.
        since_ns: Received at this time or later.
        until_ns: Received before this time; 0 for any time.
        numbers: With one of these numbers; with any if there are none.
        limit: No more than so many; 0 for all.
    """

    kind: Kind | None = None
    reason: str = ""
    topic: str = ""
    source: str = ""
    sink: str = ""
    since_ns: int = 0
    until_ns: int = 0
    numbers: tuple[int, ...] = ()
    limit: int = 0

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered out."""
        return self == Selection(limit=self.limit)

    def of_letters(self) -> tuple[str, list[Parameter]]:
        """Return a condition on `dead_letters`, and its parameters."""
        conditions, parameters = self._common()
        for condition, time_ns in (("received_ns >= ?", self.since_ns), ("received_ns < ?", self.until_ns)):
            if time_ns:
                conditions.append(condition)
                parameters.append(time_ns)
        if self.numbers:
            conditions.append(f"id IN ({', '.join(str(int(number)) for number in self.numbers)})")
        return " AND ".join(conditions) or "1", parameters

    def of_counts(self) -> tuple[str, list[Parameter]]:
        """Return a condition on `dead_letter_counts`, and its parameters; of times it knows only the latest."""
        conditions, parameters = self._common()
        if self.since_ns:
            conditions.append("last_ns >= ?")
            parameters.append(self.since_ns)
        return " AND ".join(conditions) or "1", parameters

    def _common(self) -> tuple[list[str], list[Parameter]]:
        conditions: list[str] = []
        parameters: list[Parameter] = []
        by_topic = "topic_fits(?, topic)" if "+" in self.topic or "#" in self.topic else "instr(topic, ?)"
        for condition, value in (
            ("kind = ?", "" if self.kind is None else self.kind.value),
            ("instr(lower(reason), lower(?))", self.reason),
            (by_topic, self.topic),
            ("source = ?", self.source),
            ("sink = ?", self.sink),
        ):
            if value:
                conditions.append(condition)
                parameters.append(value)
        return conditions, parameters

    def to_json(self) -> str:
        """Return it as JSON, for the spool's file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Selection:
        """Return what `to_json` wrote."""
        fields = json.loads(text)
        kind = None if fields["kind"] is None else Kind(fields["kind"])
        return cls(**{**fields, "kind": kind, "numbers": tuple(fields["numbers"])})


def topic_fits(topic_filter: str, topic: str) -> bool:
    """Whether a topic fits an MQTT topic filter (MQTT 5.0, 4.7); wildcards fit topics that begin with `$` too."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":  # "a/#" also takes "a" (MQTT 5.0, 4.7.1.2)
            return True
        if number >= len(levels) or level not in ("+", levels[number]):
            return False
    return len(wanted) == len(levels)


def teach(connection: sqlite3.Connection) -> None:
    """Let a connection know what the conditions of a selection need."""
    connection.create_function("topic_fits", 2, topic_fits, deterministic=True)
