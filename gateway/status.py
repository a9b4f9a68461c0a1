"""What the gateway knows about itself: plain counters that any part increments and `gateway status` shows.

One event loop writes, so there are no locks; threads hand their numbers over through the loop. Whatever is discarded
or set aside is counted here by reason, at the place where it happens.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

MAX_KEYS = 1000
"""Distinct topics or reasons kept per counter: a hostile device must not fill the memory with names."""

OTHERS = "(others)"

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"


class BoundedCounter(dict[str, int]):
    """A counter by name that keeps the first 1000 names and counts all later ones as `(others)`."""

    def count(self, name: str, number: int = 1) -> None:
        """Add `number` to `name`."""
        key = name if name in self or len(self) < MAX_KEYS else OTHERS
        self[key] = self.get(key, 0) + number


@dataclass
class SourceStatus:
    """One source: its connection, and what came over it."""

    url: str = ""
    state: str = "starting"
    """starting, connecting, connected, waiting (for the next attempt), paused (back-pressure), stopped"""
    reason: str = ""
    """Why it is not connected, in words."""
    protocol: str = ""
    since_ns: int = 0
    """When it entered `state`."""
    connects: int = 0
    gaps: int = 0
    """Times the broker had forgotten the session: what it queued in between is lost."""
    takeovers: int = 0
    """Times another client with the same id took the connection."""
    granted_qos: dict[str, int] = field(default_factory=dict)
    """By topic filter; 128 and above: refused."""
    received: int = 0
    received_bytes: int = 0
    acknowledged: int = 0
    redelivered: int = 0
    """Messages that the broker sent again and that were already committed."""
    copies: int = 0
    """Further copies of messages that more than one topic filter matched: acknowledged, not taken again."""
    oversized: int = 0
    last_message_ns: int = 0
    commands_sent: int = 0
    commands_dropped: int = 0


@dataclass
class SinkStatus:
    """One sink: whether it takes what it is given, and how far it is behind."""

    state: str = "starting"
    """starting, ready, retrying (it cannot be reached), held (an operator must act), stopped"""
    reason: str = ""
    since_ns: int = 0
    batches: int = 0
    points: int = 0
    rejected: int = 0
    retries: int = 0
    waiting_messages: int = 0
    """What it lacks of what is in the spool."""
    waiting_points: int = 0
    waiting_bytes: int = 0
    oldest_ns: int = 0
    """When the oldest of it was committed; 0 if it has everything."""
    points_per_second: float = 0.0
    """What it took lately, over half a minute or so."""
    gone_in_s: float | None = None
    """While it catches up: when it will have everything, as things go now."""


@dataclass
class SpoolStatus:
    """The spool: what waits in it."""

    path: str = ""
    state: str = "ready"
    """ready, full"""
    rows: int = 0
    messages: int = 0
    points: int = 0
    bytes: int = 0
    max_bytes: int = 0
    oldest_ns: int = 0
    commits: int = 0
    dropped: int = 0
    """Messages discarded because the spool was full and `when_full` says so."""
    written_through: int = 0
    """Messages that the sinks confirmed at once, so that nothing of them was written here."""
    damage: dict[str, JSON] | None = None
    """What is known of damage of the file, now or earlier: how often, when, what is missing, where it was set aside."""
    hours_left: float | None = None
    """How long the room lasts at the rate at which it fills now; None if it does not fill."""


@dataclass
class MessageCounts:
    """What became of every message received."""

    received: int = 0
    stored: int = 0
    """All sinks have what it said."""
    quarantined: int = 0
    ignored: int = 0

    @property
    def waiting(self) -> int:
        """Those that are on their way: received, and neither stored nor set aside nor ignored."""
        return self.received - self.stored - self.quarantined - self.ignored


@dataclass
class Status:
    """All of it. `snapshot()` is what `gateway status --json` prints, beside what Sparkplug hosts say of themselves."""

    id: str = ""
    version: str = ""
    started_ns: int = field(default_factory=time.time_ns)
    sources: dict[str, SourceStatus] = field(default_factory=dict)
    sinks: dict[str, SinkStatus] = field(default_factory=dict)
    spool: SpoolStatus = field(default_factory=SpoolStatus)
    messages: MessageCounts = field(default_factory=MessageCounts)
    points: int = 0
    """Records encoded from them."""
    ignored: BoundedCounter = field(default_factory=BoundedCounter)
    """Messages by the reason why nothing was to be stored."""
    unmatched: BoundedCounter = field(default_factory=BoundedCounter)
    """Messages that no route takes, by topic."""
    quarantined: BoundedCounter = field(default_factory=BoundedCounter)
    """Messages set aside whole, by reason."""
    rejected: BoundedCounter = field(default_factory=BoundedCounter)
    """Single values that could not be taken, by reason."""
    corrected: BoundedCounter = field(default_factory=BoundedCounter)
    """Values or times that were taken in another form than sent, by reason."""
    refused_commands: BoundedCounter = field(default_factory=BoundedCounter)
    """Commands of adapters that their routes do not allow, by topic."""
    series: int = 0
    clock_steps: int = 0
    """Times that somebody set the clock of the system."""

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set: everything is as old as before."""
        self.clock_steps += 1
        self.started_ns += step_ns
        for sink in self.sinks.values():
            sink.since_ns += step_ns
        for source in self.sources.values():
            source.since_ns += step_ns
            source.last_message_ns += step_ns if source.last_message_ns else 0

    def snapshot(self) -> dict[str, JSON]:
        """Return everything as JSON types."""
        snapshot: dict[str, JSON] = asdict(self)
        counts = asdict(self.messages)
        snapshot["messages"] = {**counts, "waiting": self.messages.waiting}
        return snapshot
