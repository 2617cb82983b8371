"""Box plots in numbers: quartiles, whiskers, and what lies beyond them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadops.reports.report_settings import ReportSettings
from leadops.reports.responses import ResponseTime

#: How far a whisker reaches, in distances between the quartiles (Tukey).
REACH = 1.5


@dataclass(frozen=True)
class Box:
    """One row of the picture; minutes of working time."""

    label: str | None  # None: the MQLs that have no such thing
    minutes: tuple[float, ...]  # of those answered, rising
    open: int  # MQLs that are not answered yet; they stand in no quartile
    ended: int = 0  # MQLs that went on or ended unanswered; neither do they
    others: int = 0  # how many groups share this row; 0: it is one group

    @property
    def mqls(self) -> int:
        """Answered or not."""
        return len(self.minutes) + self.open + self.ended

    def quantile(self, part: float) -> float:
        """Return the quantile, between two answers by straight line (type 7 of Hyndman and Fan)."""
        place = part * (len(self.minutes) - 1)
        low = int(place)
        high = min(low + 1, len(self.minutes) - 1)
        return self.minutes[low] + (place - low) * (self.minutes[high] - self.minutes[low])

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
        low, high = self.fences
        inside = [minutes for minutes in self.minutes if low <= minutes <= high]
        return inside[0], inside[-1]

    @property
    def outliers(self) -> list[float]:
        """The answers beyond the whiskers."""
        low, high = self.whiskers
        return [minutes for minutes in self.minutes if not low <= minutes <= high]


def make_box(label: str | None, responses: Sequence[ResponseTime], *, others: int = 0) -> Box:
    """Return the box of some MQLs."""
    answered = sorted(response.minutes for response in responses if response.minutes is not None)
    ended = sum(response.minutes is None and response.has_ended for response in responses)
    return Box(label, tuple(answered), len(responses) - len(answered) - ended, ended, others)


def group_boxes(
    responses: Sequence[ResponseTime], key: Callable[[ResponseTime], str | None], *, settings: ReportSettings
) -> list[Box]:
    """Return one box for each value of `key`, the quickest median first, those without an answer last.

    Where there are more than `most_groups`, those with the fewest MQLs share the last row.
    """
    groups: defaultdict[str | None, list[ResponseTime]] = defaultdict(list)
    for response in responses:
        groups[key(response)].append(response)
    names = sorted(groups, key=lambda name: (-len(groups[name]), name or ""))
    own = names if len(names) <= settings.most_groups else names[: settings.most_groups - 1]
    boxes = sorted((make_box(name, groups[name]) for name in own), key=_order)
    if rest := names[len(own) :]:
        together = [response for name in rest for response in groups[name]]
        boxes.append(make_box(None, together, others=len(rest)))
    return boxes


def _order(box: Box) -> tuple[bool, float, str]:
    return (not box.minutes, box.median if box.minutes else 0.0, box.label or "")
