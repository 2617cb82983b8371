"""What the MA answers to score deltas, computed before anything is changed."""

from collections.abc import Callable
from typing import Any

from leadops_sandbox.answers import RefusedError
from leadops_sandbox.ma.store import MaStore

#: One bulk call carries at most this many deltas.
MOST_UPDATES = 1_000

Update = dict[str, Any]
Result = dict[str, Any]


def check_updates(updates: object) -> list[Update]:
    """Return `updates` when it is a list of well-formed deltas; raise RefusedError 413 or 422 when not."""
    if not isinstance(updates, list):
        raise RefusedError(422, "updates must be a list")
    if len(updates) > MOST_UPDATES:
        raise RefusedError(413, f"{len(updates)} updates; send at most {MOST_UPDATES} in a call")
    for number, update in enumerate(updates):
        try:
            # Exact types, not isinstance: JSON's true must not pass as the number 1.
            well_formed = (
                type(update["deltaId"]) is str
                and update["deltaId"]
                and type(update["leadId"]) is int
                and type(update["delta"]) is int
                and type(update["reason"]) is str
            )
        except (KeyError, TypeError):
            well_formed = False
        if not well_formed:
            raise RefusedError(
                422, f"updates[{number}]: give deltaId, leadId (number), delta (number), reason"
            )
    return updates


def judge_updates(
    store: MaStore, updates: list[Update], *, reject: Callable[[], bool] | None = None
) -> list[Result]:
    """Return one result per update, in order: applied, duplicate or rejected, with the score after it.

    Changes nothing. `reject` is asked for each row that would be applied whether a fault refuses it.
    """
    leads, seen = store.leads, store.seen_deltas
    scores: dict[int, int] = {}
    fresh: set[str] = set()
    results: list[Result] = []
    for update in updates:
        delta_id, lead_id = update["deltaId"], update["leadId"]
        lead = leads.get(lead_id)
        if lead is None:
            results.append(_rejected(delta_id, "unknown lead"))
            continue
        score = scores.get(lead_id, lead.score)
        if delta_id in seen or delta_id in fresh:
            results.append({"deltaId": delta_id, "status": "duplicate", "score": score})
        elif reject is not None and reject():
            results.append(_rejected(delta_id, "refused by a rule of this MA"))
        else:
            scores[lead_id] = score = score + update["delta"]
            fresh.add(delta_id)
            results.append({"deltaId": delta_id, "status": "applied", "score": score})
    return results


def _rejected(delta_id: str, reason: str) -> Result:
    return {"deltaId": delta_id, "status": "rejected", "score": None, "error": reason}
