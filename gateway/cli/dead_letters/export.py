"""`gateway dead-letters export`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import track

from gateway import dead_letters
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, err, print_json
from gateway.cli.dead_letters.options import (
    KindOption,
    Numbers,
    Reason,
    Since,
    Sink,
    Source,
    Topic,
    Until,
    select,
)
from gateway.errors import GatewayError
from gateway.settings import load


def export(
    file: Annotated[Path, typer.Argument(help="File to write, one JSON object a line; - for the standard output.")],
    numbers: Numbers = None,
    config: ConfigOption = DEFAULT_CONFIG,
    kind: KindOption = None,
    reason: Reason = "",
    topic: Topic = "",
    source: Source = "",
    sink: Sink = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=0, help="At most so many, the oldest first; 0 for all.")] = 0,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if there is one.")] = False,
    json: JsonOption = False,
) -> None:
    """Write dead letters to a file, with their bytes and everything that is known of them; all unless told which."""
    spool = load(config).spool.path
    chosen = select(kind, reason, topic, source, sink, since, until, numbers=numbers, limit=limit)
    expected = dead_letters.number_of(spool, chosen)
    if str(file) == "-":
        sum(dead_letters.write_to(sys.stdout.buffer, dead_letters.pages(spool, chosen)))
        sys.stdout.buffer.flush()
        return
    with _opened(file, force=force) as opened:
        written = dead_letters.write_to(opened, dead_letters.pages(spool, chosen))
        number = sum(
            track(written, "Writing", total=-(-expected // dead_letters.PAGE), console=err, disable=not err.is_terminal)
        )
    if json:
        print_json({"file": str(file), "letters": number})
    else:
        done(f"{number:,} dead letters are in {file}")


@contextmanager
def _opened(file: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that only this user may read: what machines send may be secret."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL), 0o600)
        with open(descriptor, "wb") as opened:  # noqa: PTH123  # a descriptor has no path
            yield opened
    except FileExistsError as error:
        raise GatewayError(f"{file} exists: name another, or overwrite it with --force") from error
    except OSError as error:
        raise GatewayError(f"{file} cannot be written: {error.strerror}") from error
