"""Whether threshold and SLA target should change, to what, and why; a pure function of what is known."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from leadops.thresholds.capacity import Capacity
from leadops.thresholds.in_force import InForce
from leadops.thresholds.interval import bound_gain
from leadops.thresholds.outlook import Forecast, Outlook, fit_chances
from leadops.thresholds.past import Past
from leadops.thresholds.threshold_settings import ThresholdSettings

Plan = Literal["keep", "apply", "ask"]


@dataclass(frozen=True)
class Choice:
    """What to do: keep what is in force, apply the proposed at once, or ask a human about it."""

    plan: Plan
    reason: str
    now: Forecast | None = None
    then: Forecast | None = None
    interval: tuple[float, float] | None = None  # of SQLs a week gained
    facts: dict[str, Any] = field(default_factory=dict)


def open_outlook(past: Past, capacity: Capacity, settings: ThresholdSettings) -> Outlook | str:
    """Return what thresholds would bring, or in words why nothing can be said."""
    if past.ripe < settings.least_ripe or past.sqls < settings.least_sqls:
        return (
            f"too little is known: {past.ripe} ripe MQLs (imported ones have no score and do not count)"
            f" of which {past.sqls} became SQL; {settings.least_ripe} and {settings.least_sqls} are needed"
        )
    if not past.arrivals.sum():
        return f"no lead came over the threshold in {settings.window_days} days"
    desk = capacity.open_desk(settings)
    if desk is None:
        return f"no salesperson works on leads in the next {settings.horizon_days} days"
    return Outlook(past, fit_chances(past, settings), desk, capacity.open_minutes, settings)


def choose(
    past: Past,
    capacity: Capacity,
    in_force: InForce,
    *,
    settings: ThresholdSettings,
    seed: int,
    must_ask: str | None = None,
) -> Choice:
    """Return the best pair of threshold and target if it is clearly better than what is in force.

    `must_ask` says why even a small step waits for a human; None where it need not. The pair is the best of
    all distinct scores for each target; the present target stays unless another brings `least_gain` more.
    """
    outlook = open_outlook(past, capacity, settings)
    known = {"capacity": asdict(capacity), "labels": _describe_labels(past)}
    if isinstance(outlook, str):
        return Choice("keep", outlook, facts=known)
    now = outlook.forecast(in_force.threshold, in_force.target)
    then, is_promised = _find_pair(outlook, in_force)
    desk = {"places": outlook.desk.places, "leads_a_minute": outlook.desk.rate}
    facts = known | {"desk": desk, "keeps_promise": is_promised}
    if (then.leads, then.sla_minutes) == (now.leads, now.sla_minutes):
        return Choice("keep", "what is in force is the best", now, then, facts=facts)
    gain = then.sqls - now.sqls
    interval = bound_gain(
        outlook,
        now=(now.threshold, now.sla_minutes),
        then=(then.threshold, then.sla_minutes),
        seed=seed,
    )
    low, high = interval
    words = (
        f"{then.threshold:g} points and {then.sla_minutes:g} min instead of {now.threshold:g} and"
        f" {now.sla_minutes:g}: {gain:+.2f} SQLs a week ({low:+.2f} to {high:+.2f})"
    )
    if low <= 0 or gain <= settings.least_gain * now.sqls:
        why = "the gain is inside the noise" if low <= 0 else "the gain is too small to change anything"
        return Choice("keep", f"{why}: {words}", now, then, interval, facts)
    asked = must_ask or _find_big_step(now, then, in_force=in_force, settings=settings)
    if asked:
        return Choice("ask", f"{asked}: {words}", now, then, interval, facts)
    return Choice("apply", words, now, then, interval, facts)


def _find_pair(outlook: Outlook, in_force: InForce) -> tuple[Forecast, bool]:
    """Return the best pair, and whether its target can be promised; where none can, the best without."""
    settings, past = outlook.settings, outlook.past
    targets = sorted({*settings.sla_minutes, in_force.target})
    lowest = float(past.label_scores[past.labelled > 0].min())
    least = min(lowest, in_force.threshold) - settings.extrapolate_points
    for keep_promise in (True, False):
        tried = {target: outlook.search(target, least=least, keep_promise=keep_promise) for target in targets}
        found = {target: best for target, best in tried.items() if best is not None}
        if found:
            break
    else:
        return outlook.forecast(in_force.threshold, in_force.target), False
    target = max(found, key=lambda target: found[target].value)
    present = found.get(in_force.target)
    if present and found[target].value <= present.value * (1 + settings.least_gain):
        target = in_force.target
    then, same = (outlook.forecast(score, target) for score in (found[target].score, in_force.threshold))
    # Where the same leads come over both, another number would only look like a step.
    return (same if same.leads == then.leads else then), keep_promise


def _find_big_step(
    now: Forecast, then: Forecast, *, in_force: InForce, settings: ThresholdSettings
) -> str | None:
    """Return in words which step is too large to be made without a human; None where none is."""
    if abs(then.threshold - now.threshold) > settings.largest_step:
        return f"a step of more than {settings.largest_step} points"
    places = sorted({*settings.sla_minutes, in_force.target})
    if abs(places.index(then.sla_minutes) - places.index(now.sla_minutes)) > 1:
        return "a step of more than one place in the list of SLA targets"
    return None


def _describe_labels(past: Past) -> dict[str, Any]:
    return {
        "ripe": past.ripe,
        "sqls": past.sqls,
        "lowest": float(past.label_scores.min()) if past.ripe else None,
        "responded": past.responded,
    }
