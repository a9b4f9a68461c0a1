"""The options of the Sparkplug host application."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.sparkplug.names import NamePattern
from gateway.settings.quantities import Duration, Size

_SECOND = 1_000_000_000


class Role(StrEnum):
    """How much a host application says."""

    PASSIVE = "passive"
    ACTIVE = "active"
    PRIMARY = "primary"


class SparkplugOptions(BaseModel):
    """Every option of the Sparkplug host application, each with its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role = Field(
        default=Role.PASSIVE,
        description="`passive`: listens and publishes nothing; `active`: asks edge nodes for rebirths; `primary`: also "
        "tells its state, so that edge nodes hold back what they have to say while this gateway cannot take it.",
    )
    host_id: str = Field(
        default="",
        pattern=r"^[^+/#\x00-\x1f]*$",
        max_length=128,
        description="Name of the host application, unique in the infrastructure. Needed for `primary`.",
    )
    groups: tuple[str, ...] = Field(default=(), description="Groups to listen to; by default all.")
    legacy_state: bool = Field(
        default=False,
        description="Tell the state as Sparkplug 2.2 did as well (`STATE/{host_id}`, `ONLINE`), over a second "
        "connection. Only with `primary`.",
    )
    births: Literal["changed", "all", "none"] = Field(
        default="changed",
        description="Which values of a birth are stored: those that differ from the last known, all, or none.",
    )
    name_patterns: tuple[str, ...] = Field(
        default=(),
        description="Where names of metrics say whose they are: `{line}/{machine}/{metric...}`. The first that fits is "
        "taken; its words are for the route's templates.",
    )
    ignore: tuple[str, ...] = Field(
        default=("bdSeq", "Node Control/*", "Device Control/*", "CMD/Node Control/*"),
        description="Names of metrics that are not stored; `*` at the end stands for anything.",
    )
    binary: Literal["base64", "digest", "ignore"] = Field(
        default="base64",
        description="What is stored of Bytes and File: their content as base64 (where it fits 64 KiB), their size and "
        "SHA-256, or nothing.",
    )
    reorder_timeout: Duration = Field(
        default=2 * _SECOND,
        description="How long a missing message is waited for before a rebirth is asked for; 0 for not at all.",
    )
    rebirth_backoff: Duration = Field(
        default=5 * _SECOND,
        description="Least time between two requests to one edge node; doubles with each that does not help.",
    )
    rebirth_backoff_max: Duration = Field(default=600 * _SECOND, description="Longest it becomes.")
    rebirths_per_second: float = Field(
        default=10.0, gt=0, le=1000, description="Requests to all edge nodes together, so that there is no storm."
    )
    fruitless_rebirths: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Requests without success after which what names itself is taken without a birth.",
    )
    may_write: tuple[str, ...] = Field(
        default=(),
        description="Names of metrics that `gateway sparkplug write` may write; `*` at the end stands for anything. "
        "By default none: this is a gateway for telemetry.",
    )
    strict_bdseq: bool = Field(
        default=False,
        description="A death counts only if its bdSeq is that of the birth. By default one that is missing or ahead "
        "counts, too: many libraries count wrongly.",
    )
    silence: Duration = Field(
        default=0,
        description="Silence after which an edge node is asked for a rebirth, and taken for dead if none comes; 0 for "
        "never. Sparkplug has no heartbeat: choose more than the longest quiet time.",
    )
    max_payload: Size = Field(default=16 * 2**20, description="Bytes of a payload once it is decompressed.")
    max_nodes: int = Field(default=10_000, ge=1, description="Edge nodes known at a time.")
    max_devices: int = Field(default=50_000, ge=1, description="Devices of all edge nodes together.")
    max_metrics: int = Field(default=500_000, ge=1, description="Metrics of all edge nodes together.")

    @model_validator(mode="after")
    def _primary_has_a_name(self) -> SparkplugOptions:
        if self.role is Role.PRIMARY and not self.host_id:
            raise ValueError('role = "primary" needs a host_id: edge nodes wait for it by name')
        if self.legacy_state and self.role is not Role.PRIMARY:
            raise ValueError('legacy_state needs role = "primary": other roles tell no state')
        if self.may_write and self.role is Role.PASSIVE:
            raise ValueError('may_write needs role = "active" or "primary": a passive host publishes nothing')
        for group in self.groups:
            if not group or any(character in group for character in "+/#\0"):
                raise ValueError(f"{group!r} is no group: it is empty or holds +, / or #")
        for pattern in self.name_patterns:
            NamePattern.parse(pattern)
        return self
