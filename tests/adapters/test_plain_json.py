"""The JSON adapter where no sample folder shows it: options, bounds, hostile input, and the laws of the quick way."""

from __future__ import annotations

import gzip
import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.plain_json import PlainJson
from gateway.interfaces import Adapter
from gateway.models import BAD, GOOD, Decoded, Message, Observation, Origin, Reject
from tests.adapters.samples import Reading, readings, rejects


def message(payload: bytes | str | object, *, retained: bool = False) -> Message:
    if not isinstance(payload, bytes):
        payload = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    return Message("plant/press-7", payload, 1, retained=retained)


def decode(payload: bytes | str | object, **options: object) -> list[Decoded]:
    return list(PlainJson.model_validate(options).decode(message(payload)))


def values(decoded: list[Decoded]) -> list[tuple[str, object]]:
    return [(reading.name, reading.value) for reading in readings(decoded)]


def test_it_is_an_adapter_that_waits_for_nothing() -> None:
    adapter = PlainJson()
    assert isinstance(adapter, Adapter)
    assert list(adapter.advance(1)) == []


def test_it_names_the_asset_only_if_told_where() -> None:
    assert not PlainJson().names_asset
    assert PlainJson(asset_key="device").names_asset


def test_options_are_frozen_described_and_unknown_ones_refused() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PlainJson().depth = 3  # type: ignore[misc]  # that is the test
    with pytest.raises(ValidationError, match="Extra inputs"):
        PlainJson.model_validate({"timestampkey": "ts"})
    assert all(field.description for field in PlainJson.model_fields.values())


def test_a_good_message_carries_the_very_constant_for_good() -> None:
    for payload in ({"ts": 1760000000, "a": 1.0}, {"ts": 1760000000, "value": 1, "quality": "GOOD"}, {"g": {"a": 1}}):
        (observation,) = decode(payload)
        assert isinstance(observation, Observation)
        assert observation.quality is GOOD


def test_a_flat_message_is_one_observation_however_many_times_its_keys_were_seen() -> None:
    adapter = PlainJson()
    for number in range(3):
        assert list(adapter.decode(message({"ts": 1760000000 + number, "a": 1.5, "b": "x"}))) == [
            Observation({"a": 1.5, "b": "x"}, 1760000000 + number)
        ]


def test_the_key_of_the_time_can_be_named() -> None:
    payload = {"measured": 1760000000, "time": 3.5, "ts_ms": 7}
    assert readings(decode(payload, timestamp_key="measured")) == [
        Reading(name, value, 1760000000, "", 192, "", "", "", "live") for name, value in (("time", 3.5), ("ts_ms", 7))
    ]


@pytest.mark.parametrize(
    ("payload", "time", "names"),
    [
        ({"t": 21.5, "h": 40}, None, ["h", "t"]),
        ({"t": 1760000000, "h": 40}, 1760000000, ["h"]),
        ({"time": "2026-03-02T06:15:00Z", "h": 40}, "2026-03-02T06:15:00Z", ["h"]),
        ({"time": "fast", "h": 40}, None, ["h", "time"]),
        ({"timestamp": "fast", "h": 40}, "fast", ["h"]),
        ({"ts": 12, "h": 40}, 12, ["h"]),
        ({"ts": None, "h": 40}, None, ["h"]),
        ({"ts": 1760000000, "time": 12.5, "h": 40}, 1760000000, ["h", "time"]),
        ({"ts": True, "h": 40}, None, ["h", "ts"]),
        ({"ts": {"s": 1}, "h": 40}, None, ["h", "ts.s"]),
    ],
)
def test_what_cannot_be_a_time_is_a_value(payload: object, time: object, names: list[str]) -> None:
    adapter = PlainJson()
    for _ in range(2):
        found = readings(adapter.decode(message(payload)))
        assert sorted(reading.name for reading in found) == names
        assert {reading.time for reading in found} == {time}


def test_ignored_names_are_not_stored_nor_what_lies_below_them() -> None:
    payload = {"a": 1, "debug": {"heap": 2}, "x": {"debug": 3, "b": 4}, "debugger": 5, "list": [6]}
    found = values(decode(payload, ignore=["debug", "*.debug", "list"]))
    assert found == [("a", 1), ("debugger", 5), ("x.b", 4)]


def test_metadata_is_ignored_unless_the_options_say_otherwise() -> None:
    payload = {"a": 1, "metadata": {"limit": 9}}
    assert values(decode(payload)) == [("a", 1)]
    assert values(decode(payload, ignore=[])) == [("a", 1), ("metadata.limit", 9)]


def test_what_lies_too_deep_is_rejected_and_the_rest_kept() -> None:
    decoded = decode({"a": {"b": {"c": 1}}, "d": 2, "e": [[[3]]]}, depth=2)
    assert values(decoded) == [("d", 2)]
    assert rejects(decoded) == [
        Reject("a.b", "nested deeper than 2 levels"),
        Reject("e[0]", "nested deeper than 2 levels"),
    ]


@pytest.mark.parametrize("keys", [6, 60])
def test_too_many_values_are_refused_as_a_whole(keys: int) -> None:
    for payload in (
        {f"k{number}": number for number in range(keys)},
        list(range(keys)),
        {"g": {f"k{number}": {"v": number} for number in range(keys)}},
        {f"k{number}": {"x": {"y": 1}} for number in range(keys)},
    ):
        adapter = PlainJson(max_values=5, depth=2)
        for _ in range(2):
            with pytest.raises(ValueError, match="max_values"):
                adapter.decode(message(payload))


@pytest.mark.parametrize(
    "payload",
    [b"[" + b"[]," * 300_000 + b"1]", b'{"a": [' + b"{}," * 300_000 + b"1]}", b"[" + b"null," * 300_000 + b"1]"],
)
def test_a_message_of_a_million_empty_parts_is_refused_early(payload: bytes) -> None:
    with pytest.raises(ValueError, match="max_values"):
        decode(payload)


def test_a_long_array_that_is_not_stored_costs_nothing_but_itself() -> None:
    payload = {"ts": 1760000000, "rms": 0.5, "waveform": [0.25] * 100_000}
    assert values(decode(payload, arrays="ignore")) == [("rms", 0.5)]


def test_a_reading_that_a_key_names_is_only_described_by_its_own_name() -> None:
    assert values(decode({"p1": {"name": "Line pressure", "value": 5}})) == [("p1", 5)]
    assert values(decode({"name": "p1", "value": 5})) == [("p1", 5)]
    assert values(decode([{"name": "hall", "humidity": 41, "unit": "%RH"}])) == [("hall.humidity", 41)]


def test_a_uuid_names_no_value() -> None:
    payload = {"id": "0b5e4a3c-77b1-4c65-9d3f-0a4f4b2f4d11", "timestamp": 1760000000, "value": 4}
    assert values(decode(payload)) == [("", 4)]


def test_a_number_names_a_channel_but_not_a_record() -> None:
    assert values(decode([{"id": 1, "v": 5}, {"id": 2, "v": 6}])) == [("1", 5), ("2", 6)]
    assert values(decode([{"id": 1, "v": 5, "ts": 1760000000}, {"id": 2, "v": 6, "ts": 1760000001}])) == [
        ("", 5),
        ("", 6),
    ]


def test_two_values_of_one_name_are_two_observations() -> None:
    decoded = decode([{"ts": 1760000001, "a": 1, "b": 1}, {"ts": 1760000002, "b": 2}, {"ts": 1760000003, "a": 3}])
    assert decoded == [
        Observation({"a": 1, "b": 1}, 1760000001),
        Observation({"b": 2, "a": 3}, 1760000002, {"a": 1760000003}),
    ]


def test_quality_codes_of_opc_ua_need_the_option() -> None:
    def quality(codes: str) -> list[int]:
        found = readings(decode([{"name": "a", "value": 1, "quality": 0}], quality_codes=codes))
        return [reading.quality for reading in found]

    assert quality("opc_da") == [BAD.level]
    assert quality("opc_ua") == [GOOD.level]


def test_a_retained_message_is_marked_whatever_its_layout() -> None:
    for payload in ({"ts": 1760000000, "a": 1}, {"value": 1}, {"a": {"b": 1}}, 12.5, "RUN"):
        (observation,) = PlainJson().decode(message(payload, retained=True))
        assert isinstance(observation, Observation)
        assert observation.origin is Origin.RETAINED


def test_a_transient_value_is_marked_and_a_retained_one_stays_retained() -> None:
    for retained, origin in ((False, Origin.TRANSIENT), (True, Origin.RETAINED)):
        sent = message({"value": 1}, retained=retained)._replace(user_properties=(("Transient", "true"),))
        (observation,) = PlainJson().decode(sent)
        assert isinstance(observation, Observation)
        assert observation.origin is origin


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("Double", "72.5", 72.5),
        ("Float", "7", 7.0),
        ("Int32", "-7", -7),
        ("UInt64", "18446744073709551615", 18446744073709551615),
        ("Int16", "7.0", 7),
        ("Boolean", "true", True),
        ("Boolean", "0", False),
        ("String", "72.5", "72.5"),
        ("Double", "NaN", None),
        ("Unheard", "72.5", "72.5"),
    ],
)
def test_a_user_property_tells_the_type_of_a_text(kind: str, text: str, value: object) -> None:
    sent = message({"value": text})._replace(user_properties=(("type", kind),))
    (reading,) = readings(PlainJson().decode(sent))
    assert (reading.value, type(reading.value)) == (value, type(value))


def test_user_properties_tell_time_unit_and_quality_of_a_bare_value() -> None:
    properties = (("timestamp", "1790000000000"), ("Unit", "kW"), ("quality", "Bad_NoCommunication"))
    (observation,) = PlainJson().decode(message(4.2)._replace(user_properties=properties))
    assert isinstance(observation, Observation)
    assert (observation.time, observation.units) == ("1790000000000", {"": "kW"})
    assert isinstance(observation.quality, dict)
    assert (observation.quality[""].level, observation.quality[""].code) == (BAD.level, "Bad_NoCommunication")


def test_what_the_payload_says_itself_goes_before_user_properties() -> None:
    sent = message({"value": 1, "timestamp": 1_790_000_000, "unit": "W", "quality": "good"})
    (observation,) = PlainJson().decode(
        sent._replace(user_properties=(("timestamp", "1"), ("unit", "kW"), ("quality", "bad")))
    )
    assert isinstance(observation, Observation)
    assert (observation.time, observation.units, observation.quality) == (1_790_000_000, {"": "W"}, GOOD)


@pytest.mark.parametrize("payload", [b"", b" \r\n", b"\0", b"{}", b"[]", b'{"ts": 1760000000}', b"\xef\xbb\xbf"])
def test_a_message_without_values_says_nothing(payload: bytes) -> None:
    assert decode(payload) == []


def gzipped(content: bytes) -> bytes:
    """Compress it without the time of day, which would get into the names of tests: these must always be the same."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 100_000,
        b'{"a": 1} {"a": 2}',
        b"{'a': 1}",
        b'{"a": 01}',
        b'"cut',
        b"\xff\xfe{\0}\0",
        b"\x1f\x8b",
        b"7" * 5000,
        gzipped(b'{"a": 1}')[:-9],
        gzipped(b'{"a": 1}') + b"x",
        gzipped(b'{"a": 1}') + gzipped(b'{"a": 2}'),
        gzipped(gzipped(b'{"a": 1}')),
        gzipped(b'{"a": "' + b"0" * 10_000_000 + b'"}'),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_what_can_never_be_understood_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(payload)


def test_a_gzip_body_unpacks_to_no_more_than_allowed() -> None:
    body = gzip.compress(json.dumps({"a": "0123456789" * 5000}).encode())
    assert len(decode(body)) == 1
    with pytest.raises(ValueError, match="unpacks to too much"):
        decode(body, max_inflated_bytes=40_000)


keys = st.one_of(
    st.sampled_from(
        ["value", "v", "ts", "t", "time", "timestamp", "unit", "u", "quality", "q", "name", "id", "n", "type", "values"]
    ),
    st.text(max_size=3),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(1_760_000_000, 1_760_000_010),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["GOOD", "bad", "NaN", "mm", "2026-03-02T06:15:00Z"]),
)
documents = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
    max_leaves=12,
)
options = st.fixed_dictionaries(
    {},
    optional={
        "timestamp_key": st.sampled_from(["t", "ts", "time", "value.ts"]),
        "asset_key": st.sampled_from(["name", "id", "a.name"]),
        "arrays": st.sampled_from(["index", "text", "ignore"]),
        "depth": st.integers(1, 5),
        "max_values": st.integers(1, 8),
        "ignore": st.sampled_from([["v*"], ["t", "*.u"]]),
    },
)


@given(options, documents)
def test_any_document_is_decoded_or_refused_and_every_value_is_storable_or_none(
    chosen: dict[str, object], document: object
) -> None:
    payload = json.dumps(document).encode()
    try:
        decoded = decode(payload, **chosen)
    except ValueError:
        return
    for reading in readings(decoded):
        assert reading.value is None or type(reading.value) in (bool, int, float, str)
        assert reading.value is not None or reading.quality != GOOD.level
        assert isinstance(reading.time, int | float | str | None)
        json.dumps(reading.value, allow_nan=False).encode()
        (reading.name + reading.unit + reading.code + reading.asset + reading.measurement).encode()


@given(options, documents)
@example({}, {"value": 1, "ts": 1760000000})
@example({}, {"a": 10**30, "ts": 1760000000})
@example({}, {"a": 1e30, "t": 1760000000, "b": "NaN"})
def test_the_quick_way_and_the_long_way_say_the_same(chosen: dict[str, object], document: object) -> None:
    # What is retained goes the long way; so does what has user properties, which say nothing here.
    payload = json.dumps(document).encode()
    adapter = PlainJson.model_validate(chosen)
    try:
        slow = readings(adapter.decode(message(payload)._replace(user_properties=(("trace", "00"),))))
    except ValueError:
        slow = []
        with pytest.raises(ValueError, match=r"."):
            adapter.decode(message(payload))
        return
    for _ in range(2):
        assert readings(adapter.decode(message(payload))) == slow


@given(st.lists(documents, max_size=6))
def test_a_message_means_the_same_whatever_came_before_it(several: list[object]) -> None:
    seasoned = PlainJson()
    for document in several:
        payload = json.dumps(document).encode()
        assert readings(seasoned.decode(message(payload))) == readings(PlainJson().decode(message(payload)))


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(payload: bytes) -> None:
    try:
        decode(payload)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # the alternative to no error at all


def test_what_is_remembered_is_bounded() -> None:
    adapter = PlainJson()
    for number in range(3000):
        adapter.decode(message({f"key{number}": 1, "g": {f"inner{number}": 2}, f"{number}" * 5000: 3}))

    for remembered in (adapter._flat, adapter._shapes.usual, adapter._shapes.unmarked, adapter._ignored):
        assert len(remembered) <= 1024
        assert all(len("".join(key)) <= 4096 for key in remembered)
