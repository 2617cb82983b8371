"""After how many days a cohort is mature: when most of the deals that will be won are won."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from leadops.economics.economics_settings import EconomicsSettings


@dataclass(frozen=True)
class Maturity:
    """A cohort is mature when its youngest lead is `days` old."""

    days: int
    source: Literal["measured", "setting"]


def measure_maturity(outcomes: Iterable[tuple[int, str, int]], *, settings: EconomicsSettings) -> Maturity:
    """Return when cohorts are mature, measured from what became of the leads.

    `outcomes` has (whole days since the MQL, won | lost | open, leads). Open leads are censored at the days
    they were watched, lost ones are a competing end: the cumulative incidence of Aalen and Johansen,
    F(t) = Σ S(t-) · won / at risk. Closed deals alone would make quick deals look typical, because the slow
    deals of young leads are not won yet. A cohort is mature on the first day t with F(t) ≥ share ·
    F(last day). With fewer deals than the minimum, or a shorter time than the setting, the setting counts.
    """
    days: defaultdict[int, dict[str, int]] = defaultdict(lambda: {"won": 0, "lost": 0, "open": 0})
    for age, outcome, leads in outcomes:
        days[age][outcome] += leads
    if sum(day["won"] for day in days.values()) < settings.maturity_min_won:
        return Maturity(settings.maturity_days, "setting")
    at_risk = sum(sum(day.values()) for day in days.values())
    staying, incidence = 1.0, 0.0
    curve: list[tuple[int, float]] = []
    for age in sorted(days):
        day = days[age]
        incidence += staying * day["won"] / at_risk
        staying *= 1 - (day["won"] + day["lost"]) / at_risk
        at_risk -= sum(day.values())
        curve.append((age, incidence))
    measured = next(age for age, so_far in curve if so_far >= settings.maturity_share * incidence)
    if measured < settings.maturity_days:
        return Maturity(settings.maturity_days, "setting")
    return Maturity(measured, "measured")
