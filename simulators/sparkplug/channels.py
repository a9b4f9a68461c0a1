"""What each kind of machine is called in Sparkplug: metric, datatype, engineering unit and range."""

from __future__ import annotations

from typing import NamedTuple

from adapters.sparkplug.codec import DataType


class Channel(NamedTuple):
    """One metric of a node or device.

    Attributes:
        key: Under which a sample holds its value.
        name: Of the metric, as births say it.
        datatype: Of its value.
        alias: By which data messages name it; None: by its name.
        unit: Engineering unit, property `engUnit`; empty where there is none.
        low: Lower end of its range, property `engLow`.
        high: Upper end of its range, property `engHigh`.
        is_transient: Whether it says that it is not worth storing.
        in_data: Whether it may stand in a data message; definitions of templates stand in births only.
    """

    key: str
    name: str
    datatype: DataType
    alias: int | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    is_transient: bool = False
    in_data: bool = True


def _channel(
    name: str, datatype: DataType, unit: str = "", low: float | None = None, high: float | None = None
) -> Channel:
    return Channel(name, name, datatype, unit=unit, low=low, high=high)


# A Float only where the machine rounds to six digits: more would not survive 32 bits.
_MILL = (
    _channel("state", DataType.STRING),
    _channel("program", DataType.STRING),
    _channel("running", DataType.BOOLEAN),
    _channel("door_open", DataType.BOOLEAN),
    _channel("alarm_code", DataType.INT64),
    _channel("part_count", DataType.INT64),
    _channel("reject_count", DataType.INT64),
    _channel("spindle_speed", DataType.DOUBLE, "1/min", 0, 24_000),
    _channel("spindle_load", DataType.FLOAT, "%", 0, 150),
    _channel("feed_rate", DataType.DOUBLE, "mm/min", 0, 30_000),
    _channel("power", DataType.FLOAT, "kW", 0, 30),
    _channel("temperature", DataType.FLOAT, "degC", 0, 120),
)

_METER = (
    *(_channel(f"voltage_l{phase}", DataType.FLOAT, "V", 0, 300) for phase in (1, 2, 3)),
    *(_channel(f"current_l{phase}", DataType.DOUBLE, "A", 0, 400) for phase in (1, 2, 3)),
    *(_channel(f"power_factor_l{phase}", DataType.FLOAT, "", -1, 1) for phase in (1, 2, 3)),
    *(_channel(f"active_power_l{phase}", DataType.FLOAT, "kW", 0, 100) for phase in (1, 2, 3)),
    _channel("active_power", DataType.DOUBLE, "kW", 0, 300),
    _channel("power_factor", DataType.FLOAT, "", -1, 1),
    _channel("frequency", DataType.FLOAT, "Hz", 45, 55),
    _channel("energy", DataType.DOUBLE, "kWh"),
)

_NODE = (
    _channel("Properties/Software", DataType.STRING),
    _channel("health/cpu_load", DataType.FLOAT, "%", 0, 100),
    _channel("health/memory_free", DataType.INT64, "MB", 0, 512),
    _channel("health/door_contact", DataType.BOOLEAN),
)

CHANNELS = {"cnc_mill": _MILL, "energy_meter": _METER, "edge_node": _NODE}
"""The metrics of each kind of machine, in the order of its telemetry, without aliases."""
