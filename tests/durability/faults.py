"""What can go wrong with broker, database, disk and the lines between; see `gateway.verification.faults`.

A fault lasts as long as it is told to, or until it has had its effect, and leaves everything running.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.errors import GatewayError
from gateway.status import JSON
from gateway.verification.faults import Imperfect, Scene
from gateway.verification.run import streams_of
from tests.durability.stage import Stage

PATIENCE = 60.0
"""Seconds after which something that a fault should bring about did not come."""
LOOK = 0.05
LONGEST_ABSENCE = 1.5
"""Seconds that a server that was killed stays away, at most."""


@dataclass(frozen=True)
class Nothing:
    """Nothing goes wrong: what the others are compared with."""

    name: str = "no fault"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        del scene
        return 0


@dataclass(frozen=True)
class KillDatabase:
    """`kill -9` of influxd, which comes back after a moment; with the gateway too, if so wished."""

    stage: Stage
    gateway_too: bool = False
    arm: str = ""

    @property
    def name(self) -> str:
        """See `Fault`."""
        return "kill -9 of influxd and the gateway" if self.gateway_too else "kill -9 of influxd"

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        await asyncio.to_thread(self.stage.influxd.kill)
        await asyncio.sleep(scene.generator.uniform(0, LONGEST_ABSENCE))
        if self.gateway_too:
            await scene.gateway.kill()
        await asyncio.to_thread(self.stage.influxd.start)
        return 1 + self.gateway_too


@dataclass(frozen=True)
class DatabaseAway:
    """Nothing listens where the database was, for so many seconds."""

    stage: Stage
    seconds: float
    arm: str = ""

    @property
    def name(self) -> str:
        """See `Fault`."""
        return f"influxd away for {self.seconds:.0f} s"

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        del scene
        self.stage.front.refuse()
        await asyncio.sleep(self.seconds)
        self.stage.front.pass_on()
        return 0


@dataclass(frozen=True)
class KillBroker:
    """`kill -9` of mosquitto: it forgets its sessions and what it kept for them, and the gateway must say so."""

    stage: Stage
    name: str = "kill -9 of mosquitto"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        gaps = scene.gateway.gaps
        await asyncio.to_thread(self.stage.broker.stop, kill=True)
        scene.ledger.broker_died()
        scene.ledger.interrupted(time.time_ns())
        await asyncio.sleep(scene.generator.uniform(0, LONGEST_ABSENCE))
        await asyncio.to_thread(self.stage.broker.start)
        await _until(scene, lambda _: scene.gateway.gaps > gaps, "the gateway reports that the session is gone")
        return 1


@dataclass(frozen=True)
class RestartBroker:
    """A clean stop of mosquitto, which writes its sessions to disk, and a start."""

    stage: Stage
    name: str = "clean restart of mosquitto, which keeps its sessions"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        gaps = scene.gateway.gaps
        await asyncio.to_thread(self.stage.broker.stop)
        scene.ledger.interrupted(time.time_ns())
        await asyncio.to_thread(self.stage.broker.start)
        await scene.gateway.connected()
        if scene.gateway.gaps != gaps:
            raise Imperfect("the session was gone")
        return 1


@dataclass(frozen=True)
class StallLine:
    """The connection to the broker stays open, and for so many seconds nothing passes."""

    stage: Stage
    seconds: float
    arm: str = ""

    @property
    def name(self) -> str:
        """See `Fault`."""
        return f"connection to mosquitto stalled for {self.seconds:.0f} s"

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        self.stage.line.stall()
        await asyncio.sleep(self.seconds)
        self.stage.line.pass_on()
        scene.ledger.interrupted(time.time_ns())
        return 0


@dataclass(frozen=True)
class CutLine:
    """The connection to the broker is reset."""

    stage: Stage
    name: str = "connection to mosquitto reset"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        self.stage.line.cut_once()
        scene.ledger.interrupted(time.time_ns())
        return 0


@dataclass(frozen=True)
class FillDisk:
    """The disk of the spool becomes full while the database is away; the database returns first, and then room."""

    stage: Stage
    left: int = 20_000
    seconds: float = 2.0
    name: str = "disk of the spool full"
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        ballast = self.stage.folder / "ballast"
        self.stage.front.refuse()
        try:
            await asyncio.to_thread(_fill, ballast, self.left)
            await _until(scene, partial(_is_full_or_gets_more, scene), "the spool is full")
            await asyncio.sleep(self.seconds)
            self.stage.front.pass_on()
            await asyncio.sleep(self.seconds)
        finally:
            self.stage.front.pass_on()
            ballast.unlink()
        await _until(scene, lambda status: not _is_full(status), "the spool has room again")
        return 0


def _fill(file: Path, left: int) -> None:
    """Write a file that leaves so many bytes of its disk, or fewer."""
    with file.open("wb") as ballast:
        while (size := _free(file) - left) > 0:
            try:
                os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:  # others write to it meanwhile
                    raise


def _free(file: Path) -> int:
    disk = os.statvfs(file.parent)
    return disk.f_bavail * disk.f_frsize


def _is_full_or_gets_more(scene: Scene, status: dict[str, JSON]) -> bool:
    """Whether the spool is full; else publish more, for it uses the room in its file again before it needs the disk."""
    full = _is_full(status)
    if not full and scene.publisher.sent >= scene.publisher.offered:
        scene.publisher.offer(1000, streams_of(0, timed_only=True))
    return full


def _is_full(status: dict[str, JSON]) -> bool:
    spool = status["spool"]
    return isinstance(spool, dict) and spool["state"] == "full"


async def _until(scene: Scene, condition: Callable[[dict[str, JSON]], bool], what: str) -> None:
    """Wait until the status of the gateway is so.

    Raises:
        Imperfect: It did not become so.
        GatewayError: The gateway ended.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = await scene.gateway.status()
        if status is not None and condition({**status}):
            return
        if not scene.gateway.running:
            raise GatewayError(f"the gateway ended before this came about: {what}")
        await asyncio.sleep(LOOK)
    raise Imperfect(f"{what}: not within {PATIENCE:.0f} s")
