"""Faults, and how they are done to a gateway that runs: a fault is a name and a way to strike.

A test may bring faults of its own, of its broker or its database: whatever has this shape.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import GatewayError
from gateway.fail_points import FailPoint
from gateway.verification.ledger import Ledger
from gateway.verification.process import GatewayProcess
from gateway.verification.publisher import Publisher

REACH_SECONDS = 5.0
"""How long an armed place may take to be reached once messages come; most are reached with the first."""
LARGEST_COUNT = 4
"""Times that a place is passed, at most, before the process dies there: few, so that it surely comes to that."""

SELDOM = frozenset({FailPoint.AT_START, FailPoint.AT_STOP, FailPoint.IN_FORGETTING, FailPoint.AFTER_FORGETTING})
"""Places that a process passes once in its life, or once a second."""

_OF_THE_SPOOL = frozenset(
    {
        FailPoint.IN_COMMIT,
        FailPoint.BEFORE_WRITE,
        FailPoint.AFTER_WRITE,
        FailPoint.IN_FORGETTING,
        FailPoint.AFTER_FORGETTING,
    }
)
"""Places that are passed only by messages which are written to disk."""

PLACES: Sequence[FailPoint] = [point for point in FailPoint if point is not FailPoint.AFTER_DEAD_LETTERS]
"""Where a gateway dies that is only given messages which its database takes."""


@dataclass(frozen=True)
class Scene:
    """What a fault finds when it strikes, and may use.

    Attributes:
        gateway: Runs, and is connected, unless it was armed to die (`Fault.arm`): then it may be dead already.
        publisher: Is publishing, and goes on while the fault lasts.
        ledger: To be told of deaths of the broker and of broken connections.
        generator: For what is left to chance; seeded.
    """

    gateway: GatewayProcess
    publisher: Publisher
    ledger: Ledger
    generator: random.Random


class Fault(Protocol):
    """Something that goes wrong once."""

    @property
    def name(self) -> str:
        """What the report calls it; strikes of one name make one row."""

    @property
    def arm(self) -> str:
        """Value of GATEWAY_FAIL_POINT that the gateway is to be started with; empty for none."""

    async def strike(self, scene: Scene) -> int:
        """Let it happen, and be over when this returns; return how many processes were killed.

        Servers that it stopped run again then. The gateway may be left dead: it is started again, and the ledger is
        told of the interruption, by the run.

        Raises:
            Imperfect: Something about it was not as it should be; it is over all the same.
            GatewayError: It cannot be done.
        """


class Imperfect(GatewayError):  # noqa: N818  # the name says what is the case
    """A fault did not come about as it should: the report says so, and the run goes on."""


@dataclass(frozen=True)
class Kill:
    """`kill -9` of the gateway."""

    name: str = "kill -9"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        _require_alive(scene.gateway)
        await scene.gateway.kill()
        return 1


@dataclass(frozen=True)
class Terminate:
    """SIGTERM: the gateway has ten seconds to end in good order."""

    name: str = "SIGTERM"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        _require_alive(scene.gateway)
        code = await scene.gateway.terminate()
        if code != 0:
            said = "did not end within 10 s" if code is None else f"ended with exit code {code}"
            raise Imperfect(f"after SIGTERM the gateway {said}: its log says more")
        return 1


@dataclass(frozen=True)
class DieAt:
    """Death at a named place in the gateway, as by `kill -9`.

    Attributes:
        point: The place.
        count: Times that it is passed until the process dies there.
    """

    point: FailPoint
    count: int = 1

    @property
    def name(self) -> str:
        """See `Fault`."""
        return f"dies {self.point.replace('_', ' ')}"

    @property
    def arm(self) -> str:
        """See `Fault`."""
        return f"{self.point}:{self.count}"

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        if self.point is FailPoint.AT_STOP:
            await scene.gateway.terminate()
        if not await scene.gateway.ended(REACH_SECONDS):
            await scene.gateway.kill()
            raise Imperfect(f"the place {self.point} was not reached within {REACH_SECONDS:.0f} s: killed instead")
        scene.gateway.explain_end()
        return 1


def _require_alive(gateway: GatewayProcess) -> None:
    """See that it has not ended by itself, which would go unnoticed if it were just started again.

    Raises:
        GatewayError: It has.
    """
    if not gateway.running:
        gateway.explain_end()


def needs_spool(arm: str) -> bool:
    """Whether what is armed is a place that is passed only by messages which are written to disk."""
    return arm.partition(":")[0] in _OF_THE_SPOOL


def draw(kills: int, generator: random.Random, places: Sequence[FailPoint] = PLACES) -> list[Fault]:
    """Return so many faults of the gateway in a random order.

    One `kill -9` at a random moment is always among them; then each named place and SIGTERM once, in random order,
    as far as the number goes; all further ones are `kill -9` again.
    """
    once: list[Fault] = [Terminate()]
    once += [
        DieAt(place, 1 if place in SELDOM else count)
        for place, count in zip(places, (generator.randint(1, LARGEST_COUNT) for _ in places), strict=True)
    ]
    generator.shuffle(once)
    faults = [Kill(), *once][:kills]
    faults += [Kill()] * (kills - len(faults))
    generator.shuffle(faults)
    return faults
