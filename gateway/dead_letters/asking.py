"""Writes down what is wanted of dead letters, and follows how far that is, beside the gateway that does it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gateway.control import ask as ask_for_status
from gateway.control import socket_of
from gateway.dead_letters.reading import reading
from gateway.errors import GatewayError, SpoolError
from gateway.spool import Action, Request, Selection, requests
from gateway.spool.file import open_to_ask

POLL = 0.1
"""Seconds between two looks: nothing tells another process of a change in a file of SQLite."""
PATIENCE = 10.0
"""Seconds without a change after which it is asked whether a gateway is there: one may be starting again."""


def ask(spool: Path, action: Action, chosen: Selection, *, counts: bool = False) -> Request:
    """Write down a request; return it.

    Raises:
        SpoolError: It cannot be written.
    """
    with closing(open_to_ask(spool)) as connection:
        try:
            return requests.submit(connection, action, chosen, counts=counts)
        except sqlite3.Error as error:
            raise SpoolError(f"{spool}: the request cannot be written: {error}") from error


def withdraw(spool: Path, number: int) -> None:
    """Forget a request: what is done of it stays done."""
    with closing(open_to_ask(spool)) as connection:
        requests.withdraw(connection, number)


def look_up(spool: Path, number: int) -> Request:
    """Return a request as it is now.

    Raises:
        GatewayError: It is gone.
    """
    with reading(spool) as connection:
        found = requests.look_up(connection, number)
    if found is None:
        raise GatewayError(f"request {number} is no longer in {spool}")
    return found


def follow(spool: Path, number: int) -> Iterator[Request]:
    """Yield a request whenever something has become of it, until it is done.

    Raises:
        GatewayError: No gateway is there to do it any more, or it is gone.
    """
    last: Request | None = None
    changed = time.monotonic()
    while last is None or not last.done:
        found = look_up(spool, number)
        if found != last:
            last, changed = found, time.monotonic()
            yield found
        elif time.monotonic() - changed > PATIENCE:
            try:
                ask_for_status(socket_of(spool))
            except GatewayError as error:
                raise GatewayError(
                    f"the gateway has stopped: {last.results.letters} of {last.expected} letters are done, and the "
                    "rest will be when it starts again"
                ) from error
            changed = time.monotonic()
        else:
            time.sleep(POLL)
