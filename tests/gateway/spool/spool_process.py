"""A spool in a process of its own, on a disk that logs every change and can fail: to be killed at any moment.

One process with the library of `tests.servers.disk` has everything imported and forks another for each spool, which
takes 2 ms instead of 300.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import IO, TypeAlias, cast

from gateway.errors import SpoolError
from gateway.spool import Group, Row, Spool
from gateway.spool.dead_letters import DeadLetter
from tests.gateway.spool.observed import Observed, observe, rows_of
from tests.servers import disk
from tests.servers.disk.replay import mark

MEGABYTE = 2**20
"""Of reserve: 16 of them take time in a file system in memory."""
SINKS = ("a", "b")
LENGTH = struct.Struct("<I")
BEGUN, DONE = "begun", "done"
"""Marks in the log: a call has begun, or has returned."""


class End(Enum):
    """How a spool's process has ended, as the answer to the last question."""

    KILLED = "killed"
    FAILED = "failed"


Argument: TypeAlias = "Group | str | int | list[Row] | list[DeadLetter]"
Answer: TypeAlias = "Row | list[Row] | Observed | SpoolError | End | None"


class SpoolProcess:
    """Speaks with the process. One spool at a time: `open`, any calls, then `kill`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": disk.environment(Path("/"))["LD_PRELOAD"]},
        )

    def open(self, spool: Path, folder: Path, log: Path, checkpoint: int, fault: Mapping[str, str]) -> Answer:
        """Open a spool.

        Args:
            spool: Its file.
            folder: Below it, changes are logged.
            log: Where to.
            checkpoint: After how many pages SQLite copies its log into the file.
            fault: Options of the faulty disk, for the opening and what follows.
        """
        environment = {**disk.environment(folder, log=log), **fault}
        return self._ask((spool, environment, checkpoint))

    def arm(self, fault: Mapping[str, str]) -> None:
        """Set options of the faulty disk."""
        self._ask(("arm", (fault,)))

    def call(self, name: str, *arguments: Argument) -> Answer:
        """Call a method of the spool, or `observe` or `rows_of`; return its answer, or the error that it raised."""
        return self._ask((name, arguments))

    def kill(self) -> None:
        """End the spool's process as `kill -9` does."""
        self._ask(("kill", ()))

    def stop(self) -> None:
        """End all of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _ask(self, question: object) -> Answer:
        _send(cast("IO[bytes]", self._process.stdin), question)
        answer = cast("Answer", _receive(cast("IO[bytes]", self._process.stdout)))
        assert answer is not End.FAILED, "the spool's process has failed: its standard error says why"
        return answer


def _send(to: IO[bytes], what: object) -> None:
    packed = pickle.dumps(what)
    to.write(LENGTH.pack(len(packed)) + packed)
    to.flush()


def _receive(of: IO[bytes]) -> object:
    head = of.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return pickle.loads(of.read(*LENGTH.unpack(head)))  # noqa: S301  # of our own process


def _configure(environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    ctypes.CDLL(None).faulty_disk_configure()


def _serve_one(path: Path, environment: Mapping[str, str], checkpoint: int) -> None:
    """Run one spool until it is killed."""
    _configure(environment)
    log = os.open(environment["FAULTY_DISK_LOG"], os.O_WRONLY | os.O_APPEND)
    spool: Spool | None = None
    name, arguments = "open", cast("tuple[object, ...]", ())
    while name != "kill":
        answer: Answer = None
        try:
            if name == "arm":
                _configure(cast("tuple[Mapping[str, str]]", arguments)[0])
            elif name in ("observe", "rows_of"):
                assert spool is not None
                answer = observe(spool) if name == "observe" else rows_of(spool)
            else:
                os.write(log, mark(BEGUN))
                if spool is None:
                    spool = Spool(path, SINKS, reserve=MEGABYTE)
                    spool._connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint}")
                else:
                    result = getattr(spool, name)(*arguments)
                    answer = result if isinstance(result, Row) else None
                os.write(log, mark(DONE))
        except SpoolError as error:
            answer = error
        _send(sys.stdout.buffer, answer)
        name, arguments = cast("tuple[str, tuple[object, ...]]", _receive(sys.stdin.buffer))
    os.kill(os.getpid(), signal.SIGKILL)


def serve() -> None:
    """Fork a process for each spool that is asked for."""
    while True:
        try:
            question = cast("tuple[Path, Mapping[str, str], int]", _receive(sys.stdin.buffer))
        except EOFError:
            return
        child = os.fork()
        if not child:
            _serve_one(*question)
        _, status = os.waitpid(child, 0)
        _send(sys.stdout.buffer, End.KILLED if os.WIFSIGNALED(status) else End.FAILED)
