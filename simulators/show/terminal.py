"""A day of a machine on a terminal: a line of blocks for each signal, with its least and greatest value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from string import ascii_uppercase

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from simulators.machines.signal import Signal, Value
from simulators.show.day import SECONDS, Day, amounts
from simulators.show.panels import colours, legend

_BLOCKS = "▁▂▃▄▅▆▇█"
_HEADINGS = ("signal", "least", "most", "unit")
_LEAST, _MOST = 24, 96
"""Characters of a line of blocks: an hour each, or a quarter of one."""


class Sparklines:
    """A day of a machine, to be printed on a console of any width."""

    def __init__(self, day: Day) -> None:
        self._day = day

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, and what its colours mean; where there are none, letters stand for them."""
        day = self._day
        signals = day.kind.signals
        ends = [_ends(signal, day.columns[signal.name]) for signal in signals]
        rows = ((signal.name, *its_ends) for signal, its_ends in zip(signals, ends, strict=True))
        beside = zip(_HEADINGS, *rows, strict=True)
        free = options.max_width - sum(max(map(len, texts)) for texts in beside) - len(_HEADINGS) - 1
        width = max(_LEAST, min(_MOST, free // _LEAST * _LEAST))
        table = Table(
            _HEADINGS[0],
            _hours(width),
            title=f"{day.kind.title}, {day.day:%A %Y-%m-%d}, seed {day.seed}",
            title_justify="left",
            box=None,
            padding=(0, 1, 0, 0),
        )
        for heading in _HEADINGS[1:]:
            table.add_column(heading, justify="left" if heading == "unit" else "right")
        table.add_row("planned", _blocks(day.planned, width))
        strips = {
            signal.name: _Strip(day.columns[signal.name], coloured=console.color_system is not None)
            for signal in signals
            if signal.type == "text"
        }
        for signal, its_ends in zip(signals, ends, strict=True):
            strip = strips.get(signal.name)
            curve = _blocks(day.columns[signal.name], width) if strip is None else strip.draw(width)
            table.add_row(signal.name, curve, *its_ends)
        yield table
        for name, strip in strips.items():
            yield strip.legend(name)


class _Strip:
    """A line of colours for a text, or of letters."""

    def __init__(self, column: Sequence[Value], *, coloured: bool) -> None:
        self._column = column
        self._palette = colours(column)
        self._coloured = coloured
        self._letters = dict(zip(self._palette, cycle(ascii_uppercase), strict=False))

    def draw(self, width: int) -> Text:
        """Return what was most of the time in each part of a day."""
        strip = Text()
        for part in _parts(len(self._column), width):
            (most, _), *_ = Counter(self._column[part]).most_common(1)
            if self._coloured:
                strip.append("█", style=self._palette[str(most)])
            else:
                strip.append(self._letters[str(most)])
        return strip

    def legend(self, name: str) -> Text:
        """Return what is what."""
        line = Text(f"{name}: ")
        if not self._coloured:
            return line.append("  ".join(f"{letter} {text}" for text, letter in self._letters.items()))
        for colour, meaning in legend(self._palette):
            line.append("█ ", style=colour)
            line.append(f"{meaning}  ")
        return line


def _hours(width: int) -> str:
    """Return a scale of the hours."""
    hour = width // 24
    every = 3 if hour > 1 else 6
    return "".join(f"{at:<{every * hour}d}" for at in range(0, 24, every))


def _ends(signal: Signal, column: Sequence[Value]) -> tuple[str, str, str]:
    """Return the least and the greatest value and the unit, as they are shown; nothing of texts and booleans."""
    if signal.type in ("text", "bool"):
        return "", "", ""
    values = amounts(column)
    decimals = 0 if signal.type == "int" else min(signal.decimals, 2)
    return f"{min(values):,.{decimals}f}", f"{max(values):,.{decimals}f}", signal.unit


def _parts(length: int, width: int) -> Iterator[slice]:
    size = length // width
    return (slice(part * size, (part + 1) * size) for part in range(width))


def _blocks(column: Sequence[Value], width: int) -> str:
    """Return blocks for the means of the parts of a day, or the share of what is true; what stays is on the ground."""
    values = amounts(column)
    least, reach = min(values), max(values) - min(values)
    means = (sum(values[part]) / (SECONDS // width) for part in _parts(len(values), width))
    return "".join(_BLOCKS[round((mean - least) / reach * (len(_BLOCKS) - 1)) if reach else 0] for mean in means)
