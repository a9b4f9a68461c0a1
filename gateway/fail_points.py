"""Named places where the gateway can be made to die, to prove that dying there loses nothing.

`GATEWAY_FAIL_POINT=after_commit:3` lets the process end, as by `kill -9`, when it reaches that place for the third
time. For tests and for `gateway verify-durability`; without the variable a place costs one look at a dictionary, and
all of them are passed once for a group of messages or a batch of records, never once for a message.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum

from gateway.errors import ConfigurationError, Problem

VARIABLE = "GATEWAY_FAIL_POINT"


class FailPoint(StrEnum):
    """Where it can be made to die; in the order in which a message passes them."""

    RECEIVED = "received"
    """Messages were taken from the connection; nothing of them is kept."""
    BEFORE_COMMIT = "before_commit"
    """A group is translated and not written."""
    IN_COMMIT = "in_commit"
    """It is written; the transaction is open."""
    AFTER_COMMIT = "after_commit"
    """It is safe, on the disk or with the sinks; nothing is acknowledged."""
    AFTER_ACKNOWLEDGEMENT = "after_acknowledgement"
    """Acknowledgements were handed to the connection; they may not have left."""
    BEFORE_WRITE = "before_write"
    """A batch was read from the spool and not sent."""
    AFTER_WRITE = "after_write"
    """The sink has confirmed a batch; the spool does not know."""
    AFTER_DEAD_LETTERS = "after_dead_letters"
    """What the sink refused is on disk among the dead letters; the batch is not confirmed in the spool."""
    IN_FORGETTING = "in_forgetting"
    """The sinks' places are written and their rows deleted; the transaction is open."""
    AFTER_FORGETTING = "after_forgetting"
    """That transaction is on disk."""
    AT_START = "at_start"
    """The spool is open; nothing is connected."""
    AT_STOP = "at_stop"
    """It was told to end; the spool is not closed."""


_armed: dict[FailPoint, int] = {}
"""Times that a place is still to be passed."""


def arm(text: str) -> None:
    """Arm a place: `NAME` or `NAME:COUNT`; nothing if the text is empty.

    Raises:
        ConfigurationError: There is no such place, or the count is no number from 1 on.
    """
    _armed.clear()
    if not text:
        return
    name, _, count = text.partition(":")
    if name not in set(FailPoint) or not (count or "1").isdecimal() or int(count or 1) < 1:
        reason = f"{text!r} is no place to fail at"
        remedy = f"Write NAME:COUNT with one of {', '.join(FailPoint)}, or remove it"
        raise ConfigurationError([Problem("environment", VARIABLE, reason, remedy)])
    _armed[FailPoint(name)] = int(count or 1)


def reach(point: FailPoint) -> None:
    """End the process at once if this place is armed and has been passed often enough."""
    if not _armed or point not in _armed:
        return
    _armed[point] -= 1
    if not _armed[point]:
        os.kill(os.getpid(), signal.SIGKILL)
