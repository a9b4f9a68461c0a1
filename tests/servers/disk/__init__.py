"""A disk with faults for any program: slow, failing or full, and with a log from which a power cut can be replayed.

The faults are put between the program and its files by a small C library (faulty_disk.c) that is preloaded; it is
compiled once, into build/, and needs a C compiler. To give a program such a disk, add `environment` to its own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.servers import require

SOURCE = Path(__file__).with_name("faulty_disk.c")
BUILD = Path(__file__).parents[3] / "build"


def library() -> Path:
    """Return the compiled library; without a compiler skip on a laptop, and fail where CI=true."""
    compiler = require("gcc", "gcc libc6-dev")
    made = BUILD / f"faulty_disk-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    if not made.exists():
        BUILD.mkdir(exist_ok=True)
        # Tests that run side by side may both make it; each moves a whole file into place.
        unfinished = made.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(unfinished), str(SOURCE), "-ldl"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            pytest.fail(f"{SOURCE.name} cannot be compiled (is libc6-dev installed?):\n{finished.stderr}")
        unfinished.rename(made)
    return made


def environment(
    folder: Path,
    *,
    delay_ms: int = 0,
    fail_sync: int = 0,
    full_after: int | None = None,
    armed_by: Path | None = None,
    log: Path | None = None,
) -> dict[str, str]:
    """Return the variables that give a program a faulty disk below a folder.

    Args:
        folder: Where the faults are; elsewhere the disk is as it is.
        delay_ms: How much longer every fsync and fdatasync takes.
        fail_sync: The number, from 1 on, of the fsync or fdatasync that fails with EIO; 0 for none.
        full_after: The number of bytes after which writes fail with ENOSPC.
        armed_by: Syncs fail and writes find no room only while this file exists; they are counted from then on.
        log: Where to log all changes, for `tests.servers.disk.replay`.
    """
    options = {
        "FAULTY_DISK": str(folder.resolve()),
        "FAULTY_DISK_DELAY_MS": str(delay_ms) if delay_ms else "",
        "FAULTY_DISK_FAIL_SYNC": str(fail_sync) if fail_sync else "",
        "FAULTY_DISK_FULL": "" if full_after is None else str(full_after),
        "FAULTY_DISK_WHILE": "" if armed_by is None else str(armed_by),
        "FAULTY_DISK_LOG": "" if log is None else str(log),
        "LD_PRELOAD": f"{library()} {os.environ.get('LD_PRELOAD', '')}".strip(),
    }
    return {name: value for name, value in options.items() if value}
