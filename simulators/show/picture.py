"""A day of a machine as a PNG: all panels over one time axis, and beside each some minutes of it, closely.

The pictures need matplotlib, which nothing else here does: whoever imports this module without it gets ImportError.
With one version of it the same day gives the same bytes.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.typing import RcKeyType
from PIL import Image

from simulators.show.curves import LINE_COLOURS, SHIFT, clock, draw_panel, draw_time_axis
from simulators.show.day import SECONDS, Day
from simulators.show.panels import ALL_COLOURS, panels

_WIDTH, _DPI = 16.0, 100
"""Inches, and pixels in each."""
_STRIP, _LINES, _HEAD, _TOP, _BOTTOM = 0.2, 0.82, 0.36, 0.6, 0.4
"""Inches: height of a strip, of a panel with lines, of the legend above each, and the margins of the picture."""
_STYLE: dict[RcKeyType, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 11.0,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelsize": 11.0,
    "ytick.labelsize": 10.0,
}
_OWN_COLOURS = ("#ffffff", "#000000", SHIFT, *LINE_COLOURS)


def draw(day: Day, path: Path) -> None:
    """Write the picture of a day.

    Raises:
        OSError: The file cannot be written.
    """
    with mpl.rc_context(_STYLE):
        shown = panels(day)
        heights = [_HEAD + (_STRIP if panel.is_strip else _LINES) for panel in shown]
        height = sum(heights) + _TOP + _BOTTOM
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        grid = GridSpec(
            len(shown),
            2,
            figure,
            left=0.055,
            right=0.985,
            top=1 - _TOP / height,
            bottom=_BOTTOM / height,
            hspace=0.0,
            wspace=0.125,
            width_ratios=(1.75, 1.0),
            height_ratios=heights,
        )
        _title(figure, day, height)
        for row, panel in enumerate(shown):
            for column, seconds in enumerate((range(SECONDS), day.closely)):
                axes = figure.add_subplot(grid[row, column])
                _shrink(axes, _HEAD / height)
                draw_panel(axes, panel, day, seconds)
                draw_time_axis(axes, seconds, labels=row == len(shown) - 1)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", pil_kwargs={"compress_level": 1})
        picture = Image.open(buffer).convert("RGB")
        _with_few_colours(picture).save(path, format="PNG", optimize=True)


def _with_few_colours(picture: Image.Image) -> Image.Image:
    """Return the picture with a palette: half as large, and the colours that mean something stay as they are."""
    meant = np.asarray([to_rgb(colour) for colour in (*ALL_COLOURS, *_OWN_COLOURS)])
    palette = np.rint(255 * meant).astype(np.uint8)
    usual = picture.quantize(256 - len(palette))
    numbers = np.asarray(usual, np.uint8) + len(palette)
    pixels = np.asarray(picture)
    for number, colour in enumerate(palette):
        numbers[(pixels == colour).all(axis=2)] = number
    few = Image.fromarray(numbers.astype(np.uint8))
    few.putpalette([*palette.ravel().tolist(), *(usual.getpalette() or [])])
    return few


def _title(figure: Figure, day: Day, height: float) -> None:
    first, last = day.closely[0], day.closely[-1] + 1
    figure.text(0.012, 1 - 0.36 / height, day.kind.title, fontsize=19, fontweight="bold", va="center")
    figure.text(
        0.985,
        1 - 0.36 / height,
        f"{day.day:%A, %Y-%m-%d}, seed {day.seed}   ·   right: {clock(first)} to {clock(last)}   ·   "
        "background: planned time   ·   band: minimum to maximum in 90 s",
        fontsize=11,
        color="#555555",
        ha="right",
        va="center",
    )


def _shrink(axes: Axes, head: float) -> None:
    """Make room for the legend above."""
    box = axes.get_position()
    axes.set_position((box.x0, box.y0, box.width, box.height - head))
