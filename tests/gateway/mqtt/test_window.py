"""Learning how many messages a broker sends before it waits. Brokers here are a few lines of arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.window import Window

LINGER = 0.1


class Caller:
    """Commits as the gateway does: after the linger, or as soon as waiting seems to be in vain."""

    def __init__(self, window: Window) -> None:
        self.window, self.now, self.early = window, 1_000.0, 0
        """`early`: commits that did not wait for the linger."""

    def group(self, arrivals: list[tuple[float, int]], answer: float = 0.001) -> None:
        """Let messages arrive (seconds after the first, how many), commit them, and wait for the answer to that."""
        start, in_flight = self.now + answer, 0
        for delay, number in arrivals:
            self.now = start + delay
            in_flight += number
            self.window.arrived(in_flight, self.now)
            if self.window.is_used_up(in_flight, self.now):
                self.early += 1
                break
        else:
            self.now = start + LINGER
        self.window.acknowledged(in_flight, self.now)


def test_the_same_number_again_and_again_before_a_silence_is_the_window() -> None:
    caller = Caller(Window())
    for _ in range(10):
        caller.group([(0, 7), (0.001, 13)])
    assert caller.window.size == 20
    assert caller.early >= 5


def test_a_number_that_changes_is_none() -> None:
    caller = Caller(Window())
    for number in range(100):
        caller.group([(0, 20 + number % 2)])
    assert caller.window.size is None


def test_messages_that_come_all_the_time_are_none() -> None:
    caller = Caller(Window())
    for _ in range(100):
        caller.group([(delay / 1000, 1) for delay in range(0, 100, 5)], answer=0.005)
    assert caller.window.size is None


def test_a_machine_that_sends_when_it_likes_is_none() -> None:
    caller = Caller(Window())
    for _ in range(100):
        caller.group([(0, 5)], answer=0.9)
    assert caller.window.size is None


def test_more_messages_than_the_window_disprove_it() -> None:
    caller = Caller(Window())
    for _ in range(5):
        caller.group([(0, 20)])
    assert caller.window.size == 20
    caller.group([(0, 21)])
    assert caller.window.size is None


def test_a_guess_is_put_to_the_test_from_time_to_time() -> None:
    caller = Caller(Window())
    for _ in range(5):
        caller.group([(0, 20)])
    early = caller.early
    caller.now += 31
    caller.group([(0, 20), (0.02, 20)])
    assert caller.early == early, "it waits once, and so learns better"
    assert caller.window.size is None


def test_a_right_guess_survives_the_test() -> None:
    caller = Caller(Window())
    for _ in range(5):
        caller.group([(0, 20)])
    caller.now += 31
    for _ in range(3):
        caller.group([(0, 20)])
    assert caller.window.size == 20


def test_what_the_configuration_says_holds_without_a_test() -> None:
    window = Window(10)
    window.guess(None, 0)
    window.arrived(11, 1)
    assert window.size == 10
    assert window.is_used_up(10, 100)
    assert not window.is_used_up(9, 100)


def test_less_than_the_configuration_says_can_be_learned() -> None:
    caller = Caller(Window(100))
    for _ in range(5):
        caller.group([(0, 20)])
    assert caller.window.size == 20
    caller.group([(0, 30)])
    assert caller.window.size == 100


def test_a_new_connection_begins_with_a_guess() -> None:
    window = Window()
    window.guess(20, 5)
    assert window.is_used_up(20, 6)
    window.arrived(21, 7)
    assert window.size is None


@given(st.lists(st.tuples(st.sampled_from(["arrive", "acknowledge", "wait"]), st.integers(0, 100))))
def test_whatever_happens_a_broker_with_nothing_in_flight_is_never_taken_to_wait(steps: list[tuple[str, int]]) -> None:
    window, now, in_flight = Window(), 0.0, 0
    for step, number in steps:
        now += number / 1000
        if step == "arrive" and number:
            in_flight += number
            window.arrived(in_flight, now)
        elif step == "acknowledge":
            window.acknowledged(in_flight, now)
            in_flight = 0
        assert not window.is_used_up(0, now)
