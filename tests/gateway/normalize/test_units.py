"""Units as factories write them."""

from __future__ import annotations

import pytest

from gateway.normalize.units import canonical, conversion


@pytest.mark.parametrize(
    ("source", "target", "value", "converted"),
    [
        ("degF", "degC", 212.0, 100.0),
        ("°F", "°C", -40.0, -40.0),
        ("FAHRENHEIT", "CELSIUS", 32.0, 0.0),
        ("K", "degC", 273.15, 0.0),
        ("hours", "h", 3.0, 3.0),
        ("min", "h", 90.0, 1.5),
        ("W", "kW", 2500.0, 2.5),
        ("Wh", "kWh", 1500.0, 1.5),
        ("kWh", "MJ", 1.0, 3.6),
        ("WATT_SECOND", "kWh", 3.6e6, 1.0),
        ("bar", "kPa", 6.0, 600.0),
        ("MILLIMETER/SECOND", "m/min", 100.0, 6.0),
        ("rpm", "Hz", 60.0, 1.0),
        ("REVOLUTION/MINUTE", "rpm", 1200.0, 1200.0),
        ("%", "1", 50.0, 0.5),
        ("l/min", "m³/h", 100.0, 6.0),
    ],
)
def test_a_number_is_converted(source: str, target: str, value: float, converted: float) -> None:
    assert conversion(source, target).apply(value) == pytest.approx(converted, abs=1e-12)


@pytest.mark.parametrize(
    ("source", "target", "value", "converted"),
    [
        ("degF", "degC", 32.0, 0.0),
        ("degF", "degC", 212.0, 100.0),
        ("degF", "degC", 32.9, 0.5),
        ("degF", "degC", -40.0, -40.0),
        ("degC", "degF", 0.0, 32.0),
        ("degC", "degF", -160 / 9, 0.0),
        ("degF", "kelvin", 32.0, 273.15),
        ("kelvin", "degC", 273.25, 0.1),
        ("degC", "kelvin", -273.15, 0.0),
    ],
)
def test_an_offset_leaves_no_noise_behind(source: str, target: str, value: float, converted: float) -> None:
    assert repr(conversion(source, target).apply(value)) == repr(converted)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e308, 5e-324])
def test_a_number_at_the_edge_is_converted_with_an_offset_too(value: float) -> None:
    assert conversion("degC", "kelvin").apply(value) == pytest.approx(value + 273.15)


@pytest.mark.parametrize(
    ("source", "reason"), [("kg", "cannot be converted"), ("parsnip", "not known"), ("((((", "not known")]
)
def test_what_cannot_be_converted_says_why(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        conversion(source, "m")


@pytest.mark.parametrize(
    "unit", ["9" * 30 + "**" * 10_000, "9**9**9**9", "0/0", "m**99999", "()", "m;m", "a.b", "m" * 64]
)
def test_a_hostile_unit_costs_nothing(unit: str) -> None:
    with pytest.raises(ValueError, match="not known"):
        conversion(unit, "m")
    assert canonical(unit) == unit


@pytest.mark.parametrize(
    ("unit", "symbol"),
    [
        ("hours", "h"),
        ("CELSIUS", "°C"),
        ("PERCENT", "%"),
        ("REVOLUTION/MINUTE", "rpm"),
        ("kwh", "kWh"),
        ("m3/h", "m³/h"),
        ("m3/min", "m³/min"),
        ("m3", "m³"),
        ("parsnip", "parsnip"),
        ("", ""),
    ],
)
def test_a_unit_is_told_by_its_usual_symbol(unit: str, symbol: str) -> None:
    assert canonical(unit) == symbol
