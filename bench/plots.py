"""The plots of docs/benchmarks.md, as SVG under docs/benchmarks/; called by bench/report.py.

The same figures give the same bytes: no dates, and identifiers that do not change.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

_STYLE = {"svg.hashsalt": "viisi", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
_COLOURS = {"Viisi": "#1f6f8b", "stock Rasa": "#b8b8b8", "lingua": "#d99a3d"}
Series = Mapping[str, Mapping[str, float]]  # who → where → figure


def _write(path: Path, size: tuple[float, float], draw: Callable[[Axes], None]) -> None:
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=size)
        draw(axes)
        figure.tight_layout()
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def bars(
    path: Path, title: str, series: Series, unit: str, target: tuple[str, float] | None = None, logarithmic: bool = False
) -> None:
    """Groups of bars, one colour for each of those compared."""
    places = list(dict.fromkeys(place for figures in series.values() for place in figures))
    width = 0.8 / max(1, len(series))

    def draw(axes: Axes) -> None:
        for number, (who, figures) in enumerate(series.items()):
            at = [index + (number - (len(series) - 1) / 2) * width for index, place in enumerate(places) if place in figures]
            drawn = axes.bar(at, list(figures.values()), width, label=who, color=_COLOURS.get(who))
            axes.bar_label(drawn, fmt="%.0f", fontsize=7, padding=1)
        if target is not None:
            axes.axhline(target[1], color="black", linewidth=0.8, linestyle="--", label=target[0])
        if unit == "%":
            axes.set_ylim(0, 105)
        if logarithmic:
            axes.set_yscale("log")
            axes.set_ylim(bottom=1)
        axes.set_xticks(range(len(places)), places)
        if max(map(len, places), default=0) > 8:
            pyplot.setp(axes.get_xticklabels(), rotation=30, ha="right")
        axes.set_ylabel(unit)
        axes.set_title(title)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))

    _write(path, (max(5.0, 0.35 * len(places) * len(series) + 2.5), 3.2), draw)


def reliability(path: Path, curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """How often a first choice is right at each confidence."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="confidence is accuracy")
        for who, rows in curves.items():
            confidence, accuracy = [row["confidence"] for row in rows], [row["accuracy"] for row in rows]
            axes.plot(confidence, accuracy, marker="o", markersize=3, label=who, color=_COLOURS.get(who))
        axes.set_xlabel("confidence of the first choice")
        axes.set_ylabel("share that is right")
        axes.legend(frameon=False, fontsize=8)

    _write(path, (4.2, 3.6), draw)
