"""Adapters by name."""

from __future__ import annotations

import pytest

from adapters import ADAPTERS, load
from gateway.interfaces import Adapter
from tests.adapters.samples import DATA


def test_a_known_name_is_its_class() -> None:
    assert [load(name) for name in ADAPTERS] == list(ADAPTERS.values())


def test_a_foreign_adapter_is_named_by_its_class() -> None:
    assert load("adapters.plain_json:PlainJson") is ADAPTERS["json"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("jsn", "there is no adapter 'jsn': known are json"),
        ("no.such.module:Thing", "cannot be imported: No module named 'no'"),
        (":Thing", "there is no adapter ':Thing'"),
        (".plain_json:PlainJson", "there is no adapter"),
        ("adapters.plain_json:Thing", "has no class 'Thing'"),
        ("adapters:load", "has no class 'load'"),
        ("gateway.models:Message", "is no adapter: it has no decode and no advance and no names_asset"),
    ],
)
def test_what_is_no_adapter_is_refused_with_a_reason(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load(name)


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_has_samples_and_options_that_are_described(name: str) -> None:
    assert list((DATA / name).iterdir())
    adapter = ADAPTERS[name]()
    assert isinstance(adapter, Adapter)
    assert all(field.description for field in getattr(type(adapter), "model_fields", {}).values())
