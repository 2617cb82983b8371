"""Whether threshold and SLA target should change, to what, and why; a pure function of what is known."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.best_pair import find_pair
from leadops.thresholds.capacity import Capacity
from leadops.thresholds.forecast import Forecast, Forecaster, fit_chances
from leadops.thresholds.gain_interval import bound_gain
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.threshold_settings import ThresholdSettings

Plan = Literal["keep", "apply", "ask"]


@dataclass(frozen=True)
class ThresholdChoice:
    """What to do: keep what is in force, apply the proposed at once, or ask a human about it."""

    plan: Plan
    reason: str
    now: Forecast | None = None
    then: Forecast | None = None
    gain: float | None = None  # SQLs a week more than now, corrected for the choice of the best pair
    interval: tuple[float, float] | None = None  # of the true gain
    facts: dict[str, Any] = field(default_factory=dict)


def open_forecaster(
    history: ScoreHistory, capacity: Capacity, settings: ThresholdSettings
) -> Forecaster | str:
    """Return what thresholds would bring, or in words why nothing can be said."""
    if history.mature < settings.min_mature or history.sqls < settings.min_sqls:
        return (
            f"not enough data: {history.mature} mature MQLs (imported ones have no score and do not count),"
            f" of which {history.sqls} became SQL; {settings.min_mature} and {settings.min_sqls} are needed"
        )
    if not history.arrivals.sum():
        return f"no lead came over the threshold in {settings.window_days} days"
    pool = capacity.service_pool(settings)
    if pool is None:
        return f"no salesperson works on leads in the next {settings.horizon_days} days"
    return Forecaster(history, fit_chances(history, settings), pool, capacity.open_minutes, settings)


def choose_threshold(
    history: ScoreHistory,
    capacity: Capacity,
    active: ActiveThreshold,
    *,
    settings: ThresholdSettings,
    seed: int,
    must_ask: str | None = None,
) -> ThresholdChoice:
    """Return the best pair of threshold and target if it is clearly better than what is in force.

    `must_ask` says why even a small step waits for a human; None where it need not. The pair is the best of
    all distinct scores for each target; the present target stays unless another brings `min_gain` more.
    """
    forecaster = open_forecaster(history, capacity, settings)
    known = {"capacity": asdict(capacity), "labels": _describe_labels(history)}
    if isinstance(forecaster, str):
        return ThresholdChoice("keep", forecaster, facts=known)
    now = forecaster.forecast(active.threshold, active.target)
    then, is_promised = find_pair(forecaster, active)
    pool = {"places": forecaster.pool.places, "leads_a_minute": forecaster.pool.rate}
    facts = known | {"pool": pool, "keeps_promise": is_promised}
    if (then.leads, then.sla_minutes) == (now.leads, now.sla_minutes):
        return ThresholdChoice("keep", "what is in force is the best", now, then, facts=facts)
    gain, low, high = bound_gain(forecaster, active, then, seed=seed)
    words = (
        f"{then.threshold:g} points and {then.sla_minutes:g} min instead of {now.threshold:g} and"
        f" {now.sla_minutes:g}: {gain:+.2f} SQLs a week ({low:+.2f} to {high:+.2f})"
    )
    if low <= 0 or gain <= settings.min_gain * now.sqls:
        why = "the gain is inside the noise" if low <= 0 else "the gain is too small to change anything"
        return ThresholdChoice("keep", f"{why}: {words}", now, then, gain, (low, high), facts)
    asked = must_ask or _find_big_step(now, then, active=active, settings=settings)
    if asked:
        return ThresholdChoice("ask", f"{asked}: {words}", now, then, gain, (low, high), facts)
    return ThresholdChoice("apply", words, now, then, gain, (low, high), facts)


def _find_big_step(
    now: Forecast, then: Forecast, *, active: ActiveThreshold, settings: ThresholdSettings
) -> str | None:
    """Return in words which step is too large to make without approval; None where none is."""
    if abs(then.threshold - now.threshold) > settings.max_step:
        return f"a step of more than {settings.max_step} points"
    places = sorted({*settings.sla_minutes, active.target})
    if abs(places.index(then.sla_minutes) - places.index(now.sla_minutes)) > 1:
        return "a step of more than one place in the list of SLA targets"
    return None


def _describe_labels(history: ScoreHistory) -> dict[str, Any]:
    return {
        "mature": history.mature,
        "sqls": history.sqls,
        "lowest": float(history.label_scores.min()) if history.mature else None,
        "responded": history.responded,
    }
