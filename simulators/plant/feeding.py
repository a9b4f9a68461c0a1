"""Who measures or supplies whom: meters may measure other meters, as long as none measures itself in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

METER, SUPPLY = "energy_meter", "compressor"
FEEDING = (SUPPLY, METER)
"""The kinds of machines that have `feeds`."""


def levels(feeds: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Return how many of those that feed stand below each: 0 for one that feeds no other of them.

    Args:
        feeds: Those that feed, with whom they feed.

    Raises:
        ValueError: One feeds itself, or the other way round; says which.
    """
    graph = {name: [each for each in fed if each in feeds] for name, fed in feeds.items()}
    found: dict[str, int] = {}
    try:
        for name in TopologicalSorter(graph).static_order():
            found[name] = 1 + max((found[each] for each in graph[name]), default=-1)
    except CycleError as error:
        around = list(dict.fromkeys(error.args[1]))
        told = f"{' and '.join(around)} feed each other" if len(around) > 1 else f"{around[0]} feeds itself"
        raise ValueError(told) from error
    return found
