"""What a disk holds after a power cut, worked out from the log of a program's changes.

Of what was written and not flushed an arbitrary part survives: each sector of 512 bytes of each write for itself,
in any order. A name (of a file that was created, renamed or removed) is safe once its folder was flushed, and not by
the flush of the file. That is what POSIX leaves open, and more than any file system known loses.

After a flush that failed, what should have been flushed is still there for every reader, until the power goes: no later
flush writes it. So does Linux, which takes such pages for clean.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

HEAD = struct.Struct("<cBHIQ")
"""An entry of the log; see `struct entry` in faulty_disk.c."""
SECTOR = 512
FORGOTTEN = "-shm"
"""Files that are maps of memory, of no use after a crash."""


class Entry(NamedTuple):
    """One change, or one mark that the program left in the log beside them."""

    kind: str
    path: str
    offset: int
    data: bytes


def entries(log: Path) -> Iterator[Entry]:
    """Yield the changes in their order; an unfinished last one, of a program that was killed, is left out."""
    content = log.read_bytes()
    at = 0
    while at + HEAD.size <= len(content):
        kind, _, path, data, offset = HEAD.unpack_from(content, at)
        at += HEAD.size
        if at + path + data <= len(content):
            name = content[at : at + path].decode()
            yield Entry(kind.decode(), name, offset, content[at + path : at + path + data])
        at += path + data


def mark(text: str) -> bytes:
    """Return an entry that a program may write into its own log, to say how far it is."""
    return HEAD.pack(b"M", 0, 0, len(text), 0) + text.encode()


@dataclass
class Change:
    """One write or truncation of a file."""

    entry: Entry
    synced: bool = False
    doomed: bool = False
    """A flush of it has failed: no later one makes it safe."""

    def apply(self, content: bytearray, survives: random.Random | None, probability: float) -> None:
        """Change the content, wholly, or as much of it as survives."""
        _, _, offset, data = self.entry
        if self.entry.kind == "T":
            if survives is None or survives.random() < probability:
                content[offset:] = bytes(max(0, offset - len(content)))
            return
        first = 0
        while first < len(data):
            last = min(len(data), (offset + first) // SECTOR * SECTOR + SECTOR - offset)
            if survives is None or survives.random() < probability:
                if len(content) < offset + last:
                    content.extend(bytes(offset + last - len(content)))
                content[offset + first : offset + last] = data[first:last]
            first = last


@dataclass
class File:
    """The content of one file: what is safe, and what was changed since."""

    safe: bytes = b""
    changes: list[Change] = field(default_factory=list)

    def flushed(self, *, failed: bool) -> None:
        """Take note of a flush."""
        for change in self.changes:
            if not change.synced:
                change.doomed |= failed
                change.synced = not change.doomed
        if all(change.synced for change in self.changes):
            self.safe, self.changes = self.content(), []

    def content(self, survives: random.Random | None = None, probability: float = 1) -> bytes:
        """Return what readers see; or what is left by a power cut."""
        content = bytearray(self.safe)
        for change in self.changes:
            change.apply(content, None if change.synced else survives, probability)
        return bytes(content)


Names = dict[str, "File | None"]
"""Files by path; None is a folder."""


class Disk:
    """All files below some folders, as the changes leave them one after the other.

    Args:
        folder: A folder that is there from the beginning, and safe.
        image: Files in it that are there from the beginning, and safe, by name.
    """

    def __init__(self, folder: Path, image: Mapping[str, bytes]) -> None:
        self._root = str(folder)
        self._names: Names = {f"{folder}/{name}": File(content) for name, content in image.items()}
        for name in image:
            self._names.update({f"{folder}/{above}": None for above in PurePosixPath(name).parents[:-1]})
        self._safe: Names = dict(self._names)
        self._unsafe: list[tuple[str, Names, list[str]]] = []
        """Changes of names since their folder was flushed: the folder, what appeared, what went."""

    def apply(self, entry: Entry) -> None:
        """Take note of a change."""
        path = entry.path
        match entry.kind:
            case "M":
                return
            case "S" | "E" if path in self._names:
                file = self._names[path]
                if file is not None:
                    file.flushed(failed=entry.kind == "E")
                    return
                self._flush_names(path, failed=entry.kind == "E")
            case "S" | "E":
                self._flush_names(path, failed=entry.kind == "E")
            case "W" | "T":
                if path not in self._names:
                    return  # it was removed while it was open
                file = self._names[path]
                assert file is not None, f"{path} is a folder"
                file.changes.append(Change(entry))
            case "C" | "D":
                self._change(path, {path: File() if entry.kind == "C" else None}, [])
            case "R":
                to = entry.data.decode()
                self._change(path, {to: self._names[path]}, [path])
            case "U":
                self._change(path, {}, [path])
            case _:
                raise AssertionError(f"the log has an entry of a kind that is not known: {entry}")

    def seen(self) -> dict[str, bytes]:
        """Return what readers see, by name below the folder."""
        return self._files({path: file.content() for path, file in self._names.items() if file is not None})

    def after_power_cut(self, survives: random.Random, probability: float | None = None) -> dict[str, bytes]:
        """Return the files that a power cut leaves now, by name below the folder.

        Args:
            survives: Decides what of that which was not flushed survives.
            probability: How likely each sector and each name does; None for any.
        """
        if probability is None:
            probability = survives.choice([0, 0.1, 0.5, 0.9, 0.98, 1])
        names = dict(self._safe)
        for _, appeared, went in self._unsafe:
            if survives.random() < probability:
                for path in went:
                    names.pop(path, None)
                names.update(appeared)
        return self._files(
            {
                path: file.content(survives, probability)
                for path, file in names.items()
                if file is not None and self._reachable(path, names)
            }
        )

    def _change(self, path: str, appeared: Names, went: list[str]) -> None:
        for gone in went:
            self._names.pop(gone, None)
        self._names.update(appeared)
        self._unsafe.append((str(PurePosixPath(path).parent), appeared, went))

    def _flush_names(self, folder: str, *, failed: bool) -> None:
        remaining = []
        for change in self._unsafe:
            if failed or change[0] != folder:
                remaining.append(change)
                continue
            for path in change[2]:
                self._safe.pop(path, None)
            self._safe.update(change[1])
        self._unsafe = remaining

    def _reachable(self, path: str, names: Names) -> bool:
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        below = parents[: parents.index(self._root)]
        return all(parent in names for parent in below)

    def _files(self, contents: Mapping[str, bytes]) -> dict[str, bytes]:
        return {
            path.removeprefix(f"{self._root}/"): content
            for path, content in contents.items()
            if not path.endswith(FORGOTTEN)
        }
