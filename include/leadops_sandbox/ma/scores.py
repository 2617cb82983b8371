"""What the MA answers to score deltas, computed before anything is changed."""

from collections.abc import Callable
from typing import Any

from leadops_sandbox.answers import RefusedError
from leadops_sandbox.ma.store import Lead, MaStore
from leadops_sandbox.settings import AbsenceManner

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
    store: MaStore,
    updates: list[Update],
    *,
    reject: Callable[[], bool] | None = None,
    repeat: Callable[[], bool] | None = None,
    manner: AbsenceManner = "words",
) -> list[Result]:
    """Return one result per update, in order, with the score after it.

    The status is applied, duplicate or rejected; for a lead that is gone not_found, deleted or merged, as
    `manner` says. Changes nothing. `reject` and `repeat` are asked for each row that would be applied
    whether a fault refuses it, or calls it a duplicate.
    """
    leads, seen = store.leads, store.seen_deltas
    scores: dict[int, int] = {}
    fresh: set[str] = set()
    results: list[Result] = []
    for update in updates:
        delta_id, lead_id = update["deltaId"], update["leadId"]
        lead = leads.get(lead_id)
        if manner == "redirect" and lead is not None and lead.absence == "merged":
            lead = store.find_survivor(lead_id)
        if lead is None or lead.absence:
            results.append(_gone(delta_id, lead, manner=manner))
            continue
        moved = {} if lead.id == lead_id else {"leadId": lead.id}
        lead_id = lead.id
        score = scores.get(lead_id, lead.score)
        if delta_id in seen or delta_id in fresh or (repeat is not None and repeat()):
            results.append({"deltaId": delta_id, "status": "duplicate", "score": score} | moved)
        elif reject is not None and reject():
            results.append(_rejected(delta_id, "refused by a rule of this MA"))
        else:
            scores[lead_id] = score = score + update["delta"]
            fresh.add(delta_id)
            results.append({"deltaId": delta_id, "status": "applied", "score": score} | moved)
    return results


def _gone(delta_id: str, lead: Lead | None, *, manner: AbsenceManner) -> Result:
    if manner == "bare":
        return _rejected(delta_id, "unknown lead")
    if lead is None:
        return {"deltaId": delta_id, "status": "not_found", "score": None}
    result = {"deltaId": delta_id, "status": lead.absence, "score": None}
    return result | ({"mergedInto": lead.merged_into} if lead.absence == "merged" else {})


def _rejected(delta_id: str, reason: str) -> Result:
    return {"deltaId": delta_id, "status": "rejected", "score": None, "error": reason}
