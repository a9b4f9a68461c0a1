"""Every option of the gateway, as pydantic models: what `gateway.toml` may say.

docs/configuration.md is generated from here: a field's description is its documentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import (
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.models import Name
from gateway.settings.quantities import Duration, Size
from gateway.settings.sinks import SinkSettings
from gateway.settings.sources import MqttSource
from gateway.settings.tables import FilePath, Identifier, Seconds, Table


class Timestamp(Table):
    """Where the time of a message stands, and how it is written."""

    key: str | None = Field(default=None, description="Key of the time; by default the adapter knows the usual ones.")
    unit: Literal["auto", "s", "ms", "us", "ns"] = Field(
        default="auto", description="Unit of a number; `auto` guesses by its size, right for 1973 to 5138."
    )
    time_zone: str | None = Field(
        default=None, description="IANA zone of times that are written without one, such as `Asia/Shanghai`."
    )


class Incoming(Table):
    """What is done to a value on its way in."""

    name: Name | None = Field(default=None, description="New name.")
    source_unit: str | None = Field(default=None, description="Unit it comes in, where the message does not say.")
    scale: float | None = Field(default=None, description="Factor to multiply by, before any conversion of units.")
    offset: float | None = Field(default=None, description="Added after `scale`.")
    enum: dict[str, str | int | float | bool] | None = Field(
        default=None, description='Value to value, such as `{ 0 = "IDLE" }`.'
    )
    ignore: bool = Field(default=False, description="Do not store it.")


class Route(Table):
    """Which messages go through which adapter, and whose they are. The first route that matches takes a message."""

    source: Identifier | None = Field(default=None, description="Name of a source; by default every source.")
    topic: str = Field(
        description="Topic with named levels: `{site}/{line}/{machine}/telemetry`; `{location...}` takes several "
        "levels, once; a trailing `{metric...}` names the value."
    )
    adapter: str = Field(description="Format: a name from docs/adapters.md, or `package.module:Class`.")
    options: dict[str, JsonValue] = Field(default_factory=dict, description="Options of the adapter.")
    measurement: str | None = Field(
        default=None, description="Type of machine, such as `cnc`; may use levels: `{type}`."
    )
    asset: str | None = Field(
        default=None,
        description="Stable name of the machine, made of levels; by default the level `asset`, `machine` or `device`.",
    )
    tags: dict[Name, str] | None = Field(
        default=None,
        description="Place of the machine, made of levels; by default every named level that is not the asset.",
    )
    timestamp: Timestamp = Field(default_factory=Timestamp, description="How times are written.")
    metrics: dict[str, Incoming] = Field(
        default_factory=dict, description="What is done to single values on their way in."
    )
    layout: Literal["wide", "narrow"] = Field(
        default="wide",
        description="`wide`: one point with a field for each value; `narrow`: one point a value, tag `metric`.",
    )
    stale_after: Duration | None = Field(
        default=None, description="Silence after which the values of a machine are marked stale."
    )
    publish: list[str] = Field(
        default_factory=list, description="Topic filters on which the adapter may publish commands."
    )


class Metric(Table):
    """What is stored of a value, whatever route it came by."""

    type: Literal["float", "int", "text", "bool"] | None = Field(
        default=None,
        description="Stored under the plain name, in this type; what does not convert without loss is rejected.",
    )
    unit: str | None = Field(
        default=None, description="Unit it is stored in; values that come in another are converted."
    )
    deadband: float | None = Field(default=None, ge=0, description="Changes smaller than this are not stored.")
    heartbeat: Duration = Field(
        default=600 * Seconds,
        description="With a deadband: an unchanged value is stored at least this often.",
    )
    description: str = Field(default="", description="What it is, for the catalogue of metrics.")


class Measurement(Table):
    """A type of machine."""

    metrics: dict[Name, Metric] = Field(default_factory=dict, description="Its values, by stored name.")


class Spool(Table):
    """The file that keeps every acknowledged message until all sinks have it."""

    path: FilePath = Field(
        default=Path("data/spool.db"),
        validate_default=True,
        description="File of the spool, on a local disk.",
    )
    max_bytes: Size = Field(default=10 * 2**30, description="Room for what waits.")
    min_free: Size = Field(default=256 * 2**20, description="Room to leave on the disk.")
    linger: Duration = Field(
        default=100_000_000,
        description="How long a commit waits for more messages: longer is kinder to flash, shorter is faster.",
    )
    acknowledge: Literal["after_commit", "after_sink"] = Field(
        default="after_commit",
        description="When a message is acknowledged. `after_commit`: it is on this disk; `after_sink`: every sink has "
        "confirmed it, and this disk is written only while one is slow or away.",
    )
    when_full: Literal["wait", "drop_oldest"] = Field(
        default="wait",
        description="`wait`: stop acknowledging, the broker keeps the rest; `drop_oldest`: forget the oldest.",
    )
    max_dead_letters: Size = Field(default=256 * 2**20, description="Room for dead letters.")
    max_held: Size = Field(default=16 * 2**20, description="Room for messages that wait for a birth or for metadata.")
    keep_per_reason: int = Field(
        default=20,
        ge=1,
        description="Dead letters kept of each reason, topic, and value or series, if need be in the room of others.",
    )


class Limits(Table):
    """Bounds that keep a faulty or hostile device from harming the others."""

    max_series: int = Field(default=200_000, ge=1, description="Machines (series) known at a time.")
    max_names: int = Field(
        default=2_000_000,
        ge=1,
        description="Names of values known at a time, over all machines; of one machine 50,000.",
    )
    max_values: int = Field(default=100_000, ge=1, description="Values in one message.")


class Log(Table):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level to log.")
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="`auto`: console on a terminal, else JSON."
    )


class Settings(Table):
    """The whole of `gateway.toml`."""

    id: Identifier = Field(description="Name of this gateway, unique on its brokers.")
    sources: list[MqttSource] = Field(min_length=1, description="Brokers to collect from.")
    routes: list[Route] = Field(
        default_factory=list,
        validate_default=True,
        description="What to do with which topic; the first match wins. Only sources with a session need none.",
    )
    measurements: dict[Name, Measurement] = Field(default_factory=dict, description="Types of machine, by name.")
    assets: dict[Name, dict[Name, Name]] = Field(
        default_factory=dict, description='Further tags of single machines: `[assets.press-7]`, `hall = "B"`.'
    )
    spool: Spool = Field(default_factory=Spool, description="The spool.")
    sinks: list[SinkSettings] = Field(min_length=1, description="Where telemetry goes; every sink gets everything.")
    limits: Limits = Field(default_factory=Limits, description="Bounds.")
    log: Log = Field(default_factory=Log, description="Logging.")

    @field_validator("routes")
    @classmethod
    def _one_at_least(cls, routes: list[Route], info: ValidationInfo) -> list[Route]:
        sources: list[MqttSource] = info.data.get("sources", [])
        if not routes and any(source.session is None for source in sources):
            raise PydanticCustomError("missing", "Without a route nothing is taken from a source that has no session")
        return routes

    @field_validator("sources", "sinks")
    @classmethod
    def _distinct_names(cls, tables: list[MqttSource] | list[SinkSettings]) -> object:
        names = [table.name for table in tables]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]!r} is used twice: names must differ")
        return tables

    @model_validator(mode="after")
    def _known_sources(self) -> Settings:
        known = [source.name for source in self.sources]
        for number, route in enumerate(self.routes, 1):
            if route.source is not None and route.source not in known:
                raise ValueError(f"route {number} names the source {route.source!r}; there are {', '.join(known)}")
        return self
