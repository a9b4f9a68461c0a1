"""Options of sources: where messages come from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, ValidationInfo, field_validator, model_validator

from gateway.settings.quantities import Duration, Size
from gateway.settings.tables import FilePath, Identifier, Seconds, Table


class Tls(Table):
    """TLS of a connection. The host name is always verified."""

    ca: FilePath | None = Field(
        default=None, description="PEM file of the authorities to trust; without it the system's."
    )
    cert: FilePath | None = Field(default=None, description="PEM file of the client certificate.")
    key: FilePath | None = Field(default=None, description="PEM file of the client's private key.")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Tls:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both or neither")
        return self


class MqttSource(Table):
    """A broker to collect from."""

    name: Identifier = Field(description="Name of the source; the MQTT client id is `{id}-{name}`.")
    url: str = Field(description="`mqtt://host[:1883]` or `mqtts://host[:8883]`.", pattern=r"^mqtts?://[^\s/@?#]+$")
    session: str | None = Field(
        default=None,
        description="Name of an adapter that owns the connection, such as `sparkplug`: it says what to subscribe to, "
        "what Will to leave and what to publish first and last, and takes all messages of this source.",
    )
    sparkplug: dict[str, JsonValue] = Field(
        default_factory=dict,
        description='Options of the session; only with `session = "sparkplug"`, and listed in docs/adapters.md.',
    )
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto",
        description="MQTT version; `auto` speaks 5 and falls back to 3.1.1 where the broker knows no 5.",
    )
    username: str | None = Field(default=None, description="MQTT user name.")
    password_file: FilePath | None = Field(default=None, description="File that holds the password.")
    tls: Tls | None = Field(default=None, description="TLS options; only with `mqtts://`.")
    keep_alive: Duration = Field(default=30 * Seconds, description="MQTT keep-alive interval.")
    session_expiry: Duration = Field(
        default=7 * 86_400 * Seconds,
        description="How long the broker keeps what arrives while the gateway is away (MQTT 5).",
    )
    shared_group: Identifier | None = Field(
        default=None,
        description="Share the topics with other gateways of this group (`$share/GROUP/...`, MQTT 5).",
    )
    window: int | None = Field(
        default=None,
        ge=1,
        le=65_535,
        description="Messages that the broker sends before it waits for an acknowledgement; by default 20 for 3.1.1, "
        "learned for 5.",
    )
    max_packet: Size = Field(
        default=1024 * 1024,
        description="Packets above this are not decoded: their first 64 KiB go to the dead letters. With a session "
        "`16MiB` by default: births are long.",
    )
    max_unacknowledged: Size = Field(
        default=4 * 1024 * 1024, description="Bytes received and not yet committed at which reading pauses."
    )

    @model_validator(mode="before")
    @classmethod
    def _room_for_births(cls, table: object) -> object:
        if isinstance(table, dict) and table.get("session") is not None:
            return {"max_packet": "16MiB", **table}
        return table

    @field_validator("session_expiry", "shared_group", "window")
    @classmethod
    def _only_for_sessions_that_last(cls, value: int | str | None, info: ValidationInfo) -> object:
        if value is not None and info.data.get("session") is not None:
            raise ValueError("remove it: a connection that an adapter owns begins with a clean start and keeps nothing")
        return value

    @field_validator("sparkplug")
    @classmethod
    def _only_for_sparkplug(cls, options: dict[str, JsonValue], info: ValidationInfo) -> dict[str, JsonValue]:
        if info.data.get("session") != "sparkplug":
            raise ValueError('these are options of a session: add session = "sparkplug"')
        return options

    @model_validator(mode="after")
    def _tls_needs_mqtts(self) -> MqttSource:
        if self.tls is not None and not self.url.startswith("mqtts://"):
            raise ValueError("tls is set, but url does not start with mqtts://")
        return self
