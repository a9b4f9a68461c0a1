"""Programs of a six-axis robot: it handles parts from one place to another, or else welds a seam."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import NamedTuple

from simulators.machines.phased import Phase, Phases
from simulators.machines.robot_arm import FASTEST, HOME, PEAK_SPEED, RATED, Axes, Move, axes_of, between, draws, gravity


class Program(NamedTuple):
    """What a robot does for a part.

    Attributes:
        phases: Of a cycle.
        moves: One for each phase.
        warmth: Mean square of the torque over a cycle as a share of the rated, for each axis.
    """

    phases: Phases
    moves: tuple[Move, ...]
    warmth: Axes


@lru_cache(maxsize=1024)
def program(product: str, seconds: float) -> Program:
    """Return the program that makes a product in cycles of so many seconds.

    What its moves leave of the cycle is waiting at home, with the drives on. Where a cycle is short, its ways are.
    """
    draw = random.Random(f"robot {product}")
    named = _weld(draw, seconds) if draw.random() < 1 / 3 else _handle(draw, seconds)
    fastest = max(
        abs(end - begin) / limit / move.seconds
        for _, move in named
        for begin, end, limit in zip(move.begin, move.end, FASTEST, strict=True)
    )
    size = min(1.0, 1 / (fastest * PEAK_SPEED))
    moves = tuple(
        move._replace(begin=between(HOME, move.begin, size), end=between(HOME, move.end, size)) for _, move in named
    )
    figures = [draws(move) for move in moves]
    phases = Phases(
        [Phase(name, move.seconds, max(0.0, power)) for (name, move), (power, _) in zip(named, figures, strict=True)]
    )
    waiting = max(0.0, seconds - phases.seconds)
    warmth = [waiting * (torque / rated) ** 2 for torque, rated in zip(gravity(HOME, 0.0), RATED, strict=True)]
    for move, (_, squares) in zip(moves, figures, strict=True):
        warmth = [sum_ + move.seconds * square for sum_, square in zip(warmth, squares, strict=True)]
    return Program(phases, moves, axes_of([sum_ / (waiting + phases.seconds) for sum_ in warmth]))


def _handle(draw: random.Random, seconds: float) -> list[tuple[str, Move]]:
    load = round(draw.uniform(3, 18), 1)
    turn = draw.choice((-1, 1)) * draw.uniform(38, 75)
    near, far = _away(draw, -turn), _away(draw, turn)
    lifted = axes_of([angle + way for angle, way in zip(near, (0, -14, -8, 0, 6, 0), strict=True)])
    grip = min(0.6, 0.08 * seconds)
    travel = min(1.1, 0.16 * seconds)
    return [
        ("approach", Move(HOME, near, travel, 0.0, closed=False)),
        ("pick", Move(near, near, grip, 0.0, closed=True)),
        ("transfer", Move(near, lifted, 0.6 * travel, load, closed=True)),
        ("transfer", Move(lifted, far, 1.4 * travel, load, closed=True)),
        ("place", Move(far, far, grip, load, closed=False)),
        ("return", Move(far, HOME, travel, 0.0, closed=False)),
    ]


def _weld(draw: random.Random, seconds: float) -> list[tuple[str, Move]]:
    begin = _away(draw, draw.choice((-1, 1)) * draw.uniform(20, 60))
    end = axes_of([angle + draw.uniform(-16, 16) for angle in begin])
    travel = min(1.2, 0.13 * seconds)
    return [
        ("approach", Move(HOME, begin, travel, 0.0, closed=False)),
        ("weld", Move(begin, end, 0.7 * seconds, 0.0, closed=False)),
        ("return", Move(end, HOME, travel, 0.0, closed=False)),
    ]


def _away(draw: random.Random, turn: float) -> Axes:
    """Return a place where the robot works, so far to the side."""
    ranges = ((turn, turn), (25, 50), (-30, 10), (-60, 60), (-25, 35), (-120, 120))
    return axes_of([home + draw.uniform(*span) for home, span in zip(HOME, ranges, strict=True)])
