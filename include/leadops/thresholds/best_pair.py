"""The best pair of threshold and SLA target."""

from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.forecast import Forecast, Forecaster


def find_pair(forecaster: Forecaster, active: ActiveThreshold) -> tuple[Forecast, bool]:
    """Return the best pair, and whether its target can be promised; where none can, the best without.

    The pair is the best of all distinct scores for each target of the settings and the present one, which
    stays unless another brings `min_gain` more. The threshold may go `extrapolate_points` below the lowest
    score with a label.
    """
    settings = forecaster.settings
    targets = sorted({*settings.sla_minutes, active.target})
    least = forecaster.lowest_tried(active.threshold)
    for keep_promise in (True, False):
        tried = {
            target: forecaster.search(target, least=least, keep_promise=keep_promise) for target in targets
        }
        found = {target: best for target, best in tried.items() if best is not None}
        if found:
            break
    else:
        return forecaster.forecast(active.threshold, active.target), False
    target = max(found, key=lambda target: found[target].value)
    present = found.get(active.target)
    if present and found[target].value <= present.value * (1 + settings.min_gain):
        target = active.target
    then, same = (forecaster.forecast(score, target) for score in (found[target].score, active.threshold))
    # Where the same leads come over both, another number would only look like a step.
    return (same if same.leads == then.leads else then), keep_promise
