"""A piece of the disk that is given up when there is no other room, so that a full disk can still be left.

To forget what the sinks have taken, SQLite must write: to its own log, and to make room there, from that log into the
file. On a disk that something else has filled, nothing could ever be forgotten, however much the sinks take.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BYTES = 16 * 2**20
"""Twice what SQLite's log holds before it is copied into the file."""
PART = 8
"""On a small disk it is one part in so many."""


class Reserve:
    """The reserve of one spool.

    Args:
        spool: The spool's file.
        wanted: Bytes of it, on a disk that is large enough.

    Attributes:
        size: Its bytes; 0 if there is none.
    """

    def __init__(self, spool: Path, wanted: int = BYTES) -> None:
        self._wanted = wanted
        self._path = spool.with_name(spool.name + ".reserve")
        self.size = self._path.stat().st_size if self._path.exists() else 0

    def make(self) -> None:
        """Set it aside, if there is enough room."""
        if self.size:
            return
        usage = shutil.disk_usage(self._path.parent)
        size = min(self._wanted, usage.total // PART)
        if usage.free < size:
            return
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:  # something else was quicker to take the room
            self._path.unlink()
        else:
            self.size = size
        finally:
            os.close(descriptor)

    def release(self) -> bool:
        """Give it up; return whether there was one."""
        released, self.size = self.size, 0
        self._path.unlink(missing_ok=True)
        return released > 0
