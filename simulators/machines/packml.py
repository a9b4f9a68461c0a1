"""The states and modes of PackML, as machines of every kind go through them here.

Source: ANSI/ISA-TR88.00.02-2022. Its numbers are those in common use; some companion specifications count otherwise
(OPC 30060 does), and so a gateway should map what each machine sends.
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """What a unit does, with the number of its state."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Mode(IntEnum):
    """How a unit is run. Numbers from 4 on are free for the maker of a machine; here 4 is the change of a product."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3
    SETUP = 4


AFTER_ACTING = {
    State.CLEARING: State.STOPPED,
    State.STARTING: State.EXECUTE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.RESETTING: State.IDLE,
    State.COMPLETING: State.COMPLETE,
}
"""The acting states, which end by themselves, and what each of them ends in."""
