"""Draws one panel of a picture over one span of time: curves with their bands, or a strip of colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from simulators.machines.signal import Signal
from simulators.show.day import SECONDS, Day, amounts
from simulators.show.panels import Panel, colours, legend

LINE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SHIFT = "#f1f6fb"
"""The background of planned time."""
_CLOSE = "#333333"
_BIN = 90
"""Seconds of the day in a point of its curves."""
_ROWS = 24
"""Of pixels in a strip, before it is scaled."""
_HOUR, _MINUTE = 3600.0, 60.0
_CROWD = 4
"""Curves in a panel from which on their bands are paler."""
_NEAR_ZERO = 0.3
_FEW = 0.04
"""A close-up shows at least this share of the range of the day, so that noise is not magnified to a landscape."""

_Numbers = NDArray[np.float64]


def clock(second: float) -> str:
    """Return the time of the day."""
    minutes = round(second / _MINUTE)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def draw_time_axis(axes: Axes, seconds: range, *, labels: bool) -> None:
    """Set the ticks of the time, with labels or without."""
    axes.set_xlim(seconds[0], seconds[-1] + 1)
    step = next(
        step
        for step in (60.0, 120.0, 300.0, 600.0, 3 * _HOUR)
        if len(seconds) / step <= 8  # noqa: PLR2004  # as many labels find room
    )
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.tick_params(axis="both", length=3)
    axes.tick_params(axis="x", labelbottom=labels)
    if labels:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda second, _: clock(second)))


def draw_panel(axes: Axes, panel: Panel, day: Day, seconds: range) -> None:
    """Draw some seconds of a panel; of the whole day, with its legend."""
    whole = len(seconds) == SECONDS
    if panel.is_strip:
        _strip(axes, panel.signals[0], day, seconds)
        return
    for begin, end in _spans(day.planned, seconds):
        axes.axvspan(begin, end, color=SHIFT, zorder=0, linewidth=0)
    low, high = np.inf, -np.inf
    for signal, colour in zip(panel.signals, cycle(LINE_COLOURS), strict=False):
        values = np.asarray(amounts(day.columns[signal.name]))
        low, high = min(low, values.min()), max(high, values.max())
        if whole:
            _day_curve(axes, values, colour, counts=_counts(values), crowd=len(panel.signals))
        else:
            style = "steps-pre" if signal.type == "int" else "default"
            axes.plot(
                np.asarray(seconds) + 1, values[seconds.start : seconds.stop], color=colour, lw=1.3, drawstyle=style
            )
    _limits(axes, panel, float(low), float(high), whole=whole)
    if whole:
        axes.axvspan(day.closely[0], day.closely[-1], color=_CLOSE, alpha=0.25, linewidth=0)
        unit = f"  [{panel.unit}]" if panel.unit else ""
        lines = [
            Line2D([], [], color=colour, lw=2.5, label=signal.name + unit * (signal is panel.signals[-1]))
            for signal, colour in zip(panel.signals, cycle(LINE_COLOURS), strict=False)
        ]
        _legend(axes, lines)


def _legend(axes: Axes, handles: Sequence[Line2D | Patch], title: str = "") -> None:
    name = [Patch(facecolor="none", label=f"{title}:")] if title else []
    axes.legend(
        handles=[*name, *handles],
        loc="lower left",
        bbox_to_anchor=(-0.034 if title else -0.004, 0.97),
        ncols=len(handles) + len(name),
        frameon=False,
        fontsize=11,
        handlelength=1.1,
        handletextpad=0.4,
        columnspacing=1.2,
        borderpad=0.15,
        borderaxespad=0.0,
    )


def _counts(values: _Numbers) -> bool:
    """Whether it is a register: it never falls."""
    return bool((np.diff(values) >= 0).all())


def _day_curve(axes: Axes, values: _Numbers, colour: str, *, counts: bool, crowd: int) -> None:
    bins = values.reshape(-1, _BIN)
    at = (np.arange(len(bins)) + 0.5) * _BIN
    if not counts:
        axes.fill_between(
            at,
            bins.min(axis=1),
            bins.max(axis=1),
            color=colour,
            alpha=0.3 if crowd < _CROWD else 0.18,
            linewidth=0,
        )
    axes.plot(at, bins.mean(axis=1), color=colour, lw=1.3)


def _limits(axes: Axes, panel: Panel, low: float, high: float, *, whole: bool) -> None:
    """Set the range of the values: from zero where they come near it, but for temperatures."""
    reach = (high - low) or max(1.0, abs(high) * 0.02)
    if not whole:
        least, most = axes.get_ylim()
        if most - least < _FEW * reach:
            middle = (least + most) / 2
            axes.set_ylim(middle - _FEW * reach / 2, middle + _FEW * reach / 2)
    elif panel.unit != "degC" and 0 <= low < _NEAR_ZERO * high:
        axes.set_ylim(0.0, high + 0.05 * reach)
    else:
        axes.set_ylim(low - 0.06 * reach, high + 0.06 * reach)
    _tick(axes, panel)


def _tick(axes: Axes, panel: Panel) -> None:
    """Set the ticks of the values: of what is counted only whole numbers."""
    counted = all(signal.type == "int" for signal in panel.signals)
    least, most = axes.get_ylim()
    if counted and most - least < 2:  # noqa: PLR2004  # one more and one less
        axes.set_ylim((least + most) / 2 - 1, (least + most) / 2 + 1)
    steps = [1, 2, 5, 10] if counted else [1, 2, 2.5, 5, 10]
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=steps, min_n_ticks=2, integer=counted))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _spell(value)))


def _spell(value: float) -> str:
    """Return the label of a value, which finds room beside the axis."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
        if abs(value) >= size:
            return f"{value / min(size, 1e3 if prefix == 'k' else size):.7g}{prefix}"
    return f"{value:.7g}".replace("-", "\N{MINUS SIGN}")


def _strip(axes: Axes, signal: Signal, day: Day, seconds: range) -> None:
    """Draw a strip: each moment has the colour of the value; of a longer span, each colour has its share."""
    whole = len(seconds) == SECONDS
    texts = list(map(str, day.columns[signal.name]))
    palette = colours(texts)
    number = {text: index for index, text in enumerate(palette)}
    codes = np.asarray([number[text] for text in texts[seconds.start : seconds.stop]])
    bins = codes.reshape(-1, _BIN if whole else 1)
    shares = np.stack([(bins == index).mean(axis=1) for index in range(len(palette))]).cumsum(axis=0)
    heights = (np.arange(_ROWS) + 0.5) / _ROWS
    rows = (shares[:, None, :] < heights[None, :, None]).sum(axis=0).clip(max=len(palette) - 1)
    image = np.asarray([to_rgb(colour) for colour in palette.values()])[rows]
    axes.imshow(
        image, aspect="auto", extent=(seconds[0], seconds[-1] + 1, 0, 1), origin="lower", interpolation="nearest"
    )
    axes.set_yticks([])
    axes.grid(visible=False)
    if whole:
        _legend(axes, [Patch(facecolor=colour, label=text) for colour, text in legend(palette)], title=signal.name)


def _spans(planned: Sequence[bool], seconds: range) -> list[tuple[int, int]]:
    """Return the spans of planned time among some seconds."""
    spans = []
    begin: int | None = None
    for second in seconds:
        if planned[second] and begin is None:
            begin = second
        elif not planned[second] and begin is not None:
            spans.append((begin, second))
            begin = None
    return [*spans, (begin, seconds[-1] + 1)] if begin is not None else spans
