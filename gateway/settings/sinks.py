"""The options of sinks: where telemetry goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from gateway.settings.quantities import Duration, Size
from gateway.settings.tables import FilePath, Identifier, Seconds, Table

Order: TypeAlias = Annotated[
    Literal["oldest_first", "newest_first"],
    Field(
        description="After an outage. `oldest_first`: as it came; `newest_first`: fresh data at once, and behind it "
        "what has waited, backwards in time."
    ),
]
BacklogRate: TypeAlias = Annotated[
    int,
    Field(
        ge=1,
        description="Points a second, at most, of what has waited: spares a database that comes back. Fresh data is "
        "not held up.",
    ),
]
_BACKLOG_RATE = 200_000


class InfluxDB(Table):
    """An InfluxDB, or what speaks its write API."""

    name: Identifier = Field(description="Name of the sink; its place in the spool is kept under it.")
    type: Literal["influxdb"] = Field(description="Kind of sink.")
    api: Literal["v1", "v2", "v3"] = Field(
        description="`v1`: `/write`; `v2`: `/api/v2/write`; `v3`: `/api/v3/write_lp`."
    )
    url: str = Field(description="`http://host:8086` or `https://...`.", pattern=r"^https?://[^\s@?#]+$")
    database: str | None = Field(default=None, description="v1, v3: the database.")
    retention_policy: str | None = Field(
        default=None, description="v1: retention policy, by default the database's default."
    )
    username: str | None = Field(default=None, description="v1: user name.")
    password_file: FilePath | None = Field(default=None, description="v1: file that holds the password.")
    org: str | None = Field(default=None, description="v2: organization.")
    bucket: str | None = Field(default=None, description="v2: bucket.")
    token_file: FilePath | None = Field(default=None, description="v2, v3: file that holds the token.")
    ca: FilePath | None = Field(default=None, description="PEM file of the authorities to trust for https.")
    gzip: bool = Field(default=False, description="Compress what is sent: for slow networks.")
    timeout: Duration = Field(default=30 * Seconds, description="How long a write may take.")
    max_batch: Size = Field(default=2 * 2**20, description="Largest body of a write.")
    order: Order = "oldest_first"
    backlog_rate: BacklogRate = _BACKLOG_RATE

    @model_validator(mode="after")
    def _target(self) -> InfluxDB:
        needs = {"v1": ("database",), "v2": ("org", "bucket"), "v3": ("database",)}[self.api]
        allowed = {
            "v1": {"database", "retention_policy", "username", "password_file"},
            "v2": {"org", "bucket", "token_file"},
            "v3": {"database", "token_file"},
        }[self.api]
        of_a_dialect = {
            "database",
            "retention_policy",
            "username",
            "password_file",
            "org",
            "bucket",
            "token_file",
        }
        if missing := [key for key in needs if getattr(self, key) is None]:
            raise ValueError(f'api = "{self.api}" needs {" and ".join(missing)}')
        if extra := sorted(key for key in of_a_dialect - allowed if getattr(self, key) is not None):
            raise ValueError(f'api = "{self.api}" has no {" and no ".join(extra)}')
        return self


class Historian(Table):
    """The embedded store: a SQLite file, for a laptop or a small site."""

    name: Identifier = Field(description="Name of the sink; its place in the spool is kept under it.")
    type: Literal["historian"] = Field(description="Kind of sink.")
    path: FilePath = Field(
        default=Path("data/historian.db"), validate_default=True, description="File of the historian."
    )
    order: Order = "oldest_first"
    backlog_rate: BacklogRate = _BACKLOG_RATE


SinkSettings: TypeAlias = Annotated[InfluxDB | Historian, Field(discriminator="type")]
