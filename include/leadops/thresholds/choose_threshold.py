"""Whether threshold and SLA target should change, to what, and why; a pure function of what is known."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.best_pair import find_pair
from leadops.thresholds.capacity import Capacity
from leadops.thresholds.forecast import Forecast, Forecaster, fit_chances
from leadops.thresholds.gain_interval import bound_gain
from leadops.thresholds.one_step import AskedPair, find_big_step, find_question, find_step
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
    gain: float | None = None  # SQLs a week that the best pair brings more, corrected for being the best
    interval: tuple[float, float] | None = None  # of the true gain
    facts: dict[str, Any] = field(default_factory=dict)


def open_forecaster(
    history: ScoreHistory, capacity: Capacity, settings: ThresholdSettings
) -> Forecaster | str:
    """Return what thresholds would bring, or in words why nothing can be said."""
    if history.mature < settings.min_mature or history.sqls < settings.min_sqls:
        return (
            f"not enough data: {history.mature} mature MQLs (imported ones without a total do not count),"
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
    watched: str | None = None,
    asked: Sequence[AskedPair] = (),
) -> ThresholdChoice:
    """Return the best pair of threshold and target if it is clearly better than what is in force.

    The pair is the best of all distinct scores for each target; the present target stays unless another
    brings `min_gain` more. A pair that is more than a step away waits for a human, who is asked once: one
    step towards it follows by itself. `must_ask` says why even a small step waits for a human, `watched` why
    no step follows by itself; None where it need not. `asked` are the pairs that a human knows already.
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
    bounds = (gain, (low, high))
    reason = must_ask or find_big_step(then, active=active, settings=settings)
    if reason is None:
        if watched:
            return ThresholdChoice("keep", f"{watched}: {words}", now, then, *bounds, facts)
        return ThresholdChoice("apply", words, now, then, *bounds, facts)
    question = find_question(asked, then, settings=settings)
    if question is None:
        return ThresholdChoice("ask", f"{reason}: {words}", now, then, *bounds, facts)
    facts |= {"asked_on": str(question.day)}
    words = f"{words}; a human was asked on {question.day}"
    step = None if must_ask or watched else find_step(forecaster, then, active)
    if step is None:
        why = must_ask or watched or f"{reason}, and a single step towards it would cost SQLs"
        return ThresholdChoice("keep", f"{why}: {words}", now, then, *bounds, facts)
    words = f"{step.threshold:g} points and {step.sla_minutes:g} min, one step towards {words}"
    facts |= {"best": then.facts()}
    return ThresholdChoice("apply", words, now, step, *bounds, facts)


def _describe_labels(history: ScoreHistory) -> dict[str, Any]:
    return {
        "mature": history.mature,
        "sqls": history.sqls,
        "lowest": float(history.label_scores.min()) if history.mature else None,
        "responded": history.responded,
    }
