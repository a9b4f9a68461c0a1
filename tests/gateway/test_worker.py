"""What blocks runs in a thread of its own, in order, and its errors come back."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.worker import Worker


class Work:
    """What a call is given."""


@contextmanager
def without_garbage_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def test_work_is_done_in_order_in_one_thread() -> None:
    worker = Worker("test")
    done: list[tuple[int, str]] = []

    def note(number: int) -> int:
        done.append((number, threading.current_thread().name))
        return number * 2

    assert await asyncio.gather(*(worker.run(note, number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert done == [(number, "test") for number in range(5)]
    assert worker.stop(1)


async def test_an_error_comes_back_to_who_asked() -> None:
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: "and it goes on") == "and it goes on"
    assert worker.stop(1)


async def test_a_call_that_hangs_does_not_keep_the_program_from_ending() -> None:
    worker, hold = Worker("test"), threading.Event()
    call = asyncio.ensure_future(worker.run(hold.wait))
    await asyncio.sleep(0)
    assert not worker.stop(0.05)
    call.cancel()
    hold.set()


async def test_what_a_failed_call_was_given_goes_with_its_error() -> None:
    worker = Worker("test")
    given: list[weakref.ref[Work]] = []

    def fail(work: Work) -> None:
        given.append(weakref.ref(work))
        raise OSError

    async def try_it() -> None:
        with pytest.raises(OSError):  # noqa: PT011  # it says nothing
            await worker.run(fail, Work())

    with without_garbage_collector():
        await try_it()
        await worker.run(lambda: None)  # the thread is done with the call before
        assert given[0]() is None, "a sink that is away would fill the memory with the batches it did not take"
    assert worker.stop(1)
