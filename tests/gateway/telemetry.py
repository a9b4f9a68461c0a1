"""Telemetry for tests: a short way to write one, strategies that invent many, and what a database should hold of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from gateway.models import BAD, GOOD, STALE, UNCERTAIN, Quality, Series, Telemetry, Value

NOON_NS = 1_760_000_000_000_000_000
TAG_NAMES = frozenset({"site", "line", "zone name", "asset"})


def telemetry(  # noqa: D417  # the others are those of the model
    values: Mapping[str, Value],
    *,
    asset: str = "press-7",
    measurement: str = "press",
    tags: Mapping[str, str] | None = None,
    timestamp_ns: int = NOON_NS,
    quality: Mapping[str, Quality] | None = None,
    time_status: str | None = None,
) -> Telemetry:
    """Return telemetry of a press.

    Args:
        tags: None is a press at one site.
    """
    return Telemetry(
        series=Series(asset=asset, measurement=measurement, tags=dict({"site": "berlin"} if tags is None else tags)),
        values=dict(values),
        timestamp_ns=timestamp_ns,
        quality=None if quality is None else dict(quality),
        time_status=time_status,
    )


class Point(NamedTuple):
    """What a database should hold of one telemetry."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time_ns: int


def stored_name(name: str) -> str:
    """Return the name as documented for names."""
    return name.replace("\\", "/")


def stored_text(text: str) -> str:
    """Return the text as documented for texts that are not too long."""
    return "".join(
        "\N{SYMBOL FOR DELETE}" if c == "\x7f" else chr(0x2400 + ord(c)) if c < " " and c != "\t" else c for c in text
    )


def point(one: Telemetry) -> Point:
    """Return what a database should hold of this telemetry."""
    fields: dict[str, Value] = {
        stored_name(name): stored_text(value) if isinstance(value, str) else value for name, value in one.values.items()
    }
    for name, quality in (one.quality or {}).items():
        fields[f"{stored_name(name)}_q"] = quality.level
        if quality.code and quality.level != GOOD.level:
            fields[f"{stored_name(name)}_status"] = stored_text(quality.code)
    if one.time_status is not None:
        fields["time_status"] = stored_text(one.time_status)
    tags = {**one.series.tags, "asset": one.series.asset}
    return Point(
        stored_name(one.series.measurement),
        {stored_name(name): stored_name(tag) for name, tag in tags.items()},
        fields,
        one.timestamp_ns,
    )


# Characters that mean something to line protocol or to JSON come up far more often than by chance.
characters = st.one_of(
    st.sampled_from(',= "\\/#{}[]:;.é漢😀'),
    st.characters(exclude_categories=["Cc", "Cs"]),
    st.sampled_from("abcxyz0"),
)
names = st.text(characters, min_size=1, max_size=12).filter(lambda name: not name.endswith("\\"))
field_names = names.filter(lambda name: not stored_name(name).endswith(("_q", "_status")) and name != "time").filter(
    lambda name: stored_name(name) not in TAG_NAMES
)
texts = st.text(
    st.one_of(st.sampled_from(',= "\\\n\r\t\0\x0b\x1b\x7f'), characters, st.characters(exclude_categories=["Cs"])),
    max_size=20,
)
# Line-protocol-parser refuses what is smaller than the smallest normal number; InfluxDB does not.
floats = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
integers = st.integers(-(2**63), 2**63 - 1)
qualities = st.one_of(
    st.sampled_from([GOOD, UNCERTAIN, BAD, STALE]), st.builds(Quality, st.sampled_from([192, 64, 0]), texts)
)


@st.composite
def telemetries(draw: st.DrawFn) -> Telemetry:
    """Any telemetry that normalizing could make."""
    values_of = draw(st.sampled_from([floats, st.one_of(floats, integers, texts, st.booleans())]))
    fields = draw(
        st.lists(st.tuples(field_names, values_of), unique_by=lambda field: stored_name(field[0]), max_size=8)
    )
    marked = draw(
        st.lists(st.tuples(field_names, qualities), unique_by=lambda field: stored_name(field[0]), max_size=2)
    )
    return telemetry(
        dict(fields),
        asset=draw(names),
        measurement=draw(names.filter(lambda name: not name.startswith("#"))),
        tags=draw(st.dictionaries(st.sampled_from(sorted(TAG_NAMES - {"asset"})), names)),
        timestamp_ns=draw(st.integers(0, 2**62)),
        quality=dict(marked) or None,
        time_status=draw(st.one_of(st.none(), texts)),
    )
