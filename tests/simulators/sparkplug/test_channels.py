"""Channels: a signal's metric has its name, unit and range, and a type that holds its values."""

from __future__ import annotations

import struct
from itertools import count

import pytest

from adapters.sparkplug.codec import DataType
from simulators.machines import MACHINES
from simulators.machines.signal import Signal
from simulators.sparkplug.cabinet import Cabinet
from simulators.sparkplug.channels import Channel, channels


def channel(signal: Signal, folder: str = "") -> Channel:
    (made,) = channels([signal], count(7), folder)
    return made


def test_a_channel_has_name_unit_range_and_alias() -> None:
    signal = Signal("power", "float", "kW", "Active power", low=0.0, high=30.0)
    made = channel(signal, "hall/mill/")
    assert (made.key, made.name, made.alias) == ("power", "hall/mill/power", 7)
    assert (made.unit, made.low, made.high) == ("kW", 0.0, 30.0)


def test_aliases_go_on_from_machine_to_machine() -> None:
    aliases = count(1)
    made = [each for kind in MACHINES.values() for each in channels(kind.signals, aliases)]
    assert [each.alias for each in made] == list(range(1, len(made) + 1))


@pytest.mark.parametrize(
    ("signal", "datatype"),
    [
        (Signal("x", "text", "", "Text"), DataType.STRING),
        (Signal("x", "bool", "", "Switch"), DataType.BOOLEAN),
        (Signal("x", "int", "", "Counter"), DataType.INT64),
        (Signal("x", "float", "", "Without range"), DataType.DOUBLE),
        (Signal("x", "float", "", "Without upper end", low=0.0), DataType.DOUBLE),
        (Signal("x", "float", "", "Six digits", decimals=3, low=0.0, high=999.0), DataType.FLOAT),
        (Signal("x", "float", "", "Seven digits", decimals=3, low=-1000.0, high=0.0), DataType.DOUBLE),
    ],
)
def test_types_hold_the_values(signal: Signal, datatype: DataType) -> None:
    assert channel(signal).datatype == datatype


@pytest.mark.parametrize("kind", [Cabinet, *MACHINES.values()])
def test_the_ends_of_the_range_of_a_float_survive_32_bits(kind: type[Cabinet]) -> None:
    for signal, made in zip(kind.signals, channels(kind.signals, count()), strict=True):
        if made.datatype == DataType.FLOAT:
            assert signal.low is not None
            assert signal.high is not None
            step = 10**-signal.decimals
            for value in (signal.low + step, signal.high - step):
                rounded = round(value, signal.decimals)
                (held,) = struct.unpack("<f", struct.pack("<f", rounded))
                assert round(held, signal.decimals) == rounded
