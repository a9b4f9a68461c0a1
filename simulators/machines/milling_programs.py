"""What a milling machine is programmed to do: the parts it makes, and the operations that make them."""

from __future__ import annotations

from typing import NamedTuple


class Operation(NamedTuple):
    """A piece of a program during which one tool cuts, or is changed.

    Attributes:
        seconds: How long it takes.
        spindle_speed: Revolutions per minute.
        spindle_load: Percent of the rated power of the spindle.
        feed_rate: Speed of the table against the tool, in millimetres per minute.
    """

    seconds: int
    spindle_speed: float
    spindle_load: float
    feed_rate: float


class Program(NamedTuple):
    """A numerical control program.

    Attributes:
        name: As the control shows it.
        operations: What it does to a part, in order.
    """

    name: str
    operations: tuple[Operation, ...]

    @property
    def cycle_seconds(self) -> int:
        """How long a part takes, from start to end of the program."""
        return sum(operation.seconds for operation in self.operations)


AT_REST = Operation(0, 0, 0, 0)
TOOL_CHANGE = Operation(3, 0, 0, 0)
PROBING = Operation(5, 0, 0, 1_200)

PROGRAMS = (
    Program(
        "O1204 BRACKET",
        (
            Operation(6, 6_000, 48, 2_400),  # face
            TOOL_CHANGE,
            Operation(9, 3_200, 34, 480),  # drill
            TOOL_CHANGE,
            Operation(15, 8_000, 62, 1_800),  # contour
            Operation(4, 9_000, 12, 3_000),  # deburr
        ),
    ),
    Program(
        "O2210 FLANGE",
        (
            Operation(8, 5_000, 55, 2_000),  # face
            TOOL_CHANGE,
            Operation(12, 2_400, 41, 300),  # bore
            TOOL_CHANGE,
            Operation(7, 1_200, 28, 1_500),  # thread
        ),
    ),
    Program(
        "O3071 HOUSING",
        (
            PROBING,
            Operation(22, 7_000, 78, 2_800),  # rough
            TOOL_CHANGE,
            Operation(18, 10_000, 35, 2_200),  # finish
            TOOL_CHANGE,
            Operation(8, 3_600, 30, 540),  # drill
        ),
    ),
)
"""Parts of half a minute to a minute: short enough that a look at a machine shows it change."""

ALARMS = (1010, 2041, 3007, 5136)
"""Alarm codes: tool life, coolant level, spindle overload, servo drive. 0 means no alarm."""
