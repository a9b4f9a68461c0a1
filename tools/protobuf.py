"""Writes the Python of each .proto beside it; with --check, only compares.

python -m tools.protobuf [--check] adapters/sparkplug/payload.proto
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

_ENDINGS = ("_pb2.py", "_pb2.pyi")


def generate(proto: Path, folder: Path) -> list[Path]:
    """Write the Python of a .proto below a folder, and return the paths relative to it.

    Raises:
        ValueError: The compiler refuses the file.
    """
    options = [f"--python_out={folder}", f"--pyi_out={folder}"]
    if protoc.main(["protoc", "--proto_path=.", *options, str(proto)]):
        raise ValueError(f"{proto} cannot be compiled")
    return [proto.with_name(proto.stem + ending) for ending in _ENDINGS]


def _is_in_step(proto: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return all(
            path.exists() and path.read_bytes() == Path(folder, path).read_bytes()
            for path in generate(proto, Path(folder))
        )


def main() -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("protos", nargs="+", type=Path)
    arguments = parser.parse_args()
    for proto in arguments.protos:
        if not arguments.check:
            generate(proto, Path())
        elif not _is_in_step(proto):
            sys.stderr.write(f"what is generated from {proto} is out of step: run `make docs`\n")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
