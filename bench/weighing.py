"""What the kernel says a process has used: time on processors, memory, bytes written (man 5 proc)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat behind the name of the program."""


class Memory(NamedTuple):
    """Resident memory of a process in megabytes (10^6 bytes), its libraries included: now, and at most."""

    now: float
    peak: float


def cpu_seconds(pid: int) -> float:
    """Return the time that a process took on processors so far, in user and kernel mode, by all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def memory(pid: int) -> Memory:
    """Return the resident memory of a process."""
    kilobytes = _numbers(Path(f"/proc/{pid}/status"))
    return Memory(round(kilobytes["VmRSS"] * 1024 / 1e6, 1), round(kilobytes["VmHWM"] * 1024 / 1e6, 1))


def written_bytes(pid: int) -> int:
    """Return the bytes that a process sent to disks so far.

    The kernel counts a page of 4096 bytes when it is changed in its cache, and once more when it is changed after it
    was written. A program that has each change flushed is counted rightly, up to whole pages; what the file system
    writes for itself (its journal), and what the flash makes of it, come on top.
    """
    return _numbers(Path(f"/proc/{pid}/io"))["write_bytes"]


def _numbers(file: Path) -> dict[str, int]:
    """Return the numbers of a file of lines such as `VmRSS:  123 kB`."""
    lines = (line.partition(":") for line in file.read_text(encoding="utf-8").splitlines())
    words = ((name, rest.split()) for name, _, rest in lines)
    return {name: int(rest[0]) for name, rest in words if rest and rest[0].isdecimal()}
