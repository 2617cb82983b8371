"""What other salespeople, another SLA target or another threshold would bring, beside what is in force."""

from datetime import date, datetime

from leadops.db import Connection
from leadops.thresholds.choose import open_outlook
from leadops.thresholds.outlook import Forecast, Outlook
from leadops.thresholds.propose import read_known
from leadops.thresholds.rules import Rules


def imagine(
    connection: Connection,
    *,
    rules: Rules,
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
    known = read_known(connection, day=day, rules=rules, now=now)
    settings, held = rules.thresholds, known.in_force
    is_change, number = salespeople
    change = number if is_change else number - known.capacity.salespeople
    present = open_outlook(known.past, known.capacity, settings)
    other = open_outlook(known.past, known.capacity.with_more(change), settings)
    if isinstance(present, str):
        return present
    if isinstance(other, str):
        return other
    target = held.target if target is None else target
    found = {
        "today": present.forecast(held.threshold, held.target),
        "what if": other.forecast(held.threshold if threshold is None else threshold, target),
    }
    if threshold is None:
        found["what if, best threshold"] = _find_best(other, target, held.threshold)
    return found


def _find_best(outlook: Outlook, target: float, present: float) -> Forecast:
    """Return the best threshold for `target`; where none keeps it, the best without."""
    past = outlook.past
    lowest = float(past.label_scores[past.labelled > 0].min())
    least = min(lowest, present) - outlook.settings.extrapolate_points
    best = outlook.search(target, least=least) or outlook.search(target, least=least, keep_promise=False)
    return outlook.forecast(best.score if best else present, target)
