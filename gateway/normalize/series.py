"""What the gateway remembers of each series: the qualities it wrote last, deadbands, when it last heard of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.models import GOOD, Quality, Series
from gateway.normalize.plan import Plan

MAX_NAMES = 50_000
"""Names known of one series: one device that invents them cannot take the room of all others."""
MAX_TOLD = 8
"""Plans of which a series knows that all their qualities are told."""


class TooManySeries(ValueError):  # noqa: N818  # the name says what is the case
    """The bound on series is reached; a new one is not taken."""


class Stored(NamedTuple):
    """The last stored value of a field with a deadband, and the latest that it swallowed."""

    value: float
    time_ns: int
    swallowed: tuple[float, int] | None


class NameRoom:
    """Room for names of values, over all series.

    Attributes:
        left: How many more may become known.
    """

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class SeriesState:
    """The live state of one series."""

    __slots__ = (
        "_room",
        "_told",
        "bands",
        "is_narrow",
        "last_ns",
        "marked",
        "prefix",
        "qualities",
        "redefined",
        "series",
        "stale_after_ns",
        "tag_names",
        "time_status",
        "units",
    )

    def __init__(self, series: Series, room: NameRoom) -> None:
        self._room = room
        self._told: tuple[Plan, ...] = ()
        self.series = series
        self.prefix = ""
        """Measurement and tags as they begin its records, once they were spelled."""
        self.tag_names = frozenset(series.tags)
        self.qualities: dict[str, Quality] = {}
        """By name, as written last. Changed by `tell`."""
        self.marked: set[str] | None = None
        """Those of them that are not good; None if there never was one."""
        self.time_status = "source"
        """Where the times of its values come from, as written last; `source` need not be written."""
        self.units: dict[str, str] = {}
        """By name, as told to the catalogue last."""
        self.redefined = 0
        """How often one of these changed."""
        self.bands: dict[str, Stored] = {}
        self.last_ns = 0
        """When something was last received; 0 once its silence is told."""
        self.is_narrow = False
        self.stale_after_ns = 0

    def know(self, name: str) -> None:
        """See that there is room to know the name.

        Raises:
            ValueError: There is none.
        """
        if name not in self.qualities:
            if len(self.qualities) >= MAX_NAMES:
                raise ValueError(f"more than {MAX_NAMES} names in one series")
            if self._room.left <= 0:
                raise ValueError("no room for more names: raise limits.max_names if these are real values")

    def has_room(self, count: int) -> bool:
        """Whether there is room to know so many names more."""
        return not count or (len(self.qualities) + count <= MAX_NAMES and count <= self._room.left)

    def tell(self, name: str, quality: Quality) -> None:
        """Remember a quality that is being written."""
        if name not in self.qualities:
            self._room.left -= 1
        self.qualities[name] = quality
        if quality != GOOD:
            if self.marked is None:
                self.marked = set()
            self.marked.add(name)
            self._told = ()
        elif self.marked:
            self.marked.discard(name)

    def tell_all(self, names: Iterable[str], quality: Quality) -> None:
        """Remember one quality of many names that is being written."""
        if quality != GOOD:
            for name in names:
                self.tell(name, quality)
            return
        before = len(self.qualities)
        self.qualities.update(dict.fromkeys(names, quality))
        self._room.left -= len(self.qualities) - before
        if self.marked:
            self.marked.difference_update(names)

    def told(self, plan: Plan) -> bool:
        """Whether it stands written of all values of a plan that they are good."""
        if plan in self._told:
            return True
        if not (self.qualities.keys() >= {*plan.names} and (not self.marked or self.marked.isdisjoint(plan.names))):
            return False
        self._told = (plan, *self._told[: MAX_TOLD - 1])
        return True


class SeriesStates:
    """All series of the gateway, bounded.

    Args:
        limit: Series.
        max_names: Names of their values, over all of them.
    """

    def __init__(self, limit: int, max_names: int = 2_000_000) -> None:
        self._limit = limit
        self._max_names = max_names
        self._room = NameRoom(max_names)
        self._states: dict[str, SeriesState] = {}

    def __len__(self) -> int:
        return len(self._states)

    def find(self, series: Series) -> SeriesState:
        """Return the state of the series, new if it was not known.

        Raises:
            TooManySeries: There is no room for a new one.
        """
        state = self._states.get(series.key)
        if state is None:
            if len(self._states) >= self._limit:
                raise TooManySeries(
                    f"more than {self._limit} series: raise limits.max_series if these are real machines"
                )
            state = self._states[series.key] = SeriesState(series, self._room)
        return state

    def forget(self) -> None:
        """Know no series any more."""
        self._states.clear()
        self._room = NameRoom(self._max_names)

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set: silence is as long as before, and deadbands begin anew.

        A deadband judges nothing that is older than what it stored last, which after a step back would be everything.
        """
        for state in self._states.values():
            if state.last_ns:
                state.last_ns += step_ns
            state.bands.clear()

    def silent(self, now_ns: int) -> list[tuple[SeriesState, int]]:
        """Return the series whose silence has just become too long, and since when; each once until it speaks."""
        fallen = [
            state
            for state in self._states.values()
            if state.stale_after_ns and 0 < state.last_ns < now_ns - state.stale_after_ns
        ]
        silent = [(state, state.last_ns + state.stale_after_ns) for state in fallen]
        for state in fallen:
            state.last_ns = 0
        return silent
