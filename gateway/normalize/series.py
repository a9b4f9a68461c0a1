"""What the gateway remembers of each series: the qualities it wrote last, deadbands, when it last heard of it."""

from __future__ import annotations

from typing import NamedTuple

from gateway.models import Quality, Series


class TooManySeries(ValueError):  # noqa: N818  # the name says what is the case
    """The bound on series is reached; a new one is not taken."""


class Stored(NamedTuple):
    """The last stored value of a field with a deadband, and the latest that it swallowed."""

    value: float
    time_ns: int
    swallowed: tuple[float, int] | None


class SeriesState:
    """The live state of one series."""

    __slots__ = (
        "bands",
        "epoch",
        "is_narrow",
        "last_ns",
        "narrow",
        "prefix",
        "qualities",
        "series",
        "stale_after_ns",
        "tag_names",
        "time_status",
        "units",
    )

    def __init__(self, series: Series) -> None:
        self.series = series
        self.prefix = ""
        """Measurement and tags as they begin its records, once they were spelled."""
        self.tag_names = frozenset(series.tags)
        self.qualities: dict[str, Quality] = {}
        """By name, as written last."""
        self.epoch = 0
        """Rises whenever a quality, or where its times come from, is told anew."""
        self.time_status = "source"
        """Where the times of its values come from, as written last; `source` need not be written."""
        self.units: dict[str, str] = {}
        """By name, as told to the catalogue last."""
        self.narrow: dict[str, Series] = {}
        """In the narrow layout: the series of each name."""
        self.bands: dict[str, Stored] = {}
        self.last_ns = 0
        """When something was last received; 0 once its silence is told."""
        self.is_narrow = False
        self.stale_after_ns = 0


class SeriesStates:
    """All series of the gateway, bounded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
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
            state = self._states[series.key] = SeriesState(series)
        return state

    def forget(self) -> None:
        """Know no series any more."""
        self._states.clear()

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
