"""The options of the JSON adapter: which keys mean what."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.quality import QualityCodes


class JsonOptions(BaseModel):
    """Every option of the JSON adapter, each with its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timestamp_key: str | None = Field(
        default=None,
        description="Key of the time, or its path (`header.sent`); by default the usual ones are known. "
        "Set by the route's `timestamp.key`.",
    )
    asset_key: str | None = Field(
        default=None, description="Key, or path, of the machine's name, where the message says it."
    )
    measurement_key: str | None = Field(
        default=None, description="Key, or path, of the type of machine, where the message says it."
    )
    value_keys: tuple[str, ...] = Field(
        default=("value", "Value", "val", "v", "data", "d", "result"),
        description="Keys of the value of a reading such as `{value, timestamp, unit, quality}`.",
    )
    unit_keys: tuple[str, ...] = Field(
        default=("unit", "Unit", "units", "uom", "engUnit", "engineeringUnit", "u"),
        description="Keys of the unit of a reading.",
    )
    quality_keys: tuple[str, ...] = Field(
        default=("quality", "Quality", "statusCode", "StatusCode", "status_code", "q"),
        description="Keys of the quality of a reading.",
    )
    quality_codes: QualityCodes = Field(
        default="opc_da",
        description="How a number from 0 to 65535 as quality is read: `opc_da` (192 good, 64 uncertain, 0 bad) or "
        "`opc_ua` (0 good). Larger ones are always OPC UA status codes.",
    )
    name_keys: tuple[str, ...] = Field(
        default=("name", "Name", "externalId", "tagName", "tag_name", "metricName", "metric", "tag", "id", "n"),
        description="Keys of the name of a reading, or of an element of an array.",
    )
    containers: tuple[str, ...] = Field(
        default=("values", "readings", "metrics", "measurements", "timeseriesData", "items", "batch"),
        description="Keys that hold values and are no part of their names.",
    )
    context: tuple[str, ...] = Field(
        default=(
            "type",
            "dataType",
            "datatype",
            "data_type",
            "dt",
            "metadata",
            "meta",
            "context",
            "asset",
            "asset_id",
            "assetId",
            "device",
            "device_id",
            "deviceId",
            "sensor",
            "sensor_id",
            "sensorId",
            "source",
            "description",
            "displayName",
            "display_name",
            "labels",
            "tags",
            "attributes",
            "properties",
            "seq",
            "sequence",
            "messageId",
            "message_id",
            "schema",
            "version",
            "uri",
            "topic",
        ),
        description="Keys that, beside the value of a reading, tell about it and are no values themselves.",
    )
    ignore: tuple[str, ...] = Field(
        default=("metadata", "meta", "*.metadata", "*.meta"),
        description="Names that are not stored, nor anything below them; `*` stands for any characters.",
    )
    arrays: Literal["index", "text", "ignore"] = Field(
        default="index",
        description="Arrays of plain values: `index` stores `name[0]`, `name[1]`, ...; `text` the array as JSON text.",
    )
    scalars: Literal["auto", "text", "refuse"] = Field(
        default="auto",
        description="Messages that are one bare value: `auto` tells numbers, booleans and text apart, `text` takes all "
        "as text, `refuse` sets them aside.",
    )
    decimal_comma: bool = Field(default=False, description="A bare `23,4` is the number 23.4, not a text.")
    depth: int = Field(default=10, ge=1, le=100, description="Levels of nesting; what lies deeper is rejected.")
    max_values: int = Field(
        default=1000, ge=1, description="Values in a message; one with more is set aside as a whole."
    )
    max_inflated_bytes: int = Field(
        default=8 * 2**20, ge=1, description="Bytes to which a gzip body may unpack, at most 100 times its size."
    )
