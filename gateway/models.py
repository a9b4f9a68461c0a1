"""What moves through the gateway: messages, observations, telemetry, and what an adapter may say besides.

Three stages, three types. A `Message` is bytes from a broker. An `Observation` is what those bytes say, in the
words of their format, unchecked. `Telemetry` is the one thing that leaves the machine's world: checked, typed,
timed, and ready to be written. Time is integer nanoseconds since 1970-01-01T00:00:00Z from end to end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, InstanceOf

MAX_TEXT_BYTES = 65_536
"""The longest text value that every InfluxDB takes (3.0 to 3.8 end there)."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

Value: TypeAlias = bool | int | float | str
"""A value a database can store."""

RawTime: TypeAlias = int | float | str | None
"""A time as a device wrote it: an epoch number of any unit, an ISO 8601 text, or nothing."""


class Message(NamedTuple):
    """One MQTT application message, as it came from a broker.

    Attributes:
        topic: The topic name.
        payload: The bytes of the application message.
        received_ns: When it was received, strictly increasing per source.
        packet_id: The packet identifier; 0 at QoS 0, where there is nothing to acknowledge.
        duplicate: The broker says that it sent this before (DUP).
        retained: The broker kept it and sent it because of a new subscription.
        content_type: MQTT 5 content type, empty if none.
        user_properties: MQTT 5 user properties, in order.
    """

    topic: str
    payload: bytes
    received_ns: int
    packet_id: int = 0
    duplicate: bool = False
    retained: bool = False
    content_type: str = ""
    user_properties: tuple[tuple[str, str], ...] = ()


class Quality(NamedTuple):
    """How far a value can be trusted, as OPC says it, with the source's own code where that says more."""

    level: int
    code: str = ""


GOOD = Quality(192)
UNCERTAIN = Quality(64)
BAD = Quality(0)
STALE = Quality(500)


class Origin(StrEnum):
    """Why a value is told now."""

    LIVE = "live"
    HISTORICAL = "historical"
    TRANSIENT = "transient"
    RETAINED = "retained"


class Observation(NamedTuple):
    """What a message says about one machine, in its format's own words and not yet checked.

    Attributes:
        values: Name to value; `None` is "there is no value". The name "" is the value that the topic itself names.
        time: The time of all values, as the device wrote it.
        times: Times of single values that differ from `time`.
        units: Units of single values, as the device wrote them.
        quality: Of all values, or of each by name (those not named are good).
        asset: The machine, where the message names it; empty if only the topic does.
        measurement: The type of machine, where the message names it.
        origin: Why it is told now.
        place: Words for the templates of the route, where the message knows better than its topic whose values these
            are (a gateway that speaks for several machines, what follows from the death of another).
    """

    values: Mapping[str, Value | None]
    time: RawTime = None
    times: Mapping[str, RawTime] | None = None
    units: Mapping[str, str] | None = None
    quality: Quality | Mapping[str, Quality] = GOOD
    asset: str = ""
    measurement: str = ""
    origin: Origin = Origin.LIVE
    place: Mapping[str, str] | None = None


class Definition(NamedTuple):
    """What a value means, where a device says so (a birth, a probe, metadata, a unit beside the value)."""

    name: str
    unit: str = ""
    type: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""
    asset: str = ""
    measurement: str = ""
    place: Mapping[str, str] | None = None


class Reject(NamedTuple):
    """One value of an otherwise good message that cannot be taken."""

    name: str
    reason: str


class Hold(NamedTuple):
    """This message cannot be understood until `key` is known: keep it, safely, until its `Release`.

    If that is said of the same message, behind this, it only lets others go first, and there is always room for it.
    """

    key: str


class Release(NamedTuple):
    """`key` is known now: give the messages held for it again, in order, before the next new one."""

    key: str


class Remember(NamedTuple):
    """Keep a message as the latest for `key`; after a restart it is decoded first, its output dropped.

    Attributes:
        key: Under which it takes the place of the one before.
        message: What is kept; None for the message that this is said of.
    """

    key: str
    message: Message | None = None


class Command(NamedTuple):
    """A message for a device. It is refused unless the route allows its adapter to publish on that topic."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


Decoded: TypeAlias = Observation | Definition | Reject | Hold | Release | Remember | Command
"""Whatever an adapter may say about a message."""

Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\\]$")]
"""A name that every InfluxDB can store: no control characters, no trailing backslash, not empty."""

# A second pattern on a Name would replace its first.
Measurement = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=r"^(?:[^#\x00-\x1f\x7f\\]|[^#\x00-\x1f\x7f][^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\\])$",
    ),
]
"""A `Name` that does not begin with `#`, as a comment does."""


class Series(BaseModel):
    """The identity of a machine's points: made and checked once, shared by all of its telemetry.

    Attributes:
        asset: The stable name of the machine.
        measurement: The type of machine.
        tags: Its place (site, area, line, ...): few and stable. `asset` is a tag beside them.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    asset: Name
    measurement: Measurement
    tags: dict[Name, Name]

    @cached_property
    def key(self) -> str:
        """One text that names this series and no other, for caches."""
        return "\0".join([self.measurement, self.asset, *(f"{k}\0{v}" for k, v in sorted(self.tags.items()))])


Finite = Annotated[float, Field(allow_inf_nan=False)]
Int64 = Annotated[int, Field(ge=INT64_MIN, le=INT64_MAX)]
Text = Annotated[str, Field(max_length=MAX_TEXT_BYTES)]
# Not tried from left to right: a strict float takes an int, and would make a float of it.
Storable: TypeAlias = Finite | Text | bool | Int64


class Telemetry(BaseModel):
    """What a machine said at one time: checked, in the names, types and units of the store.

    Attributes:
        series: Whose points these are.
        values: Field name to value, under the name that its type asks for (`x`, `x_int`, `x_text`, `x_bool`). A name
            is checked once, where it is made (`gateway.normalize.names`): a machine repeats its names for ever.
        timestamp_ns: When the values were true.
        quality: Name to quality, of those whose quality is to be written: at first, and when it changes.
        time_status: Why the time is not the device's own; None where that did not change.
        origin: Why it is told now.
        narrow: Each value is a point of its own with its name as tag `metric`. `values` then have plain names: the
            ending that their type asks for is that of the field `value`.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    series: Series
    values: dict[str, Storable]
    timestamp_ns: Int64
    quality: dict[str, InstanceOf[Quality]] | None = None
    time_status: Text | None = None
    origin: Origin = Origin.LIVE
    narrow: bool = False
