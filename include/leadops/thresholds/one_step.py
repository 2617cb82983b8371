"""How far a change may go by itself, and the step towards a pair that is farther away."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.forecast import Forecast, Forecaster
from leadops.thresholds.threshold_settings import ThresholdSettings

#: Forecasts that differ by less than this share are the same.
ROUNDING = 1e-9


class AskedPair(NamedTuple):
    """A pair that a human was asked about, without a change since that a human made."""

    day: date
    threshold: float  # points
    sla_minutes: float


def find_big_step(then: Forecast, *, active: ActiveThreshold, settings: ThresholdSettings) -> str | None:
    """Return in words which step is too large to make without approval; None where none is."""
    if abs(then.threshold - active.threshold) > settings.max_step:
        return f"a step of more than {settings.max_step} points"
    places = _list_targets(active, settings)
    if abs(places.index(then.sla_minutes) - places.index(active.target)) > 1:
        return "a step of more than one place in the list of SLA targets"
    return None


def find_question(
    asked: Sequence[AskedPair], then: Forecast, *, settings: ThresholdSettings
) -> AskedPair | None:
    """Return the newest of the pairs `asked` that is less than a step away from `then`."""
    step = max(settings.max_step, 1)
    near = [
        pair
        for pair in asked
        if pair.sla_minutes == then.sla_minutes and abs(pair.threshold - then.threshold) < step
    ]
    return max(near, key=lambda pair: pair.day, default=None)


def find_step(forecaster: Forecaster, then: Forecast, active: ActiveThreshold) -> Forecast | None:
    """Return the best single step from the active pair towards `then`; None where each costs SQLs.

    The threshold moves by `max_step` points at most, the SLA target by one place in the list, or one of them
    alone. A promise that the active pair keeps is not given up on the way.
    """
    settings = forecaster.settings
    now = forecaster.forecast(active.threshold, active.target)
    reach = settings.max_step
    threshold = active.threshold + min(max(then.threshold - active.threshold, -reach), reach)
    places = _list_targets(active, settings)
    at, goal = places.index(active.target), places.index(then.sla_minutes)
    target = places[at + (goal > at) - (goal < at)]
    pairs = [(threshold, target), (threshold, active.target), (active.threshold, target)]
    steps = [forecaster.forecast(*pair) for pair in pairs if pair != (active.threshold, active.target)]
    may_break = not forecaster.keeps_promise(now)
    usable = [
        step
        for step in steps
        if step.sqls >= now.sqls * (1 - ROUNDING) and (may_break or forecaster.keeps_promise(step))
    ]
    return max(usable, key=lambda step: step.sqls, default=None)


def _list_targets(active: ActiveThreshold, settings: ThresholdSettings) -> list[float]:
    return sorted({*settings.sla_minutes, active.target})
