"""What the page Threshold forecasts: a curve with intervals, today's point, the capacity, and a what-if."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from leadops.thresholds.forecast import Forecast, Forecaster
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.sqls_curve import CurvePoint, DrawnPasts, choose_thresholds, draw_curve, draw_pasts
from leadops.thresholds.threshold_basis import PresentBasis
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.thresholds.what_if import compare_scenarios, open_other

#: Pasts whose draws are kept: one a day, and those of settings that changed meanwhile.
KEPT_PASTS = 4


@dataclass(frozen=True)
class TeamCapacity:
    """The salespeople of the days to come, and the leads a week that they can take."""

    salespeople: int
    leads_a_week: float
    backlog: float  # leads that wait already
    backlog_share: float  # of the time, that goes to them at most


@dataclass(frozen=True)
class ThresholdForecast:
    """What is known after `day`; `reason` says why there is no curve."""

    day: date
    capacity: TeamCapacity
    targets: list[float]  # SLA targets to choose from, and the one in force, in minutes of working time
    confidence: float
    service_level: float
    window_days: int
    mature: int  # MQLs whose outcome is known
    sqls: int
    reason: str | None = None
    today: CurvePoint | None = None
    best: Forecast | None = None  # at the target in force
    curve: list[CurvePoint] = field(default_factory=list)


@dataclass(frozen=True)
class WhatIfForecast:
    """Another team, target or threshold: its own point, the best threshold then, and the curve."""

    capacity: TeamCapacity
    today: Forecast
    what_if: CurvePoint
    best: Forecast | None  # None: a threshold was asked for
    curve: list[CurvePoint]


class PastKey(NamedTuple):
    """What draws of a past depend on, as values that can be compared."""

    until: datetime
    label_scores: tuple[float, ...]
    labelled: tuple[float, ...]
    became_sql: tuple[float, ...]
    arrival_scores: tuple[float, ...]
    arrivals: tuple[float, ...]
    responded: float | None
    settings: str
    seed: int


def forecast_present(present: PresentBasis) -> ThresholdForecast:
    """Return the curve of the present team and target."""
    settings, basis = present.context.thresholds, present.basis
    found = compare_scenarios(basis, settings=settings)
    forecaster = open_other(basis, settings=settings, salespeople=(True, 0))
    known = ThresholdForecast(
        day=present.day,
        capacity=measure_week(present, basis.capacity.salespeople),
        targets=sorted({*settings.sla_minutes, basis.active.target}),
        confidence=settings.confidence,
        service_level=settings.service_level,
        window_days=settings.window_days,
        mature=basis.history.mature,
        sqls=basis.history.sqls,
    )
    if isinstance(found, str) or isinstance(forecaster, str):
        return replace(known, reason=str(found))
    today, best = found["today"], found["what if, best threshold"]
    curve = _draw(forecaster, present, today)
    return replace(known, today=_find_point(curve, today), best=best, curve=curve)


def forecast_what_if(
    present: PresentBasis, *, salespeople: int | None, sla_minutes: float | None, threshold: float | None
) -> WhatIfForecast | str:
    """Return what `salespeople` in all, `sla_minutes` and `threshold` would bring; None: as in force.

    Where nothing can be said, the answer is why, in words.
    """
    settings, basis = present.context.thresholds, present.basis
    count = basis.capacity.salespeople if salespeople is None else salespeople
    found = compare_scenarios(
        basis, settings=settings, salespeople=(False, count), target=sla_minutes, threshold=threshold
    )
    forecaster = open_other(basis, settings=settings, salespeople=(False, count))
    if isinstance(found, str):
        return found
    if isinstance(forecaster, str):
        return forecaster
    wanted = found["what if"]
    curve = _draw(forecaster, present, wanted)
    return WhatIfForecast(
        capacity=measure_week(present, count),
        today=found["today"],
        what_if=_find_point(curve, wanted),
        best=found.get("what if, best threshold"),
        curve=curve,
    )


def measure_week(present: PresentBasis, salespeople: int) -> TeamCapacity:
    """Return what `salespeople` like those of today can take in a week, the backlog not deducted."""
    settings, capacity = present.context.thresholds, present.basis.capacity
    leads = capacity.with_more(salespeople - capacity.salespeople).leads * 7 / settings.horizon_days
    return TeamCapacity(salespeople, leads, capacity.backlog, settings.backlog_share)


def _draw(forecaster: Forecaster, present: PresentBasis, point: Forecast) -> list[CurvePoint]:
    """Return the curve of a team for the target of `point`; this point and the one in force are on it."""
    history, active = present.basis.history, present.basis.active.threshold
    thresholds = choose_thresholds(
        history, least=forecaster.lowest_tried(active), keep=(float(active), point.threshold)
    )
    return draw_curve(forecaster, _find_pasts(present), thresholds, point.sla_minutes)


def _find_pasts(present: PresentBasis) -> DrawnPasts:
    history, settings = present.basis.history, present.context.thresholds
    return _draw_pasts(
        PastKey(
            until=history.until,
            label_scores=tuple(history.label_scores.tolist()),
            labelled=tuple(history.labelled.tolist()),
            became_sql=tuple(history.became_sql.tolist()),
            arrival_scores=tuple(history.arrival_scores.tolist()),
            arrivals=tuple(history.arrivals.tolist()),
            responded=history.responded,
            settings=settings.model_dump_json(),
            seed=settings.seed + present.day.toordinal(),
        )
    )


@lru_cache(maxsize=KEPT_PASTS)
def _draw_pasts(key: PastKey) -> DrawnPasts:
    """Return the draws, which hold for every team and target: a slider asks for them again and again."""
    history = ScoreHistory(
        until=key.until,
        label_scores=np.array(key.label_scores),
        labelled=np.array(key.labelled),
        became_sql=np.array(key.became_sql),
        arrival_scores=np.array(key.arrival_scores),
        arrivals=np.array(key.arrivals),
        responded=key.responded,
    )
    settings = ThresholdSettings.model_validate_json(key.settings)
    return draw_pasts(history, settings=settings, seed=key.seed)


def _find_point(curve: list[CurvePoint], forecast: Forecast) -> CurvePoint:
    """Return the point of `curve` at the threshold of `forecast`."""
    return next(point for point in curve if point.forecast.threshold == forecast.threshold)
