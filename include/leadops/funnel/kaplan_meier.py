"""How many MQLs reach a stage and how fast, with those counted that are still on their way (Kaplan–Meier)."""

import warnings
from typing import Any

import numpy as np
from scipy.stats import CensoredData, ecdf

#: Of every interval.
CONFIDENCE = 0.95

Floats = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def measure_lead_times(
    days: Floats, reached: Bools, *, within_days: float, min_leads: int
) -> dict[str, float | int | str | None]:
    """Return the columns of analytics.lead_times for one stage of one campaign.

    `days` are the days each MQL took, or has waited so far where `reached` is false. Median, p90 and the
    rate within `within_days` are Kaplan–Meier's, with intervals by Greenwood's formula on the log-log scale
    (scipy.stats.ecdf); what the data do not say is None, with the reason beside it. At least one MQL.
    """
    figures: dict[str, float | int | str | None] = {
        "mqls": len(days),
        "reached": int(reached.sum()),
        "rate": float(reached.mean()),
        "within_days": within_days,
    }
    closed = np.sort(days[reached])  # a sum of floats must not hang on the order in which they are read
    if len(closed):
        figures["closed_median_days"] = float(np.median(closed))
        figures["closed_p90_days"] = float(np.quantile(closed, 0.9))
        figures["closed_mean_days"] = float(closed.mean())
        figures["closed_max_days"] = float(closed.max())
    if len(days) < min_leads:
        return figures | dict.fromkeys(("median_reason", "p90_reason", "rate_within_reason"), "too_few")
    curve = _Curve(days, reached)
    for name, part in (("median", 0.5), ("p90", 0.9)):
        figures |= _name(name, "days", curve.find_quantile(part))
        if figures[f"{name}_days"] is None:
            figures[f"{name}_reason"] = "not_reached"
    if days.max() < within_days and not reached.all():
        return figures | {"rate_within_reason": "too_young"}
    return figures | _name("rate_within", None, curve.rate_at(within_days))


def _name(
    name: str, value_name: str | None, found: tuple[float | None, float | None, float | None]
) -> dict[str, float | None]:
    value, low, high = found
    key = f"{name}_{value_name}" if value_name else name
    return {key: value, f"{name}_low": low, f"{name}_high": high}


class _Curve:
    """The share of the leads that have not reached the stage after a number of days, with its interval."""

    def __init__(self, days: Floats, reached: Bools) -> None:
        open_ = ecdf(CensoredData(uncensored=days[reached], right=days[~reached])).sf
        with warnings.catch_warnings():
            # Where nobody or everybody has reached it the interval is not defined; there it is the point.
            warnings.simplefilter("ignore", RuntimeWarning)
            interval = open_.confidence_interval(CONFIDENCE, method="log-log")
        self._days: Floats = open_.quantiles
        self._open: Floats = open_.probabilities
        self._low = _fill(interval.low.probabilities, self._open)
        self._high = _fill(interval.high.probabilities, self._open)

    def find_quantile(self, part: float) -> tuple[float | None, float | None, float | None]:
        """Return after how many days `part` of the leads has reached it, with the interval's ends."""
        value, low, high = (self._first(curve, 1 - part) for curve in (self._open, self._low, self._high))
        return value, (low if value is not None else None), (high if value is not None else None)

    def rate_at(self, days: float) -> tuple[float, float, float]:
        """Return the part that has reached it after `days` days, with the interval's ends."""
        index = int(np.searchsorted(self._days, days, side="right")) - 1
        if index < 0:
            return 0.0, 0.0, 0.0
        return 1 - float(self._open[index]), 1 - float(self._high[index]), 1 - float(self._low[index])

    def _first(self, curve: Floats, most: float) -> float | None:
        below = np.flatnonzero(curve <= most + 1e-12)
        return float(self._days[below[0]]) if len(below) else None


def _fill(bound: Floats, point: Floats) -> Floats:
    return np.where(np.isnan(bound), point, bound)
