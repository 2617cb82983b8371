"""After how many days a cohort is ripe: when most of the deals that will be won have been won."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from leadops.economics.economics_settings import EconomicsSettings


@dataclass(frozen=True)
class Ripeness:
    """A cohort is ripe when its youngest lead is `days` old."""

    days: int
    because: str  # measured, or setting


def measure_ripeness(outcomes: Iterable[tuple[int, str, int]], *, settings: EconomicsSettings) -> Ripeness:
    """Return when cohorts are ripe by what became of the leads so far.

    `outcomes` has (whole days since the MQL, won | lost | open, leads). Leads that are still open count as
    seen for so long and no longer (censored), lost ones as ended: the cumulative incidence of Aalen and
    Johansen, F(t) = Σ S(t-) · won / at risk. The closed deals alone would make quick deals look typical,
    because slow ones of young leads are not won yet. Ripe is the first day t with F(t) ≥ share · F(last day).
    Below the minimum number of deals, and never below its days, the setting stands in.
    """
    days: defaultdict[int, dict[str, int]] = defaultdict(lambda: {"won": 0, "lost": 0, "open": 0})
    for age, outcome, leads in outcomes:
        days[age][outcome] += leads
    if sum(day["won"] for day in days.values()) < settings.ripe_min_won:
        return Ripeness(settings.ripe_days, "setting")
    at_risk = sum(sum(day.values()) for day in days.values())
    staying, incidence = 1.0, 0.0
    curve: list[tuple[int, float]] = []
    for age in sorted(days):
        day = days[age]
        incidence += staying * day["won"] / at_risk
        staying *= 1 - (day["won"] + day["lost"]) / at_risk
        at_risk -= sum(day.values())
        curve.append((age, incidence))
    measured = next(age for age, so_far in curve if so_far >= settings.ripe_share * incidence)
    if measured < settings.ripe_days:
        return Ripeness(settings.ripe_days, "setting")
    return Ripeness(measured, "measured")
