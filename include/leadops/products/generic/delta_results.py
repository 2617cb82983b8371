"""What our own contract answers to score changes: one result for each, by its deltaId."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from leadops.clients.lead_absence import read_row
from leadops.products.product_rows import RowResult, RowState

#: The statuses of a change, besides the words of `lead_absence`.
STATES = {"applied": RowState.DONE, "duplicate": RowState.DUPLICATE, "rejected": RowState.DEAD}
#: Nearly every result.
_DONE = RowResult(RowState.DONE)


def read_delta_results(body: Any, sent: Sequence[str]) -> dict[str, RowResult]:
    """Return the results by deltaId of those of the `sent` score changes that the answer names exactly once.

    What it names never, more than once, or with a status other than applied, duplicate, rejected and the
    words of `lead_absence`, is missing: the outcome is unknown. What was not sent is ignored. An answer to
    one change may be its result.
    """
    if not isinstance(body, dict):
        return {}
    results = body.get("results", [body] if len(sent) == 1 else None)
    if not isinstance(results, list):
        return {}
    if all_applied := _read_all_applied(results, sent):
        return all_applied
    by_id = [
        (result["deltaId"], result)
        for result in results
        if isinstance(result, dict) and isinstance(result.get("deltaId"), str)
    ]
    times_named = Counter(delta_id for delta_id, _ in by_id)
    wanted = set(sent)
    named_once = {
        delta_id: _read_delta_result(result)
        for delta_id, result in by_id
        if delta_id in wanted and times_named[delta_id] == 1
    }
    return {delta_id: result for delta_id, result in named_once.items() if result is not None}


def _read_all_applied(results: list[Any], sent: Sequence[str]) -> dict[str, RowResult] | None:
    """Return the results if they are as nearly always: each change applied, named once, and no other one."""
    if len(results) != len(sent) or set(map(type, results)) != {dict}:
        return None
    names = [result.get("deltaId") for result in results if result.get("status") == "applied"]
    if len(names) != len(sent) or set(map(type, names)) != {str} or set(names) != set(sent):
        return None
    return dict.fromkeys(sent, _DONE)


def _read_delta_result(result: Mapping[str, Any]) -> RowResult | None:
    status = result.get("status")
    state = STATES.get(status) if isinstance(status, str) else None
    if state is RowState.DONE:
        return _DONE
    if state is not None:
        return RowResult(state, result.get("error"))
    absence = read_row(result)
    return None if absence is None else RowResult(RowState.GONE, absence=absence)
