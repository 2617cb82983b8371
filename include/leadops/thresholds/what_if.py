"""What other salespeople, another SLA target or another threshold would bring, beside what is in force."""

from leadops.thresholds.choose_threshold import open_forecaster
from leadops.thresholds.forecast import Forecast, Forecaster
from leadops.thresholds.threshold_basis import ThresholdBasis
from leadops.thresholds.threshold_settings import ThresholdSettings


def compare_scenarios(
    basis: ThresholdBasis,
    *,
    settings: ThresholdSettings,
    salespeople: tuple[bool, int] = (True, 0),
    target: float | None = None,
    threshold: float | None = None,
) -> dict[str, Forecast] | str:
    """Return forecasts by name, or in words why nothing can be said.

    `salespeople` is (True, a change) or (False, the number of all). `target` are minutes, None: the one in
    force. `threshold` are points; None: once the one in force and once the best.
    """
    active = basis.active
    present = open_forecaster(basis.history, basis.capacity, settings)
    other = open_other(basis, settings=settings, salespeople=salespeople)
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


def open_other(
    basis: ThresholdBasis, *, settings: ThresholdSettings, salespeople: tuple[bool, int]
) -> Forecaster | str:
    """Return what thresholds would bring with other `salespeople`, or in words why nothing can be said."""
    is_change, number = salespeople
    change = number if is_change else number - basis.capacity.salespeople
    return open_forecaster(basis.history, basis.capacity.with_more(change), settings)


def _find_best(forecaster: Forecaster, target: float, present: float) -> Forecast:
    """Return the best threshold for `target`; where none keeps it, the best without."""
    least = forecaster.lowest_tried(present)
    best = forecaster.search(target, least=least) or forecaster.search(
        target, least=least, keep_promise=False
    )
    return forecaster.forecast(best.score if best else present, target)
