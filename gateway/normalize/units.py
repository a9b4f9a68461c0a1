"""Conversion of units with pint, under the names that factories write them by."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, lru_cache
from math import floor, isfinite, log10
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pint

_ALIASES = {
    # Spellings that pint reads otherwise or not at all. Sources: UN/ECE Recommendation 20 (codes of OPC UA),
    # MTConnect part 2 (upper-case words), RFC 8428 (SenML), and what devices write.
    "": "",
    "%": "percent",
    "%RH": "percent",
    "P1": "percent",
    "PERCENT": "percent",
    "C": "degC",
    "Cel": "degC",
    "CEL": "degC",
    "CELSIUS": "degC",
    "°C": "degC",
    "℃": "degC",
    "F": "degF",
    "FAH": "degF",
    "FAHRENHEIT": "degF",
    "°F": "degF",
    "KEL": "kelvin",
    "KELVIN": "kelvin",
    "°": "degree",
    "DD": "degree",
    "rpm": "revolutions_per_minute",
    "RPM": "revolutions_per_minute",
    "1/min": "revolutions_per_minute",
    "REVOLUTION/MINUTE": "revolutions_per_minute",
    "KWH": "kilowatt_hour",
    "kwh": "kilowatt_hour",
    "KWT": "kilowatt",
    "KW": "kilowatt",
    "WTT": "watt",
    "WHR": "watt_hour",
    "AMP": "ampere",
    "VLT": "volt",
    "HTZ": "hertz",
    "HZ": "hertz",
    "HUR": "hour",
    "MIN": "minute",
    "SEC": "second",
    "C26": "millisecond",
    "BAR": "bar",
    "PAL": "pascal",
    "HPA": "hectopascal",
    "MMT": "millimeter",
    "CMT": "centimeter",
    "MTR": "meter",
    "KGM": "kilogram",
    "NU": "newton_meter",
    "NEWTON_METER": "newton_meter",
    "VAr": "volt_ampere_reactive",
    "var": "volt_ampere_reactive",
    "COUNT": "count",
    "pcs": "count",
    "m3/h": "meter**3/hour",
    "m³/h": "meter**3/hour",
    "m3/min": "meter**3/minute",
    "m³/min": "meter**3/minute",
    "m3": "meter**3",
    "m³": "meter**3",
    "l/min": "liter/minute",
}
_DEFINITIONS = (
    "volt_ampere_reactive = volt * ampere = VAR",
    # A shaft that turns 60 times a minute turns at 1 Hz; pint alone would count radians.
    "revolutions_per_minute = 1 / minute = rpm",
)
_loading = Lock()
_MAX_UNIT = 64
_LARGEST_DENOMINATOR = 10_000
_NOISE = 1e-12
"""What computing with hundreds of kelvins may be wrong by."""
# Names with a small exponent, multiplied and divided: pint evaluates what it reads, and a device may write anything.
_WORD = r"[^\W\d]+(?:(?:\*\*|\^)?-?\d)?"
_UNIT = re.compile(rf"(?:1\s*/\s*)?[°℃%]?(?:{_WORD})?(?:\s*[*/·\s]\s*{_WORD})*|1|%")


class Conversion(NamedTuple):
    """A linear conversion: `value * factor + offset`."""

    factor: float
    offset: float

    def apply(self, value: float) -> float:
        """Return the number in the other unit, without the noise in the last digit that 212 °F would have.

        Where an offset takes most of a number away, as of 32 °F, that digit is the one of the number, not of the rest.
        """
        scaled = value * self.factor
        converted = scaled + self.offset
        if self.offset and isfinite(converted):
            converted = round(converted, 14 - floor(log10(max(abs(scaled), abs(self.offset))))) + 0.0  # no -0.0
        return float(f"{converted:.15g}")

    @property
    def changes_nothing(self) -> bool:
        """Whether both units are the same."""
        return self.apply(1.0) == 1.0 and self.apply(0.0) == 0.0


def load() -> None:
    """Have all at hand that units take: 0.4 s, for which the first message with a unit waits else. In any thread."""
    _registry()


def _registry() -> pint.UnitRegistry[float]:
    with _loading:  # two threads that need it at once would load it twice
        return _loaded()


@cache
def _loaded() -> pint.UnitRegistry[float]:
    import pint  # noqa: PLC0415  # 0.4 s and 20 MB, which only those pay who name units

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, cache_folder=None, on_redefinition="ignore"
    )
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _parse(unit: str) -> pint.Unit:
    from tokenize import TokenError  # noqa: PLC0415

    from pint.errors import PintError  # noqa: PLC0415

    name = _ALIASES.get(unit.strip(), unit.strip())
    if len(name) <= _MAX_UNIT and _UNIT.fullmatch(name):
        for candidate in (name, name.lower(), name.lower().replace("_", "*")):
            try:
                return _registry().parse_units(candidate)
            except (
                PintError,
                TokenError,
                SyntaxError,
                ArithmeticError,
                AttributeError,
                AssertionError,
                TypeError,
                ValueError,
            ):
                continue  # pint has no common error for text that is no unit
    raise ValueError(f"the unit is not known: {unit[:_MAX_UNIT]!r}")


def check_unit(unit: str) -> None:
    """See whether a unit is known.

    Raises:
        ValueError: It is not.
    """
    _parse(unit)


@lru_cache(maxsize=4096)
def canonical(unit: str) -> str:
    """Return the usual symbol of a unit ("hours" becomes "h"), or the text as it is if it is no known unit."""
    try:
        symbol = f"{_parse(unit):~}".replace(" ", "").replace("**2", "²").replace("**3", "³")
    except ValueError:
        return unit
    return symbol or unit


@lru_cache(maxsize=4096)
def find_conversion(source: str, target: str) -> Conversion | str:
    """Return how a number in `source` becomes one in `target`, or why there is no way."""
    if source == target:
        return Conversion(1.0, 0.0)
    from pint.errors import PintError  # noqa: PLC0415

    units = _registry()
    try:
        start, end = _parse(source), _parse(target)
        zero = float(units.Quantity(0.0, start).to(end).magnitude)
        # Far apart, so that the factor keeps its digits beside an offset of hundreds of degrees.
        factor = (float(units.Quantity(1e6, start).to(end).magnitude) - zero) / 1e6
    except ValueError as error:
        return str(error)
    except PintError:
        return f"the unit cannot be converted: {source!r} to {target!r}"
    return Conversion(_exact(factor), _exact(zero)) if zero else Conversion(factor, zero)


def _exact(number: float) -> float:
    """Return the fraction that a number was before it was computed by way of kelvins: 160/9, 5/9."""
    fraction = float(Fraction(number).limit_denominator(_LARGEST_DENOMINATOR))
    return fraction if abs(fraction - number) < _NOISE else number


def conversion(source: str, target: str) -> Conversion:
    """Return how a number in `source` becomes one in `target`.

    Raises:
        ValueError: A unit is not known, or they measure different things.
    """
    found = find_conversion(source, target)
    if isinstance(found, str):
        raise ValueError(found)  # noqa: TRY004  # the text is the reason
    return found
