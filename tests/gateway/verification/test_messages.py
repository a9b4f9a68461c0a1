"""The messages of a verification, and that the gateway understands them as they are meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway import app
from gateway.settings import load
from gateway.settings.sources import MqttSource
from gateway.verification import Kind, Messages, Stream
from gateway.verification.document import document
from tests.gateway.verification.books import MESSAGES, TIMED, UNTIMED

SINK = '[[sinks]]\nname = "h"\ntype = "historian"'


def explained(folder: Path, messages: Messages, stream: Stream, number: int) -> str:
    file = folder / "gateway.toml"
    broker = MqttSource(name="any", url="mqtt://127.0.0.1")
    file.write_text(document(messages, broker, SINK, acknowledge="after_commit", spool=""))
    settings = load(file)
    assert app.check(settings, str(file)) == []
    payload = messages.payload(stream, number)
    (record,) = app.explain(app.assemble(settings, str(file)), messages.topic(stream), payload).records
    return record


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_stored_as_a_measurement_of_its_own_under_its_run_and_machine(tmp_path: Path, kind: Kind) -> None:
    record = explained(tmp_path, Messages("run-1", time.time_ns() // 1_000_000), Stream(kind, "m3"), 7)
    number = 1 if kind is Kind.CONSTANT else 7
    assert record.startswith(f"{kind.measurement},asset=m3,run=run-1 n={number}.0")


def test_a_timed_message_is_stored_at_its_own_time(tmp_path: Path) -> None:
    messages = Messages("run-1", time.time_ns() // 1_000_000 - 60_000)
    record = explained(tmp_path, messages, TIMED, 7)
    assert record.endswith(f" {messages.time_ns(TIMED, 7)}")


def test_times_of_one_machine_differ_and_the_others_have_none() -> None:
    assert len({MESSAGES.time_ns(TIMED, number) for number in range(1000)}) == 1000
    assert MESSAGES.time_ns(UNTIMED, 1) is None


def test_constant_messages_are_all_the_same() -> None:
    stream = Stream(Kind.CONSTANT, "m0")
    assert MESSAGES.payload(stream, 1) == MESSAGES.payload(stream, 2)
