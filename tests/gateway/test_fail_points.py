"""Fail points: what arms them, and what a process does that reaches one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from gateway import fail_points
from gateway.errors import ConfigurationError
from gateway.fail_points import FailPoint, arm, reach


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def test_a_place_that_is_not_armed_is_passed() -> None:
    arm("after_commit:1")
    reach(FailPoint.BEFORE_COMMIT)


def test_the_process_dies_when_it_passes_the_place_for_the_given_time() -> None:
    child = os.fork()
    if not child:
        arm("after_commit:3")
        for _ in range(2):
            reach(FailPoint.AFTER_COMMIT)
        reach(FailPoint.AFTER_COMMIT)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("text", ["nowhere", "after_commit:0", "after_commit:many", ":1"])
def test_a_place_that_is_none_is_a_mistake_of_the_configuration(text: str) -> None:
    with pytest.raises(ConfigurationError, match=fail_points.VARIABLE):
        arm(text)
