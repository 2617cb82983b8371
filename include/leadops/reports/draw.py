"""Draws response times as box plots, the same bytes for the same numbers on the same machine."""

import logging
from collections.abc import Sequence
from io import BytesIO
from math import log as ln
from typing import Any

from matplotlib import rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from leadops.reports.boxes import Box
from leadops.reports.fonts import FAMILIES, can_draw, find_families, find_missing
from leadops.reports.report_texts import REPORT_TEXTS, say_label, say_span

log = logging.getLogger(__name__)

BLUE, EDGE, DARK, GREY, RED = "#9ecae1", "#3182bd", "#08306b", "#6b6b6b", "#c0392b"
#: Inches: the width, of a row, and of what every panel and the head need besides.
WIDTH, ROW, PANEL, HEAD = 10.5, 0.34, 1.05, 0.75
#: Minutes that may stand at the axis.
TICKS = (1, 2, 5, 10, 30, 60, 120, 240, 480, 960, 1920, 3840, 9600, 19200, 48000, 96000, 192000)
MOST_TICKS = 14
#: Quicker answers are drawn at the left edge.
SHORTEST = 1.0


def draw_responses(
    panels: Sequence[tuple[str, str, Sequence[Box]]],
    *,
    period: str,
    target_minutes: float,
    min_answers: int,
    language: str,
) -> tuple[bytes, dict[str, str]]:
    """Return a PNG with a panel for each (word of the title, word for no name, boxes), and foreign names.

    The axis is logarithmic: minutes and weeks in one picture. A name with letters that no font here has is
    drawn as #1, #2 …; the second value says what each means. Titles fall back to English likewise.
    """
    words = REPORT_TEXTS[language if can_draw("".join(REPORT_TEXTS[language].values())) else "en"]
    spoken = language if words is REPORT_TEXTS[language] else "en"
    # Most Japanese fonts have no bold; a letter from the next font would be thinner than its neighbours.
    bold: dict[str, Any] = {"fontweight": "bold", "family": FAMILIES[0]} if spoken == "en" else {}
    names: dict[str, str] = {}
    heights = [ROW * max(len(boxes), 2) + PANEL for _, _, boxes in panels]
    style = {
        **rcParamsDefault,
        "font.family": list(find_families()),
        "font.size": 9.5,
        "backend": "agg",
        "text.parse_math": False,  # names come from outside: $x$ is not a formula, \\$ keeps its backslash
    }
    with rc_context(style):
        figure = Figure(figsize=(WIDTH, sum(heights) + HEAD), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(words["title"].format(period=period), fontsize=13, **bold)
        axes: list[Axes] = list(
            figure.subplots(len(panels), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        )
        for axis, (title, none, boxes) in zip(axes, panels, strict=True):
            labels = [_label(box, none, spoken, names) for box in boxes]
            _draw_panel(axis, boxes, labels, words, min_answers=min_answers)
            axis.set_title(words[title], loc="left", fontsize=11, **bold)
        _draw_axis(axes, panels, words, spoken, target_minutes)
        few = any(0 < box.answered < min_answers for _, _, boxes in panels for box in boxes)
        axes[-1].set_xlabel(
            words["axis"] + (f"   ({words['few'].format(least=min_answers)})" if few else ""), color=GREY
        )
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
    if missing := find_missing("".join([*REPORT_TEXTS[language].values(), *names.values()])):
        log.warning(
            "no font here has %s: %s; install one that has, such as the package fonts-noto-cjk",
            ", ".join(missing[:10]) + (" …" if len(missing) > 10 else ""),
            "titles are English, names are numbers" if spoken != language else "names are numbers",
        )
    return out.getvalue(), names


def _label(box: Box, none: str, language: str, names: dict[str, str]) -> str:
    label = say_label(box, none, language)
    if not can_draw(label):
        number = next((known for known, name in names.items() if name == label), f"#{len(names) + 1}")
        names[number] = label
        return number
    return label if len(label) <= 30 else f"{label[:28]}…"


def _draw_panel(
    axis: Axes, boxes: Sequence[Box], labels: Sequence[str], words: dict[str, str], *, min_answers: int
) -> None:
    places = list(range(len(boxes), 0, -1))
    for box, place in zip(boxes, places, strict=True):
        if box.answered >= min_answers:
            axis.bxp(
                [_stats(box)],
                positions=[place],
                orientation="horizontal",
                widths=0.55,
                patch_artist=True,
                boxprops={"facecolor": BLUE, "edgecolor": EDGE},
                medianprops={"color": DARK, "linewidth": 2},
                whiskerprops={"color": EDGE},
                capprops={"color": EDGE},
                flierprops={"marker": "o", "markersize": 3.5, "markeredgecolor": RED, "alpha": 0.7},
                manage_ticks=False,
            )
        elif box.answered:
            shown = [max(minutes, SHORTEST) for minutes in box.minutes]
            axis.plot(shown, [place] * len(shown), "o", color=EDGE, markersize=4)
        axis.text(
            1.01,
            place,
            words["row"].format(answered=box.answered, open=box.open),
            transform=blended_transform_factory(axis.transAxes, axis.transData),
            va="center",
            color=GREY,
            fontsize=8.5,
        )
    axis.set_yticks(places, labels)
    axis.set_ylim(0.4, max(len(boxes), 1) + 0.6)
    if not any(box.answered for box in boxes):
        axis.text(0.5, 0.5, words["nothing"], transform=axis.transAxes, ha="center", va="center", color=GREY)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="x", color="#e3e3e3")
    axis.set_axisbelow(True)


def _draw_axis(
    axes: Sequence[Axes],
    panels: Sequence[tuple[str, str, Sequence[Box]]],
    words: dict[str, str],
    language: str,
    target_minutes: float,
) -> None:
    """Let all panels have one axis that holds every answer and the promise."""
    slowest = [float(box.minutes[-1]) for _, _, boxes in panels for box in boxes if box.answered]
    longest = max([*slowest, target_minutes, 60.0]) * 1.3
    for axis in axes:
        axis.set_xscale("log")
        axis.set_xlim(SHORTEST * 0.85, longest)
        ticks = _choose_ticks(longest)
        axis.set_xticks(ticks, [say_span(tick, language).replace(".0", "") for tick in ticks])
        axis.minorticks_off()
        axis.tick_params(axis="x", labelbottom=True)
        axis.axvline(target_minutes, color=RED, linestyle="--", linewidth=1.2, zorder=1)
    axes[0].text(
        target_minutes,
        1.0,
        f" {words['promised'].format(span=say_span(target_minutes, language).replace('.0', ''))}",
        transform=blended_transform_factory(axes[0].transData, axes[0].transAxes),
        color=RED,
        fontsize=8.5,
        va="bottom",
        ha="center",
    )


def _choose_ticks(longest: float) -> list[int]:
    """Return the ticks up to `longest` that leave each other room."""
    chosen: list[int] = []
    for tick in TICKS:
        room = not chosen or ln(tick / chosen[-1]) >= ln(longest) / MOST_TICKS
        if room and tick <= longest:
            chosen.append(tick)
    return chosen


def _stats(box: Box) -> dict[str, Any]:
    low, high = box.whiskers
    quartiles = {"q1": box.quantile(0.25), "med": box.median, "q3": box.quantile(0.75)}
    drawn = {name: max(minutes, SHORTEST) for name, minutes in quartiles.items()}
    return drawn | {
        "whislo": max(low, SHORTEST),
        "whishi": max(high, SHORTEST),
        "fliers": [max(minutes, SHORTEST) for minutes in box.outliers],
    }
