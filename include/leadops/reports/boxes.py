"""Box plots in numbers: quartiles, whiskers, and what lies beyond them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.reports.report_settings import ReportSettings
from leadops.reports.responses import ENDED, Dimension, Responses

#: How far a whisker reaches, in distances between the quartiles (Tukey).
REACH = 1.5


@dataclass(frozen=True)
class Box:
    """One row of the picture; minutes of working time."""

    label: str | None  # None: the MQLs that have no such thing
    minutes: NDArray[np.float64]  # of those answered, rising
    open: int  # MQLs that are not answered yet; they stand in no quartile
    ended: int = 0  # MQLs that went on or ended unanswered; neither do they
    others: int = 0  # how many groups share this row; 0: it is one group

    @property
    def answered(self) -> int:
        """How many were."""
        return len(self.minutes)

    @property
    def mqls(self) -> int:
        """Answered or not."""
        return self.answered + self.open + self.ended

    def quantile(self, part: float) -> float:
        """Return the quantile, between two answers by straight line (type 7 of Hyndman and Fan)."""
        place = part * (self.answered - 1)
        low = int(place)
        high = min(low + 1, self.answered - 1)
        return float(self.minutes[low] + (place - low) * (self.minutes[high] - self.minutes[low]))

    @property
    def median(self) -> float:
        """Half of the answers were no later."""
        return self.quantile(0.5)

    @property
    def fences(self) -> tuple[float, float]:
        """What lies outside of these minutes is an outlier."""
        first, third = self.quantile(0.25), self.quantile(0.75)
        return first - REACH * (third - first), third + REACH * (third - first)

    @property
    def whiskers(self) -> tuple[float, float]:
        """The first and the last answer that is not an outlier."""
        first, end = self._find_inside()
        return float(self.minutes[first]), float(self.minutes[end - 1])

    @property
    def outliers(self) -> NDArray[np.float64]:
        """The answers beyond the whiskers."""
        first, end = self._find_inside()
        return np.concatenate([self.minutes[:first], self.minutes[end:]])

    def _find_inside(self) -> tuple[int, int]:
        """Return the place of the first answer within the fences, and that behind the last."""
        low, high = self.fences
        return (
            int(np.searchsorted(self.minutes, low, side="left")),
            int(np.searchsorted(self.minutes, high, side="right")),
        )

    def count_over(self, limit: float) -> int:
        """Return how many answers took longer than `limit` minutes."""
        return self.answered - int(np.searchsorted(self.minutes, limit, side="right"))


@dataclass(frozen=True)
class GroupedBoxes:
    """The boxes of a dimension; the place of the box of each MQL, and that of each name."""

    boxes: list[Box]
    places: NDArray[np.intp]
    place_of: dict[str | None, int]


def make_box(label: str | None, minutes: NDArray[np.float64], *, others: int = 0) -> Box:
    """Return the box of some MQLs by their minutes, in the order in which Responses keeps them."""
    answered = int(np.searchsorted(minutes, ENDED, side="left"))
    over = int(np.searchsorted(minutes, ENDED, side="right"))
    return Box(label, minutes[:answered], len(minutes) - over, over - answered, others)


def group_boxes(responses: Responses, dimension: Dimension, *, settings: ReportSettings) -> GroupedBoxes:
    """Return one box for each salesperson or campaign, the quickest median first.

    Those without an answer come last. Where there are more than `most_groups`, those with the fewest MQLs
    share the last row. Hours are in their own order, and each has a row.
    """
    column = responses.columns[dimension]
    order = np.argsort(column.codes, kind="stable")  # within a code the minutes go on rising
    minutes = responses.minutes[order]
    ends = np.searchsorted(column.codes[order], np.arange(len(column.names) + 1))
    codes = [code for code in range(len(column.names)) if ends[code] < ends[code + 1]]
    boxes = {code: make_box(column.names[code], minutes[ends[code] : ends[code + 1]]) for code in codes}
    rest: list[int] = []
    if dimension != "hour":
        codes.sort(key=lambda code: (-boxes[code].mqls, boxes[code].label or ""))
        if len(codes) > settings.most_groups:
            rest = codes[settings.most_groups - 1 :]
            codes = codes[: settings.most_groups - 1]
        codes.sort(key=lambda code: _order(boxes[code]))
    place_of = np.full(len(column.names), len(codes), dtype=np.intp)
    place_of[codes] = np.arange(len(codes))
    places = place_of[column.codes]
    shown = [boxes[code] for code in codes]
    if rest:
        shown.append(make_box(None, responses.minutes[places == len(codes)], others=len(rest)))
    return GroupedBoxes(shown, places, dict(zip(column.names, place_of.tolist(), strict=True)))


def _order(box: Box) -> tuple[bool, float, str]:
    return (not box.answered, box.median if box.answered else 0.0, box.label or "")
