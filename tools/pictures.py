"""Draws a day of every kind of machine for the documentation: `python -m tools.pictures docs/pictures`.

What they look like depends on the versions of matplotlib and its fonts, so that no check compares them.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from simulators.cli.show import USUAL_DAY
from simulators.machines import MACHINES
from simulators.show.day import live
from simulators.show.picture import draw


def write(folder: Path) -> None:
    """Write a picture of each kind of machine into a folder, named after the kind."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as processes:
        list(processes.map(_write, MACHINES, (folder / f"{kind}.png" for kind in MACHINES)))


def _write(kind: str, path: Path) -> None:
    draw(live(kind, 1, USUAL_DAY), path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    write(parser.parse_args().folder)
