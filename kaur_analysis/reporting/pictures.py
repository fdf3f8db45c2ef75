"""What pictures of notebooks 01-04 share: one style, and the way they get into a notebook."""

from base64 import b64encode
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from kaur_analysis.formats import number
from kaur_analysis.reporting.charts import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILLION, canvas, svg
from kaur_analysis.reporting.html import Section, section

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, INK, GREY)
DASHES: tuple[object, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++")
WIDE = 6.4
SVG = "http://www.w3.org/2000/svg"  # the name of the format, not an address anyone opens


def stacked(
    wide: pd.DataFrame,
    parts: Mapping[str, str],
    names: Mapping[str, str] | None,
    name: str,
    axis: str,
    caption: str,
    note: str = "",
) -> Section:
    """Bars of parts laid end to end, one bar per row of ``wide``, told apart by colour and hatching."""
    figure, axes = canvas(0.34 * len(wide) + 1.1, WIDE)
    place, left = np.arange(len(wide)), np.zeros(len(wide))
    for column, part in enumerate(wide.columns):
        values = wide[part].fillna(0).to_numpy()
        axes.barh(
            place, values, left=left, height=0.66, color=mpl.colors.to_rgba(COLOURS[column % len(COLOURS)], 0.55),
            hatch=HATCHES[column % len(HATCHES)], edgecolor=INK, linewidth=0.6, label=parts.get(part, part),
        )  # fmt: skip
        left += values
    axes.set_yticks(place, [(names or {}).get(code, code) for code in wide.index])
    axes.set_ylim(len(wide) - 0.4, -0.6)
    axes.set_xlabel(axis)
    axes.xaxis.set_major_formatter(lambda tick, _: number(tick, 0 if tick == round(tick) else 1))
    if len(wide.columns):
        axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return picture(figure, name, caption, note)


def percent_axes(axes: Axes, across: str, up: str) -> None:
    """Both axes in percent, from zero."""
    axes.set_xlabel(f"{across} (persen)")
    axes.set_ylabel(f"{up} (persen)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda tick, _: number(tick, 0 if tick == round(tick) else 1))
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)


def picture(figure: Canvas, name: str, caption: str, note: str = "") -> Section:
    """A figure with its caption, and a sentence under it."""
    # An image, not inline SVG: JupyterLab strips that from a notebook that somebody else has run.
    image = str(svg(figure, name)).replace("<svg ", f'<svg xmlns="{SVG}" ', 1)
    encoded = b64encode(image.encode("utf-8")).decode("ascii")
    return section("diagnostic", picture=encoded, caption=caption, note=note)
