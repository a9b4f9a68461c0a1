"""When to try again, and what many short connections mean."""

from __future__ import annotations

from gateway.mqtt.outcomes import ConnectionEnded, Refused, TakenOver, show
from gateway.mqtt.reconnecting import Reconnecting, Reminder


def longest(_low: float, high: float) -> float:
    return high


CLOSED = ConnectionEnded("the broker closed the connection")


def test_delays_double_up_to_a_minute() -> None:
    reconnecting = Reconnecting(longest)
    assert [reconnecting.delay(CLOSED) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_delays_are_drawn_from_zero_on() -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    assert Reconnecting(draw).delay(CLOSED) == 0
    assert drawn == [(0, 1)]


def test_a_connection_that_lasted_begins_anew() -> None:
    reconnecting = Reconnecting(longest)
    delays = []
    for lasted in (None, None, 31.0, 1.0):
        error = reconnecting.judge(CLOSED, lasted, 100.0)
        delays.append(reconnecting.delay(error))
    assert delays == [1, 2, 1, 2]


def test_three_short_lives_within_a_minute_are_a_fight() -> None:
    reconnecting = Reconnecting(longest)
    errors = [reconnecting.judge(CLOSED, 0.5, now) for now in (0.0, 10.0, 20.0)]
    assert [type(error) for error in errors] == [ConnectionEnded, ConnectionEnded, TakenOver]
    assert "same client id" in errors[-1].reason
    assert "id of its own" in errors[-1].remedy
    assert [reconnecting.delay(errors[-1]) for _ in range(6)] == [15, 30, 60, 120, 240, 300]


def test_short_lives_far_apart_are_none() -> None:
    reconnecting = Reconnecting(longest)
    errors = [reconnecting.judge(CLOSED, 0.5, now) for now in (0.0, 40.0, 80.0, 120.0)]
    assert all(error is CLOSED for error in errors)


def test_connections_that_were_never_made_are_no_fight() -> None:
    reconnecting = Reconnecting(longest)
    errors = [reconnecting.judge(CLOSED, None, now) for now in (0.0, 1.0, 2.0, 3.0)]
    assert all(error is CLOSED for error in errors)


def test_what_has_a_reason_of_its_own_is_no_fight() -> None:
    reconnecting, refused = Reconnecting(longest), Refused("no", "ask")
    assert all(reconnecting.judge(refused, 0.1, now) is refused for now in (0.0, 1.0, 2.0, 3.0))


def test_a_reminder_is_due_when_something_changes_and_every_ten_minutes() -> None:
    reminder = Reminder()
    assert [reminder.is_due(text, now) for text, now in [("a", 0), ("a", 1), ("b", 2), ("b", 601), ("b", 602)]] == [
        True,
        False,
        True,
        False,
        True,
    ]
    reminder.forget()
    assert reminder.is_due("b", 603)


def test_text_from_outside_is_shown_without_what_cannot_be_seen() -> None:
    assert show("press\n\x1b[31m\u202e") == "press\\n\\x1b[31m\\u202e"
    assert show("压力机") == "压力机"
    assert show("x" * 300) == "x" * 200 + "..."
