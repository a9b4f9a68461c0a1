"""Answers of a database that are not what they should be, and records that it really does not take."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from gateway.fail_points import FailPoint
from gateway.verification.faults import Imperfect, Scene
from gateway.verification.messages import FIELD, ROOT
from tests.durability.database import DATABASE
from tests.durability.faults import LOOK, PATIENCE
from tests.durability.stage import Stage
from tests.integration.publishing import Publication, client, publish
from tests.servers.http_proxy import Answer, Reply, Silence

BAD = "bad"
"""Kind of the messages that influxd refuses: in their measurement the value is a text."""


@dataclass(frozen=True)
class Spoiled:
    """Writes get another answer than the database's, for so many seconds and at least until one got it.

    Attributes:
        forward: Whether the database gets them all the same.
        times: So many writes, and no more.
        least: Writes of fewer bytes pass.
    """

    stage: Stage
    name: str
    reply: Reply
    seconds: float
    forward: bool = False
    times: int | None = None
    least: int = 0
    arm: str = ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        del scene
        front = self.stage.front
        before, began = front.spoiled, time.monotonic()
        front.spoil(self.reply, forward=self.forward, times=self.times, least=self.least)
        try:
            while front.spoiled == before or time.monotonic() < began + self.seconds:
                if time.monotonic() > began + PATIENCE:
                    raise Imperfect("nothing was written meanwhile")
                await asyncio.sleep(LOOK)
        finally:
            front.spare()
        return 0


def busy(stage: Stage, seconds: float) -> list[Spoiled]:
    """Return a fault for each kind of answer that asks to wait and says nothing against the records."""
    too_many = Answer(429, _text("too many requests"), {"Retry-After": "1"})
    return [
        Spoiled(stage, "answers 429 with Retry-After", too_many, seconds),
        Spoiled(stage, "answers 503", Answer(503, b"no server is available"), seconds),
        Spoiled(stage, "answers 500: timeout", Answer(500, _text("timeout")), seconds),
        Spoiled(stage, "writes, and answers 503", Answer(503), seconds, forward=True),
    ]


def suspicious(stage: Stage, seconds: float) -> list[Spoiled]:
    """Return a fault for each kind of answer to good records that makes them look bad."""
    return [
        Spoiled(stage, "answers 500 in unknown words", Answer(500, _text("it does not feel well")), seconds),
        Spoiled(stage, "answers 400 in unknown words", Answer(400, _text("it does not like this")), seconds),
        Spoiled(stage, "answers 413 to large writes", Answer(413, _text("Request Entity Too Large")), 0, least=1000),
        Spoiled(stage, "writes, and says nothing", Silence(), 0, forward=True, times=3),
    ]


def _text(words: str) -> bytes:
    return b'{"error":"%s"}' % words.encode()


@dataclass(frozen=True)
class BadRecord:
    """Among good records stands one that influxd refuses, in its own words; it must become a dead letter.

    Attributes:
        dies: Whether the gateway dies when the dead letter is on disk, before the spool knows of it.
    """

    stage: Stage
    dies: bool = False

    @property
    def name(self) -> str:
        """See `Fault`."""
        return "a refused record, and death after its dead letter" if self.dies else "a record that influxd refuses"

    @property
    def arm(self) -> str:
        """See `Fault`."""
        return f"{FailPoint.AFTER_DEAD_LETTERS}:1" if self.dies else ""

    async def strike(self, scene: Scene) -> int:
        """See `Fault`."""
        await asyncio.to_thread(self._publish)
        if not self.dies:
            return 0
        if not await scene.gateway.ended(PATIENCE):
            raise Imperfect("the record was not refused")
        return 1

    def _publish(self) -> None:
        """Let the field be a text, and publish a number for it."""
        stage = self.stage
        text = f'verification_{BAD},asset=other {FIELD}="text" {time.time_ns()}'
        stage.influxd.request("POST", f"/write?db={DATABASE}", text.encode())
        payload = b'{"%s":%d}' % (FIELD.encode(), len(stage.refused))
        with client(stage.broker.port) as publisher:
            publish(publisher, [Publication(f"{ROOT}/{stage.run}/{BAD}/m0", payload)])
        stage.refused.append(payload)
