"""Sample folders: what a device sent, and what an adapter must make of it, as data.

A bug report becomes a folder `tests/data/ADAPTER/CASE/` with three files: `payload.*` (the bytes), `topic`, and
`expected.toml`:

    about = "one sentence"
    retained = false                         # as the others below, only where it is not the default
    user_properties = [["Unit", "mm"]]
    options = { asset_key = "device" }
    error = "part of the reason"             # of a message that cannot be understood

    [[readings]]
    name = "pressure"                        # left out: the value that the topic names
    value = 4.2                              # left out: there is no value
    time = 1760000000                        # as the device wrote it; left out: none
    unit = "bar"
    quality = "bad"                          # good, uncertain, bad
    code = "Bad_NoCommunication"
    asset = "press-7"
    measurement = "press"

    [[rejects]]
    name = "speed"
    reason = "part of the reason"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from adapters import load
from gateway.interfaces import Adapter
from gateway.models import BAD, GOOD, UNCERTAIN, Decoded, Message, Observation, Quality, Reject

DATA = Path(__file__).parent.parent / "data"
LEVELS = {"good": GOOD.level, "uncertain": UNCERTAIN.level, "bad": BAD.level}


class Reading(NamedTuple):
    """One value of an observation, with all that is said about it."""

    name: str
    value: object
    time: object
    unit: str
    quality: int
    code: str
    asset: str
    measurement: str
    origin: str


class ExpectedReading(BaseModel):
    """One value in `expected.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = ""
    value: bool | int | float | str | None = None
    time: int | float | str | None = None
    unit: str = ""
    quality: str = "good"
    code: str = ""
    asset: str = ""
    measurement: str = ""
    origin: str = "live"

    def reading(self) -> Reading:
        """Return it in the form that is compared."""
        fields = self.model_dump()
        return Reading(**{**fields, "quality": LEVELS[self.quality]})


class ExpectedReject(BaseModel):
    """One value in `expected.toml` that cannot be taken."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    reason: str


class Expected(BaseModel):
    """The whole of `expected.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    about: str
    retained: bool = False
    user_properties: list[list[str]] = []
    options: dict[str, object] = {}
    error: str = ""
    readings: list[ExpectedReading] = []
    rejects: list[ExpectedReject] = []


class Sample(NamedTuple):
    """One folder."""

    adapter: str
    name: str
    message: Message
    expected: Expected

    def make_adapter(self) -> Adapter:
        """Return the adapter with the options of the case."""
        return load(self.adapter)(**self.expected.options)


def read_samples(adapter: str) -> list[Sample]:
    """Return the sample folders of an adapter."""
    return [read_sample(folder) for folder in sorted((DATA / adapter).iterdir())]


def read_sample(folder: Path) -> Sample:
    """Return one sample folder."""
    expected = Expected.model_validate(tomllib.loads((folder / "expected.toml").read_text()))
    (payload,) = folder.glob("payload.*")
    message = Message(
        topic=(folder / "topic").read_text().strip(),
        payload=payload.read_bytes(),
        received_ns=1,
        retained=expected.retained,
        user_properties=tuple((name, value) for name, value in expected.user_properties),
    )
    return Sample(folder.parent.name, folder.name, message, expected)


def readings(decoded: Iterable[Decoded]) -> list[Reading]:
    """Return every single value that an adapter made of a message, in an order that does not depend on its own."""
    result = []
    for one in decoded:
        if isinstance(one, Observation):
            for name, value in one.values.items():
                quality = one.quality if isinstance(one.quality, Quality) else one.quality.get(name, GOOD)
                time = (one.times or {}).get(name, one.time)
                unit = (one.units or {}).get(name, "")
                result.append(Reading(name, value, time, unit, *quality, one.asset, one.measurement, one.origin.value))
    return in_order(result)


def rejects(decoded: Iterable[Decoded]) -> list[Reject]:
    """Return the values that an adapter could not take."""
    return sorted(one for one in decoded if isinstance(one, Reject))


def in_order(several: Iterable[Reading]) -> list[Reading]:
    """Sort readings, whatever their types."""
    return sorted(several, key=repr)
