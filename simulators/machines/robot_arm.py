"""The arm of a six-axis robot: how its axes move, with what torque, and what this draws.

Laws and figures:

- Motion from point to point: polynomial 3-4-5, smooth in acceleration (Biagiotti and Melchiorri, Trajectory Planning
  for Automatic Machines and Robots). Masses, inertias and limits of speed are usual for 20 kg of payload and 1.8 m of
  reach.
- Torque at the joints: gravity of upper arm, forearm and payload about axes 2, 3 and 5 (planar; 2 is relieved by a
  spring), the inertia of what each axis moves, and dry and viscous friction, in such gears as great as the rest.
- Power: torque times speed over the efficiency of gear, motor and inverter (70 %), and the copper loss of the motors.
  Of what braking gives back the intermediate circuit keeps a third for the next motion; the rest goes to a resistor.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

Axes: TypeAlias = tuple[float, float, float, float, float, float]
"""A value for each axis."""

HOME: Axes = (0.0, -90.0, 90.0, 0.0, 45.0, 0.0)
FASTEST: Axes = (175.0, 165.0, 180.0, 350.0, 350.0, 480.0)
"""Degrees; degrees per second."""
_INERTIA: Axes = (62.0, 70.0, 24.0, 1.6, 1.4, 0.5)
_DRY: Axes = (95.0, 110.0, 60.0, 16.0, 14.0, 8.0)
_VISCOUS: Axes = (75.0, 85.0, 42.0, 7.0, 6.0, 3.0)
_COPPER: Axes = (1.3e-4, 1.3e-4, 3.4e-4, 5e-3, 5e-3, 1.6e-2)
"""kg m2, N m, N m s/rad at the joint, and W per (N m)2 of copper loss."""
RATED: Axes = (900.0, 1100.0, 500.0, 60.0, 60.0, 32.0)
"""N m at the joint, continuous."""
_UPPER, _FOREARM, _G = 0.78, 0.95, 9.81
_UPPER_MASS, _FOREARM_MASS, _HAND = 62.0, 48.0, 9.0
"""m and kg."""
_SPRING = 0.45
_EFFICIENCY, _KEPT = 0.7, 0.33
_SLICES = 24
PEAK_SPEED = 1.875
"""Of the polynomial, as a multiple of the mean."""


class Move(NamedTuple):
    """Where a phase goes.

    Attributes:
        begin: Positions of the axes in degrees.
        end: The same.
        seconds: How long the phase takes.
        payload: kg in the gripper.
        closed: Whether the gripper is.
    """

    begin: Axes
    end: Axes
    seconds: float
    payload: float
    closed: bool


class Motion(NamedTuple):
    """Where the axes are.

    Attributes:
        positions: In degrees.
        speeds: In rad/s.
        torques: At the joints, in N m.
    """

    positions: Axes
    speeds: Axes
    torques: Axes


def gravity(positions: Axes, payload: float) -> Axes:
    """Return the torques in N m that hold the arm against gravity."""
    upper = math.radians(positions[1])
    fore = upper + math.radians(positions[2])
    load = _HAND + payload
    third = _G * _FOREARM * math.cos(fore) * (_FOREARM_MASS * 0.4 + load)
    second = third + _G * _UPPER * math.cos(upper) * (_UPPER_MASS * 0.45 + _FOREARM_MASS + load)
    fifth = _G * 0.16 * load * math.cos(fore + math.radians(positions[4]))
    return (0.0, second * _SPRING, third * 0.8, 0.0, fifth, 0.0)


def motion(move: Move, done: float, pace: float) -> Motion:
    """Return where the axes are when a share of the move is done, at a share of the programmed speed."""
    left = 1 - done
    path = done**3 * (10 - 15 * done + 6 * done * done)
    rate = 30 * done * done * left * left * pace / move.seconds * (math.pi / 180)
    gain = 60 * done * left * (left - done) * (pace / move.seconds) ** 2 * (math.pi / 180)
    positions = between(move.begin, move.end, path)
    speeds, torques = [], []
    gain *= 1 + move.payload / 60
    laws = zip(move.begin, move.end, gravity(positions, move.payload), _INERTIA, _VISCOUS, _DRY, strict=True)
    for begin, end, weight, inertia, viscous, dry in laws:
        way = end - begin
        speed = way * rate
        speeds.append(speed)
        friction = dry if speed > 0 else -dry if speed else 0.0
        torques.append(weight + inertia * way * gain + viscous * speed + friction)
    return Motion(positions, axes_of(speeds), axes_of(torques))


def tool_speed(now: Motion) -> float:
    """Return the speed of the flange in mm/s."""
    upper = math.radians(now.positions[1])
    fore = upper + math.radians(now.positions[2])
    lower, whole = now.speeds[1], now.speeds[1] + now.speeds[2]
    out = _UPPER * math.sin(upper) * lower + _FOREARM * math.sin(fore) * whole
    up = _UPPER * math.cos(upper) * lower + _FOREARM * math.cos(fore) * whole
    around = (_UPPER * math.cos(upper) + _FOREARM * math.cos(fore)) * now.speeds[0]
    return 1000 * math.hypot(out, up, around)


def between(begin: Axes, end: Axes, path: float) -> Axes:
    """Return the positions at a share of a straight way in the space of the axes."""
    return axes_of([a + (b - a) * path for a, b in zip(begin, end, strict=True)])


def axes_of(values: list[float]) -> Axes:
    """Return six values, one for each axis."""
    first, second, third, fourth, fifth, sixth = values
    return first, second, third, fourth, fifth, sixth


def draws(move: Move) -> tuple[float, list[float]]:
    """Return the mean of the power in kW, and of the square of each axis' torque as a share of the rated."""
    power = 0.0
    warmth = [0.0] * 6
    for number in range(_SLICES):
        now = motion(move, (number + 0.5) / _SLICES, 1.0)
        mechanical = sum(torque * speed for torque, speed in zip(now.torques, now.speeds, strict=True))
        copper = sum(loss * torque * torque for loss, torque in zip(_COPPER, now.torques, strict=True))
        power += mechanical / _EFFICIENCY if mechanical > 0 else mechanical * _KEPT
        power += copper
        for axis, torque in enumerate(now.torques):
            warmth[axis] += (torque / RATED[axis]) ** 2 / _SLICES
    return power / _SLICES / 1000, warmth
