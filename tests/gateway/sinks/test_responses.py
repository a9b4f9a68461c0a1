"""What is read out of an answer, whoever gave it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.influxdb.reactions import Api, Reaction, dropped, rule_for
from gateway.sinks.influxdb.responses import MAX_REASON, Answer, printable, read_answer


@pytest.mark.parametrize(
    ("body", "message", "detail"),
    [
        (b'{"error":"database not found: \\"x\\""}\n', 'database not found: "x"', ""),
        (b'{"code":"invalid","message":"unable to parse"}', "unable to parse", ""),
        (b'{"code":"unauthorized"}', "unauthorized", ""),
        (b'{"error":{"code":9,"message":"nested"}}', "nested", ""),
        (b'{"error":"bad","data":{"error_message":"why","line_number":1}}', "bad", "why"),
        (b'{"error":"bad","data":[{"error_message":"a"},{"error_message":"b"},3,{"x":1}]}', "bad", "a; b"),
        (b'{"error":"bad","data":[' + b",".join([b'{"error_message":"a"}'] * 5) + b"]}", "bad", "a; a; a"),
        (b"<html>502</html>", "<html>502</html>", ""),
        (b'{"other":1}', '{"other":1}', ""),
        (b"[1]", "[1]", ""),
        (b"", "", ""),
        (b"\xff\xfe", "\ufffd\ufffd", ""),
    ],
)
def test_the_words_are_taken_out_of_their_wrapping(body: bytes, message: str, detail: str) -> None:
    answer = read_answer(400, {}, body)
    assert (answer.message, answer.detail) == (message, detail)


@pytest.mark.parametrize("key", ["error", "message"])
def test_words_that_were_cut_off_are_still_understood(key: str) -> None:
    whole = json.dumps({"code": "invalid", key: "partial write: unable to parse '" + "x" * 100_000})
    answer = read_answer(400, {}, whole.encode()[:65_536])
    assert rule_for("v1", answer).reaction is Reaction.REJECT


def test_an_answer_without_a_body_speaks_through_its_header() -> None:
    assert read_answer(400, {"X-Influxdb-Error": "partial write: x"}, b"").message == "partial write: x"


def test_a_date_to_come_back_at_is_measured_from_the_answers_own() -> None:
    headers = {"Retry-After": "Fri, 02 Jan 2026 10:00:30 GMT", "Date": "Fri, 02 Jan 2026 10:00:00 GMT"}
    assert read_answer(503, headers, b"").retry_after == 30.0


def test_the_version_is_found_where_each_version_says_it() -> None:
    assert read_answer(204, {"X-Influxdb-Version": "1.6.7"}, b"").version == "1.6.7"
    assert read_answer(200, {}, b'{"version":"3.10.1","revision":"abc"}').version == "3.10.1"


def test_a_reason_is_one_short_line_without_control_characters() -> None:
    reason = Answer(400, "a\nb\x1b[31m\u202ec" + "x" * 5000).reason
    assert reason.startswith("HTTP 400: a b [31m c")
    assert len(reason) == MAX_REASON
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("message", "records"),
    [
        ("partial write: points beyond retention policy dropped=5000", 5000),
        ("partial write: dropped 3 points outside retention policy of duration 1h", 3),
        ("partial write: unable to parse 'm x= dropped=7' dropped=7", 0),
        ('partial write: field type conflict: input field "dropped=9" is type', 0),
        ("timeout", 0),
    ],
)
def test_the_number_of_refused_records_is_believed_only_where_it_is_certain(message: str, records: int) -> None:
    assert dropped(Answer(400, message)) == records


@given(
    status=st.integers(0, 999),
    body=st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()),
    headers=st.dictionaries(st.sampled_from(["Retry-After", "Date", "X-Influxdb-Error"]), st.text()),
    api=st.sampled_from(["v1", "v2", "v3"]),
)
def test_no_answer_is_too_strange_to_be_read(status: int, body: bytes, headers: dict[str, str], api: Api) -> None:
    answer = read_answer(status, headers, body)
    assert 0 <= answer.retry_after <= 600
    assert (rule_for(api, answer).reaction is Reaction.DONE) == (status == 204)
    assert printable(answer.reason) == answer.reason
