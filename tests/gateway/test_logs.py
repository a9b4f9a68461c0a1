"""A log line is one line, whatever a device wrote."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from gateway import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    file = io.StringIO()
    logs.configure("info", "json", file)
    yield file
    structlog.reset_defaults()


def test_a_hostile_topic_can_neither_forge_a_line_nor_disturb_a_terminal(written: io.StringIO) -> None:
    structlog.get_logger().warning("No route", topic='a\n{"level": "error"}\x1b[2J\u202e')
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["topic"] == 'a\\n{"level": "error"}\\x1b[2J\\u202e'


def test_a_long_fact_is_cut(written: io.StringIO) -> None:
    structlog.get_logger().warning("Too large", payload="x" * 10_000)
    assert len(written.getvalue()) < 1000


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    structlog.get_logger().debug("Received")
    assert written.getvalue() == ""
