"""A thread for one part that blocks (a disk, a database), so that the event loop never does."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Worker:
    """One daemon thread that runs what it is given, in order.

    A daemon, so that a call that hangs (a database that never answers) cannot keep the process from ending: whatever
    it was doing is repeated after the restart.
    """

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in the thread and return what it returns, or raise what it raises."""
        return await asyncio.wrap_future(self.start(function, *args, **kwargs))

    def start(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Let the thread run a function when it has the time."""
        future: Future[R] = Future()
        self._work.put(partial(_carry_out, future, partial(function, *args, **kwargs)))
        return future

    def stop(self, seconds: float) -> bool:
        """Let the thread end after its work; return whether it did within this time."""
        self._work.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work  # and with it what it was given, while there is nothing to do


def _carry_out(future: Future[R], function: Callable[[], R]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001  # handed over, not swallowed
        future.set_exception(error)
        # The error knows this frame. If it knew the future too, the two would keep all that the call was given (batches
        # of megabytes) until the garbage collector comes, which is seldom.
        del future
    else:
        future.set_result(result)
