"""Times as devices write them, and whether to believe them.

A time is an epoch number of any unit or an ISO 8601 text; nanoseconds stay whole numbers throughout.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from gateway.models import RawTime
from gateway.settings.models import Timestamp

SECOND = 1_000_000_000
EARLIEST_NS = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * SECOND
"""Before this no time of a measurement is believed: it is a device clock that was never set."""
RELEASED_NS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND
"""While the gateway's own clock stands before this it was never set itself, and judges nobody."""
MAX_AHEAD_NS = 300 * SECOND

_FACTORS = {"s": SECOND, "ms": 1_000_000, "us": 1_000, "ns": 1}
_QUARTER_NS = 900 * SECOND
_ISO = re.compile(
    r"(\d{4})[-.](\d\d)[-.](\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,18}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


class NoZone(ValueError):  # noqa: N818  # the name says what is the case
    """The time is written without a zone, and the route names none."""


class TimeReader:
    """Reads the times of one route.

    Args:
        options: The route's `timestamp` table.

    Raises:
        ValueError: The zone is unknown.
    """

    def __init__(self, options: Timestamp) -> None:
        self.factor = _FACTORS.get(options.unit, 0)
        """Nanoseconds in the unit of a number; 0 if it is to be guessed."""
        self._zone: tzinfo | None = None
        if options.time_zone is not None:
            try:
                self._zone = ZoneInfo(options.time_zone)
            except (KeyError, OSError) as error:
                raise ValueError(f"there is no time zone {options.time_zone!r}") from error

    def read(self, raw: RawTime) -> int | None:
        """Return nanoseconds since 1970, or None where the device says that it has no time.

        Raises:
            NoZone: It is a local time of an unknown place.
            ValueError: It is no time.
        """
        if raw is None or raw == "":
            return None
        if isinstance(raw, bool):
            raise ValueError("a boolean is no time")  # noqa: TRY004  # all that is no time is told alike
        if isinstance(raw, int):
            return raw * (self.factor or guess(raw))
        if isinstance(raw, float):
            return _from_float(raw, self.factor or guess(raw))
        text = raw.strip()
        if _NUMBER.fullmatch(text):
            return self.read(int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text))  # noqa: PLR2004
        return self._read_iso(text)

    def _read_iso(self, text: str) -> int | None:
        found = _ISO.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:40]!r} is no time")
        year, month, day, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
        if year in (1, 1601):  # what .NET and OPC UA write for "no time"
            return None
        second = int(found[6] or 0)
        zone = self._zone if found[8] is None else _offset(found[8])
        if zone is None:
            raise NoZone(f"{text[:40]!r} names no zone")
        # A leap second (60) is the instant after 59.
        whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) + timedelta(seconds=second // 60)
        return int(whole.timestamp()) * SECOND + int((found[7] or "0").ljust(9, "0")[:9])


def guess(number: float) -> int:
    """Return the factor of an epoch number from its size: right for times from 1973 to 5138."""
    size = abs(number)
    if size < 1e11:  # noqa: PLR2004
        return SECOND
    if size < 1e14:  # noqa: PLR2004
        return 1_000_000
    return 1_000 if size < 1e17 else 1  # noqa: PLR2004


def _from_float(number: float, factor: int) -> int:
    """Return nanoseconds without the noise of binary fractions: a float holds a present time to the microsecond."""
    try:
        return round(number * (factor // 1000)) * 1000 if factor >= 1000 else round(number) * factor  # noqa: PLR2004
    except (OverflowError, ValueError) as error:  # infinite, not a number
        raise ValueError(f"{number} is no time") from error


def _offset(text: str) -> tzinfo:
    if text in "zZ":
        return UTC
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def doubt(time_ns: int, received_ns: int) -> str:
    """Return why a device's time is not to be believed, or an empty text."""
    if EARLIEST_NS <= time_ns <= received_ns + MAX_AHEAD_NS or received_ns < RELEASED_NS:
        return ""
    if time_ns < EARLIEST_NS:
        return "before 2015"
    ahead = time_ns - received_ns
    quarters = round(ahead / _QUARTER_NS)
    # Local time labelled UTC is the commonest fault of all; zones go up to 14 hours ahead.
    if 1 <= quarters <= 14 * 4 and abs(ahead - quarters * _QUARTER_NS) < _QUARTER_NS / 10:
        return f"{quarters // 4}:{quarters % 4 * 15:02} h ahead, as if local time were sent as UTC"
    return "in the future"
