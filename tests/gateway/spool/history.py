"""The calls of a spool since its disk was last whole, and what a power cut at any moment of them would leave."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.gateway.spool.observed import Observed
from tests.gateway.spool.spool_process import BEGUN
from tests.servers.disk.replay import Disk, entries

States = Sequence[Observed]


class Cut(NamedTuple):
    """A power cut: the files that it leaves, by name, and the states of which the spool must be in one then."""

    image: Mapping[str, bytes]
    possible: States


class History:
    """One disk, from a state on in which everything on it is safe.

    Args:
        root: The folder for its files and its log.
        start: What is on it, and in which states the spool may be.

    Attributes:
        folder: Where its files are.
        log: Where its changes are logged.
        possible: The states of which the spool is in one now, whether the power goes or not.
        highest: The highest number of a row that was told.
    """

    def __init__(self, root: Path, start: Cut) -> None:
        self.folder, self.log = root / "disk", root / "log"
        self.possible: States = start.possible
        self.highest = 0
        self._image = start.image
        self._calls: list[tuple[States, States]] = []
        put(self.folder, start.image)

    def call(self, during: States) -> None:
        """Note that a call has begun while which the spool is in one of these states."""
        self._calls.append((during, []))
        self.possible = during

    def returned(self, after: States) -> None:
        """Note that it has returned, and in which states the spool may be since."""
        self._calls[-1] = (self._calls[-1][0], after)
        self.possible = after

    def cuts(self, number: int, chosen: random.Random) -> Iterator[Cut]:
        """Yield power cuts at the end and at some moments before it."""
        log = list(entries(self.log))
        moments = {len(log), *(chosen.randrange(len(log) + 1) for _ in range(number))}
        disk = Disk(self.folder, self._image)
        calls = iter(self._calls)
        possible: States = self._calls[0][0]
        after: States = []
        for moment in range(len(log) + 1):
            if moment in moments:
                yield Cut(disk.after_power_cut(chosen), possible)
            if moment < len(log):
                entry = log[moment]
                if entry.kind == "M":
                    possible, after = next(calls) if entry.data.decode() == BEGUN else (after, ())
                disk.apply(entry)


def put(folder: Path, image: Mapping[str, bytes]) -> None:
    """Make a folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in image.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
