"""Which time a value is stored under: its own, if that can be believed, else the time of receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.models import RawTime
from gateway.normalize.times import EARLIEST_NS, MAX_AHEAD_NS, NoZone, TimeReader, doubt, guess
from gateway.settings.models import Timestamp
from gateway.status import Status

OWN = "source"
"""The status of a time that the source gave and that is believed."""
RECEIVED = "received"
"""The status of a value whose source gave no time."""
_DAY_NS = 86_400 * 1_000_000_000


class Timed(NamedTuple):
    """A time to store under, and where it comes from: `source`, `received`, or why the source's is not believed."""

    time_ns: int
    status: str


class TimeRules:
    """Judges the times of one route.

    Raises:
        ValueError: The route names a zone that does not exist.
    """

    def __init__(self, options: Timestamp, status: Status) -> None:
        self._reader = TimeReader(options)
        self._factor = self._reader.factor
        self._status = status

    def read(self, raw: RawTime, received_ns: int) -> Timed:
        """Return the time of a message that has only one."""
        found_ns, status = self._read(raw, received_ns)
        if status not in (OWN, RECEIVED):
            self._status.corrected.count(f"time: {status}")
            return Timed(received_ns, status)
        return Timed(received_ns if found_ns is None else found_ns, status)

    def quick(self, raw: RawTime, received_ns: int) -> int | None:
        """Return the time of a message, if it is its own and believed; None if `read` must look at it."""
        if type(raw) is int:  # what most devices send, and most of them in ms: 0.2 us
            time_ns = raw * (self._factor or (1_000_000 if 1e11 <= raw < 1e14 else guess(raw)))  # noqa: PLR2004
            return time_ns if EARLIEST_NS <= time_ns <= received_ns + MAX_AHEAD_NS else None
        time, status = self._read(raw, received_ns)
        return time if status == OWN else None

    def read_all(self, raws: Sequence[RawTime], received_ns: int) -> list[Timed]:
        """Return the times of a message that has several.

        Those that are not believed keep their order and spacing: the latest becomes the time of receipt. Otherwise
        the values of one name would all fall on one instant, where only one of them can be stored.
        """
        read = [self._read(raw, received_ns) for raw in raws]
        doubtful = sorted({time_ns for time_ns, status in read if time_ns is not None and status != OWN})
        for _, status in read:
            if status not in (OWN, RECEIVED):
                self._status.corrected.count(f"time: {status}")
        if doubtful and doubtful[-1] - doubtful[0] < _DAY_NS:
            moved = {time_ns: received_ns - (doubtful[-1] - time_ns) for time_ns in doubtful}
        else:  # so far apart that their distance means nothing either: keep the order
            moved = {time_ns: received_ns - rank for rank, time_ns in enumerate(reversed(doubtful))}
        return [
            Timed(
                received_ns if time_ns is None else time_ns if status == OWN else moved[time_ns],
                status,
            )
            for time_ns, status in read
        ]

    def _read(self, raw: RawTime, received_ns: int) -> tuple[int | None, str]:
        """Return the time as written, if it can be read, and its status."""
        try:
            time_ns = self._reader.read(raw)
        except NoZone:
            return None, "without a zone"
        except ValueError:
            return None, "not understood"
        if time_ns is None:
            return None, RECEIVED
        return time_ns, doubt(time_ns, received_ns) or OWN
