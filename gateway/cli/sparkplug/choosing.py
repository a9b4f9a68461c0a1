"""Which nodes a command is about."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Annotated

import typer

from gateway.cli.sparkplug.hosts import Node, Picture

SourceOption = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
GroupOption = Annotated[str | None, typer.Option("--group", help="Only nodes of this group.")]
NodeOption = Annotated[
    str | None,
    typer.Option("--node", help="Only nodes with such a name: `press-*`, or with the group `plant1/press-*`."),
]


def chosen(group: str | None, pattern: str | None, *, offline: bool = False) -> Callable[[Node], bool]:
    """Return what tells whether a node is meant.

    Args:
        group: Its group; None for any.
        pattern: What its name is like, with `*`, `?` and `[...]`; None for any.
        offline: Only if it is not online, or one of its devices is not.
    """

    def is_meant(node: Node) -> bool:
        name = node.name if pattern is not None and "/" in pattern else node.node
        return (
            group in (None, node.group)
            and (pattern is None or fnmatchcase(name, pattern))
            and not (offline and node.online and all(device.online for device in node.devices))
        )

    return is_meant


def narrow(picture: Picture, is_meant: Callable[[Node], bool]) -> Picture:
    """Return the picture with these nodes only, sorted by name."""
    hosts = {
        source: host.model_copy(
            update={"nodes": tuple(sorted(filter(is_meant, host.nodes), key=lambda node: (node.group, node.node)))}
        )
        for source, host in picture.hosts.items()
    }
    return picture.model_copy(update={"hosts": hosts})
