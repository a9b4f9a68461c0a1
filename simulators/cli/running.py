"""What a command that takes a while has around it: signals that end it, and something to look at."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress


@contextmanager
def stopping_at_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM, and let a second one end the program. Within a running event loop."""
    loop = asyncio.get_running_loop()

    def let_go() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    def stop_once() -> None:
        let_go()
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    try:
        yield
    finally:
        let_go()


@asynccontextmanager
async def showing(show: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run something that shows the state, for ever, until the block ends."""
    task = asyncio.create_task(show, name="show the state")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
