"""What `gateway sparkplug watch` draws: the nodes, and below them what has happened to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from gateway.cli.console import show_text, show_time
from gateway.cli.sparkplug.changes import Change, Kind
from gateway.cli.sparkplug.hosts import Node, Picture
from gateway.cli.sparkplug.table import WIDE, draw, notes, totals

MAX_LOG = 200
"""Changes that are remembered."""
LOG_SHARE = 3
"""The log gets the last third of the screen, and what the table leaves."""
_COLOURS = {
    Kind.BIRTH: "green",
    Kind.DEATH: "red",
    Kind.GAP: "yellow",
    Kind.REBIRTH_ASKED: "yellow",
    Kind.DUPLICATE_SESSIONS: "red",
    Kind.GATEWAY: "magenta",
    Kind.HOST: "magenta",
}


class View:
    """Draws nodes and what happened to them, as much as fits.

    Args:
        picture: The first look.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._log: deque[Change] = deque(maxlen=MAX_LOG)

    def take(self, picture: Picture, happened: Sequence[Change]) -> None:
        """Take note of another look, and of what happened since the last one."""
        self._picture = picture
        self._log.extend(happened)

    def draw(self, width: int, height: int) -> RenderableType:
        """Return the picture of now, for a screen of so many columns and lines.

        Where there is no room for all nodes, those that are not online come first.
        """
        picture = self._picture
        nodes = [(source, node) for source, host in picture.hosts.items() for node in host.nodes]
        said = [*notes(nodes)[:LOG_SHARE], *(totals(source, host) for source, host in picture.hosts.items())]
        room = max(2, height - len(said) - 4)  # beside the heading, an empty line, and the two last lines
        rows = max(1, room - min(len(self._log), max(1, room // LOG_SHARE)))
        shown = _most_telling(nodes, rows)
        log = list(self._log)[-max(1, room - len(shown)) :]
        more = f"{len(nodes) - len(shown):,} more nodes; " if len(nodes) > len(shown) else ""
        return Group(
            draw(picture, shown, wide=width >= WIDE),
            *(_line(text) for text in said),
            Text(),
            *(_line(show_change(change)) for change in log),
            _line(f"[dim]{more}Ctrl-C ends this[/]"),
        )


def show_change(change: Change) -> str:
    """Return a change as a line, with markup."""
    colour = _COLOURS.get(change.kind)
    kind = f"[{colour}]{change.kind.value}[/]" if colour else change.kind.value
    words = [show_time(change.time_ns), show_text(change.subject or change.source), kind]
    if change.number > 1:
        words.append(f"{change.number:,} times")
    if change.detail:
        words.append(show_text(change.detail))
    return "  ".join(word for word in words if word)


def _line(markup: str) -> Text:
    line = Text.from_markup(markup, overflow="ellipsis")
    line.no_wrap = True
    return line


def _most_telling(nodes: list[tuple[str, Node]], room: int) -> list[tuple[str, Node]]:
    if len(nodes) <= room:
        return nodes
    return sorted(nodes, key=lambda one: one[1].online)[:room]
