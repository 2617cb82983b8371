"""What an act is worth, by the rules that leadops ships, written down again: each checks the other."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple


class Worth(NamedTuple):
    """Points of an act, the most of a day and of a lead, and the group whose limits it shares."""

    points: int
    a_day: int
    a_lead: int
    group: str = ""


WORTH = {
    "view_pricing": Worth(15, 30, 60, "intent"),
    "request_document": Worth(20, 20, 60, "intent"),
    "view_comparison": Worth(12, 12, 36, "intent"),  # read for a minute
    "brand_search": Worth(12, 12, 36, "intent"),
    "submit_form": Worth(20, 20, 40),
    "webinar_attend": Worth(15, 15, 45),
    "webinar_register": Worth(8, 8, 24),
    "half_a_video": Worth(5, 5, 20),
    "ad_click": Worth(3, 3, 15),
    "mail_click": Worth(3, 6, 30),
    "mail_open": Worth(1, 2, 10, "weak"),
    "top_page": Worth(1, 1, 10, "weak"),
    "inner_page": Worth(2, 4, 20, "weak"),
    "careers_page": Worth(-10, 10, 30),
    "unsubscribe": Worth(-30, 10**6, 30),
}
#: Of a group: the most points a day and for a lead.
GROUPS = {"intent": (60, 10**6), "weak": (5, 25), "": (10**6, 10**6)}

TARGETED = ("manufacturing", "software", "finance", "logistics")
SERVED = ("JP", "US")


class PointCounter:
    """Counts the behaviour points of one lead, act by act."""

    def __init__(self) -> None:
        self.points = 0
        self._days: dict[tuple[str, date], int] = defaultdict(int)
        self._all: dict[str, int] = defaultdict(int)

    def add(self, act: str, day: date) -> None:
        """Count `act` (a key of WORTH; any other is worth nothing) on the local `day`."""
        if act not in WORTH:
            return
        worth = WORTH[act]
        group_day, group_all = GROUPS[worth.group]
        group = f"group {worth.group}" if worth.group else f"alone {act}"
        left = min(
            abs(worth.points),
            worth.a_day - self._days[act, day],
            worth.a_lead - self._all[act],
            group_day - self._days[group, day],
            group_all - self._all[group],
        )
        for name in (act, group):
            self._days[name, day] += left
            self._all[name] += left
        self.points += left if worth.points > 0 else -left


def count_fit(traits: Mapping[str, Any]) -> int:
    """Return the fit points of a lead with these traits."""
    title = str(traits["title"]).lower()
    employees = int(traits["employees"])
    points = 20 if traits["industry"] in TARGETED else 0
    points += 25 if employees >= 1000 else 15 if employees >= 50 else 0
    points += 20 if any(word in title for word in ("chief", "cto", "director", "head of")) else 0
    points += 10 if "manager" in title else 0
    points += 10 if traits["country"] in SERVED else 0
    points -= 30 if "student" in title else 0
    return points
