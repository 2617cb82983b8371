"""What other salespeople, another SLA target or another threshold would bring, beside what is in force."""

from datetime import date, datetime

from leadops.db import Connection
from leadops.thresholds.choose_threshold import open_forecaster
from leadops.thresholds.forecast import Forecast, Forecaster
from leadops.thresholds.propose_threshold import read_basis
from leadops.thresholds.threshold_context import ThresholdContext


def compare_scenarios(
    connection: Connection,
    *,
    context: ThresholdContext,
    day: date,
    now: datetime,
    salespeople: tuple[bool, int],
    target: float | None,
    threshold: int | None,
) -> dict[str, Forecast] | str:
    """Return forecasts by name, as known after `day`, or in words why nothing can be said.

    `salespeople` is (True, a change) or (False, the number of all). `target` are minutes, None: the one in
    force. `threshold` are points; None: once the one in force and once the best.
    """
    basis = read_basis(connection, day=day, context=context, now=now)
    settings, active = context.thresholds, basis.active
    is_change, number = salespeople
    change = number if is_change else number - basis.capacity.salespeople
    present = open_forecaster(basis.history, basis.capacity, settings)
    other = open_forecaster(basis.history, basis.capacity.with_more(change), settings)
    if isinstance(present, str):
        return present
    if isinstance(other, str):
        return other
    target = active.target if target is None else target
    found = {
        "today": present.forecast(active.threshold, active.target),
        "what if": other.forecast(active.threshold if threshold is None else threshold, target),
    }
    if threshold is None:
        found["what if, best threshold"] = _find_best(other, target, active.threshold)
    return found


def _find_best(forecaster: Forecaster, target: float, present: float) -> Forecast:
    """Return the best threshold for `target`; where none keeps it, the best without."""
    history = forecaster.history
    lowest = float(history.label_scores[history.labelled > 0].min())
    least = min(lowest, present) - forecaster.settings.extrapolate_points
    best = forecaster.search(target, least=least) or forecaster.search(
        target, least=least, keep_promise=False
    )
    return forecaster.forecast(best.score if best else present, target)
