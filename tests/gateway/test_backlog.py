"""How fast a backlog shrinks, what is said of it, and how fast it may go."""

from __future__ import annotations

import time

import pytest
import structlog

from gateway.backlog import OLD_NS, Backlog, Rate, Throttle
from gateway.spool import Amounts, Row
from gateway.status import SinkStatus

SECOND_NS = 1_000_000_000


def row(number: int, points: int = 1, age_ns: int = 0) -> Row:
    return Row(number, time.time_ns() - age_ns, points, points, 10, b"", b"")


def test_a_steady_change_is_the_rate_at_once() -> None:
    rate = Rate()
    for second in range(5):
        rate.note(second * 250, second)
    assert rate.per_second == pytest.approx(250)


def test_a_rate_follows_a_change_within_a_minute() -> None:
    rate = Rate()
    number = 0.0
    for second in range(300):
        rate.note(number, second)
        number += 100 if second < 200 else 0
    assert 0 <= rate.per_second < 10


def test_points_pass_at_the_rate_on_average() -> None:
    throttle, now, passed = Throttle(1000), 0.0, 0
    while now < 10:
        now += throttle.delay(now)
        throttle.passed(throttle.portion, now)
        passed += throttle.portion
    assert passed / 10 == pytest.approx(1000, rel=0.1)


def test_a_sink_that_catches_up_is_told_when_it_will_have_everything() -> None:
    status = SinkStatus(state="ready")
    backlog = Backlog("db", status, Throttle(1e9))
    old = time.time_ns() - 2 * OLD_NS
    with structlog.testing.capture_logs() as log:
        for second in range(70):
            status.points = second * 1000
            backlog.observe(Amounts(5, 50, 100_000 - second * 1000, 9), old, None, second)
        assert status.gone_in_s == pytest.approx(31)
        assert status.points_per_second == pytest.approx(1000)
        backlog.observe(Amounts(), 0, None, 71)
    assert [entry["event"] for entry in log] == [
        "The sink catches up with what has waited",
        "The sink catches up with what has waited",
        "The sink has everything again",
    ]
    assert (log[1]["gone_in_s"], log[1]["points_per_second"], log[1]["oldest_s"]) == (35.0, 1000, 20)


def test_an_outage_is_told_again_with_how_much_waits_and_how_long_the_room_lasts() -> None:
    status = SinkStatus(state="retrying", reason="no connection")
    backlog = Backlog("db", status, Throttle(1e9))
    old = time.time_ns() - 2 * OLD_NS
    with structlog.testing.capture_logs() as log:
        for second in range(130):
            backlog.observe(Amounts(1, 10 + second, 10, 9), old, 7.5, second)
        status.state, status.reason = "held", "no token"
        for second in range(130, 200):
            backlog.observe(Amounts(1, 10 + second, 10, 9), old, None, second)
    assert [(entry["log_level"], entry["reason"], entry["waiting"], entry["room_lasts_h"]) for entry in log] == [
        ("warning", "no connection", 70, 7.5),
        ("warning", "no connection", 130, 7.5),
        ("error", "no token", 200, None),
    ]


def test_how_it_went_before_a_sink_came_back_says_nothing_about_how_it_goes() -> None:
    status = SinkStatus(state="retrying")
    backlog = Backlog("db", status, Throttle(1e9))
    old = time.time_ns() - 2 * OLD_NS
    for second in range(600):
        backlog.observe(Amounts(1, 1, second * 100, 9), old, None, second)
    status.state = "ready"
    for second in range(3):
        backlog.observe(Amounts(1, 1, 60_000 - second * 10_000, 9), old, None, 600 + second)
    assert status.gone_in_s == pytest.approx(4)


def test_a_backlog_that_grows_has_no_end_in_sight() -> None:
    status = SinkStatus(state="ready")
    backlog = Backlog("db", status, Throttle(1e9))
    for second in range(10):
        backlog.observe(Amounts(5, 50, 1000 + second, 9), time.time_ns() - 2 * OLD_NS, None, second)
    assert status.gone_in_s is None


def test_a_sink_that_keeps_up_is_not_spoken_of() -> None:
    backlog = Backlog("db", SinkStatus(state="ready"), Throttle(1e9))
    with structlog.testing.capture_logs() as log:
        for second in range(100):
            backlog.observe(Amounts(1, 1, 1, 1), time.time_ns(), None, second)
            backlog.observe(Amounts(), 0, None, second + 0.5)
    assert log == []


def test_only_what_has_waited_is_backlog() -> None:
    backlog = Backlog("db", SinkStatus(), Throttle(1))
    assert not backlog.is_old([row(1)])
    assert backlog.is_old([row(1, age_ns=2 * OLD_NS)])


def test_a_portion_is_one_row_at_least_and_taken_from_the_side_that_goes_first() -> None:
    rows = [row(number, points=3) for number in range(1, 6)]
    assert Backlog("db", SinkStatus(), Throttle(1)).pass_portion(rows, newest_first=False) == rows[:1]
    assert Backlog("db", SinkStatus(), Throttle(14)).pass_portion(rows, newest_first=False) == rows[:2]
    assert Backlog("db", SinkStatus(), Throttle(14)).pass_portion(rows, newest_first=True) == rows[3:]
