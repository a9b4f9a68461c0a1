"""What stays is taken out of the collector's sight."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.app import memory


class Loop:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def test_new_series_are_set_aside_as_they_become_known(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        series.extend([object()] * 10)
        if len(waits) > 3:
            raise asyncio.CancelledError

    series: list[object] = []
    monkeypatch.setattr(asyncio, "sleep", sleep)
    memory.set_aside()
    before, kept = gc.get_freeze_count(), [[number] for number in range(1000)]
    with pytest.raises(asyncio.CancelledError):
        await memory.set_aside_new(series)
    assert gc.get_freeze_count() >= before + len(kept)


def test_garbage_is_not_set_aside() -> None:
    garbage = weakref.ref(Loop())
    memory.set_aside()
    assert garbage() is None
