"""`gateway run`."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import NoReturn

import structlog

from gateway import app, fail_points, logs
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption
from gateway.errors import ConfigurationError
from gateway.settings import load

PATIENCE = 9.5
"""Seconds after a first signal at which it ends in any case: the name server of a network that is gone, or a disk that
does not answer, can hold up an orderly end for longer than the ten seconds that containers are usually given."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger()


def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the gateway until it is told to end (Ctrl-C, SIGTERM).

    A broker or database that is down is waited for. A signal ends it within ten seconds, a second one at once; that is
    safe at any time, and the exit code is 1 then.
    """
    settings = load(config)
    fail_points.arm(os.environ.get(fail_points.VARIABLE, ""))
    logs.configure(settings.log.level, settings.log.format)
    found = app.check(settings, str(config))
    if problems := [problem for problem in found if not problem.warning]:
        raise ConfigurationError(problems)
    for problem in found:
        log.warning("The configuration works, and someone should look at it", problem=str(problem))
    asyncio.run(_until_signal(app.assemble(settings, str(config))))


async def _until_signal(assembly: app.Assembly) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in _SIGNALS:
            # Not through the loop: it may be what hangs.
            loop.remove_signal_handler(number)
            signal.signal(number, lambda _number, _frame: _end_at_once())
        overdue = threading.Timer(PATIENCE, _end_at_once)
        overdue.daemon = True
        overdue.start()
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, end)
    await app.run(assembly, stop)


def _end_at_once() -> NoReturn:
    os._exit(1)
