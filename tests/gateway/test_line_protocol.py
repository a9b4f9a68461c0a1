"""What the encoder writes, what it replaces and what it refuses."""

from __future__ import annotations

import pytest
from line_protocol_parser import parse_line

from gateway.line_protocol import Encoder
from gateway.line_protocol.spelling import Spellings
from gateway.models import BAD, GOOD, MAX_TEXT_BYTES, STALE, Origin, Quality, Series, Telemetry, Value
from tests.gateway.telemetry import NOON_NS, telemetry


def encode_value(value: Value) -> str:
    (record,) = Encoder().encode(telemetry({"x": value}))
    return record.removeprefix("press,asset=press-7,site=berlin x=").removesuffix(f" {NOON_NS}")


def test_a_record_names_measurement_tags_fields_and_time() -> None:
    one = telemetry({"temperature": 23.5, "speed": 1450.0}, tags={"site": "berlin", "line": "l2"})

    assert Encoder().encode(one) == [f"press,asset=press-7,line=l2,site=berlin temperature=23.5,speed=1450.0 {NOON_NS}"]


def test_tags_stand_in_the_order_of_their_bytes() -> None:
    # As UTF-16 the second would come first; `Z` comes before `a` in any case.
    tags = {"\ufb01": "1", "\U0001f3ed": "2", "zone": "3", "Z": "4"}

    (record,) = Encoder().encode(telemetry({"x": 1.0}, tags=tags))

    assert record.startswith("press,Z=4,asset=press-7,zone=3,\ufb01=1,\U0001f3ed=2 ")


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (23.0, "23.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e22, "1e+22"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (42, "42i"),
        (-(2**63), "-9223372036854775808i"),
        (2**63 - 1, "9223372036854775807i"),
        (True, "true"),
        (False, "false"),
        ("RUN", '"RUN"'),
        ("", '""'),
        ('3" pipe', '"3\\" pipe"'),
        ("C:\\jobs\\", '"C:\\\\jobs\\\\"'),
        ('\\"=', '"\\\\\\"="'),
        ("a,b c=d", '"a,b c=d"'),
        ("tab\there", '"tab\there"'),
        ("two\nlines\r\n", '"two␊lines␍␊"'),
        ("\0 \x1b \x7f", '"␀ ␛ ␡"'),
    ],
)
def test_a_value_is_spelled_as_every_influxdb_reads_it(value: Value, spelling: str) -> None:
    assert encode_value(value) == spelling


def test_a_text_of_64_kib_is_kept_and_a_longer_one_is_cut_between_characters() -> None:
    whole = "é" * (MAX_TEXT_BYTES // 2)
    too_long = "漢" * (MAX_TEXT_BYTES // 3 + 1)

    assert encode_value(whole) == f'"{whole}"'
    cut = encode_value(too_long)[1:-1]
    assert MAX_TEXT_BYTES - 3 <= len(cut.encode()) <= MAX_TEXT_BYTES
    assert cut.endswith("漢…")


def test_the_limit_of_a_text_counts_what_is_stored_not_how_it_is_spelled() -> None:
    assert encode_value('"' * MAX_TEXT_BYTES) == '"' + '\\"' * MAX_TEXT_BYTES + '"'


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    # A model refuses one; nothing else may depend on that, as it would break every later write to the shard.
    series = Series.model_construct(asset="press\ud800", measurement="press", tags={})
    one = Telemetry.model_construct(series=series, values={"x\udc00": "a\ud83d"}, timestamp_ns=1)

    assert Encoder().encode(one) == ['press,asset=press\ufffd x\ufffd="a\ufffd" 1']


def test_a_backslash_in_a_name_becomes_a_slash() -> None:
    one = telemetry({"dir\\file": 1.0}, asset="hall\\7", measurement="a\\b", tags={"pa\\th": "c\\,d"})

    assert Encoder().encode(one) == [f"a/b,asset=hall/7,pa/th=c/\\,d dir/file=1.0 {NOON_NS}"]


def test_quality_is_written_as_opc_numbers_it_with_the_code_of_what_is_not_good() -> None:
    quality = {"a": GOOD, "b": BAD, "c": Quality(0, "Bad_NoCommunication"), "d": Quality(192, "Good_Clamped")}

    (record,) = Encoder().encode(telemetry({"a": 1.0, "d": 2.0}, quality={**quality, "e": STALE}))

    assert parse_line(record)["fields"] == {
        "a": 1.0,
        "d": 2.0,
        "a_q": 192,
        "b_q": 0,
        "c_q": 0,
        "c_status": "Bad_NoCommunication",
        "d_q": 192,
        "e_q": 500,
    }


def test_a_time_that_is_not_the_devices_own_is_marked() -> None:
    (record,) = Encoder().encode(telemetry({"a": 1.0}, time_status="received"))

    assert parse_line(record)["fields"] == {"a": 1.0, "time_status": "received"}


def test_quality_alone_is_a_record_and_nothing_at_all_is_none() -> None:
    assert Encoder().encode(telemetry({}, quality={"a": BAD})) == [f"press,asset=press-7,site=berlin a_q=0i {NOON_NS}"]
    assert Encoder().encode(telemetry({})) == []


@pytest.mark.parametrize(("fields", "records"), [(250, 1), (251, 2), (1000, 4)])
def test_more_than_250_fields_are_several_records_of_one_series_and_time(fields: int, records: int) -> None:
    values = {f"x{number}": float(number) for number in range(fields)}

    lines = [parse_line(record) for record in Encoder().encode(telemetry(values))]

    assert len(lines) == records
    assert {(line["measurement"], line["tags"]["asset"], line["time"]) for line in lines} == {
        ("press", "press-7", NOON_NS)
    }
    merged: dict[str, Value] = {}
    for line in lines:
        merged |= line["fields"]
    assert merged == values


@pytest.mark.parametrize("odd", ["p% =,", "b\\c", "Öl", "a b", "x" * 250])
@pytest.mark.parametrize("odd_value", ["a,b", 'say "x"', "back\\slash", 2**60, True, "漢" * 5000, "\x7f"])
def test_many_fields_are_spelled_as_each_by_itself(odd: str, odd_value: Value) -> None:
    values: dict[str, Value] = {f"v/{number}": (1.5, 7, "on", False)[number % 4] for number in range(600)}
    values |= {odd: odd_value, "last": 0.1}
    quality = {name: GOOD if number % 5 else BAD for number, name in enumerate(values)}
    encoder, end = Encoder(), f" {NOON_NS}"
    for marks in (quality, dict.fromkeys(values, GOOD), quality | {"last": Quality(0, "broken")}):
        several = encoder.encode(telemetry(values, quality=marks))
        joined = ",".join(
            record.removesuffix(end).removeprefix("press,asset=press-7,site=berlin ") for record in several
        )
        each = [
            *(Encoder().encode(telemetry({name: value}))[0] for name, value in values.items()),
            *(Encoder().encode(telemetry({}, quality={name: one}))[0] for name, one in marks.items()),
        ]
        assert joined == ",".join(
            one.removesuffix(end).removeprefix("press,asset=press-7,site=berlin ") for one in each
        )


def test_the_origin_of_telemetry_is_no_part_of_its_record() -> None:
    live = telemetry({"x": 1.0})
    assert Encoder().encode(live.model_copy(update={"origin": Origin.HISTORICAL})) == Encoder().encode(live)


@pytest.mark.parametrize("name", ["time", "site", "asset"])
def test_a_field_with_a_reserved_name_or_that_of_a_tag_is_refused(name: str) -> None:
    encoder = Encoder()
    for _ in range(2):  # what was learned must not make it pass the second time
        with pytest.raises(ValueError, match=name):
            encoder.encode(telemetry({"x": 1.0, name: 2.0}))


@pytest.mark.parametrize("name", ["time", "_field", "_measurement", "asset"])
def test_a_tag_with_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Encoder().encode(telemetry({"x": 1.0}, tags={name: "a"}))


def test_names_that_would_be_stored_as_one_are_refused() -> None:
    with pytest.raises(ValueError, match="stored as one"):
        Encoder().encode(telemetry({"a\\b": 1.0, "a/b": 2.0}))
    with pytest.raises(ValueError, match="stands twice"):
        Encoder().encode(telemetry({"x": 1.0}, tags={"a\\b": "1", "a/b": "2"}))
    with pytest.raises(ValueError, match="a_q"):
        Encoder().encode(telemetry({"a_q": 1.0}, quality={"a": GOOD}))
    with pytest.raises(ValueError, match="x_q"):
        Encoder().encode(telemetry({"x": 1.0}, tags={"x_q": "a"}, quality={"x": GOOD}))
    with pytest.raises(ValueError, match="time_status"):
        Encoder().encode(telemetry({"x": 1.0}, tags={"time_status": "a"}, time_status="received"))


@pytest.mark.parametrize("measurement", ["#press", "", "a\nb"])
def test_a_measurement_that_would_end_or_hide_a_record_is_refused(measurement: str) -> None:
    series = Series.model_construct(asset="press-7", measurement=measurement, tags={})
    with pytest.raises(ValueError, match=r"measurement|empty|control"):
        Encoder().encode(Telemetry.model_construct(series=series, values={"x": 1.0}, timestamp_ns=1))


def test_tags_beyond_what_a_server_can_index_are_refused() -> None:
    tags = {f"tag{number}": "漢" * 256 for number in range(90)}
    with pytest.raises(ValueError, match="64000 bytes"):
        Encoder().encode(telemetry({"x": 1.0}, tags=tags))


def test_spellings_remembered_are_bounded_by_what_they_take() -> None:
    spellings = Spellings("=", limit=100_000)
    for length in (10, 250):
        for number in range(2000):
            name = f"{number}".rjust(length, "x")
            assert spellings[name] == f"{name}="
        assert len(spellings) * (300 + 4 * length) <= 100_000


def test_spellings_asked_for_together_are_those_of_each_and_bounded_too() -> None:
    spellings = Spellings("=", limit=100_000)
    for start in range(0, 5000, 250):
        names = [f"v {number}" if number % 251 == 0 else f"v{number}" for number in range(start, start + 250)]
        assert spellings.of(names) == [Spellings("=")[name] for name in names]
        assert len(spellings) * 300 <= 100_000


def test_what_is_remembered_is_bounded() -> None:
    encoder = Encoder(max_series=10)
    for number in range(2000):
        names = [f"{number}.{field}" for field in range(50)]
        encoder.encode(telemetry(dict.fromkeys(names, 1.0) | {"t": ""}, asset=f"press-{number}"))

    assert len(encoder._known) <= 10
    assert sum(len(names) for layouts in encoder._layouts.values() for names in layouts) <= 65_536
