"""The shape of each answer of MA, CRM, CDP and Slack: what a client believes has passed through here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from leadops.clients.answer_values import read_score
from leadops.clients.lead_absence import LeadAbsence, read_row
from leadops.clients.parse_answer import is_unreadable
from leadops.errors import TransientError


class AnswerShapeError(TransientError):
    """An answer does not have the shape of its route: it was broken on the way, or comes from a proxy."""


@dataclass(frozen=True)
class DeltaResult:
    """What the MA says about one score change; `error` is its reason where it is rejected.

    A lead that is gone has an `absence`; the change had no effect then.
    """

    status: Literal["applied", "duplicate", "rejected", "gone"]
    error: Any = None
    absence: LeadAbsence | None = None


@dataclass(frozen=True)
class CollectedEvents:
    """What the CDP says about the events of a call; each refused one by its place in the call."""

    accepted: int
    duplicates: int
    refused: dict[int, dict[str, Any]]


def read_object(body: Any, what: str) -> dict[str, Any]:
    """Return `body` if it is a JSON object; raise AnswerShapeError, which names `what`, if not."""
    if not isinstance(body, dict):
        raise AnswerShapeError(f"{what}: the answer is not an object")
    return body


def read_page(body: Any, what: str, *, may_be_list: bool = False) -> tuple[list[Any], str | None]:
    """Return the items of a page and the cursor of the next one; an item may be anything.

    With `may_be_list` a bare list is the only page. Raises AnswerShapeError.
    """
    if may_be_list and isinstance(body, list):
        return body, None
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise AnswerShapeError(f"{what}: the answer is not a page with items")
    cursor = body.get("cursor")
    if isinstance(cursor, bool) or not isinstance(cursor, int | str | None) or is_unreadable(cursor):
        raise AnswerShapeError(f"{what}: the page's cursor is neither text nor a whole number")
    return body["items"], None if cursor is None else str(cursor)


def read_text(answer: Mapping[str, Any], name: str, what: str) -> str:
    """Return a text that the answer must hold; raise AnswerShapeError where it is missing or blank."""
    value = answer.get(name)
    if not isinstance(value, str) or is_unreadable(value) or not value.strip():
        raise AnswerShapeError(f"{what}: the answer holds no {name}")
    return value


def read_number(answer: Mapping[str, Any], name: str, what: str) -> float:
    """Return a finite number that the answer must hold; raise AnswerShapeError where it holds none."""
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerShapeError(f"{what}: the answer holds no {name}")
    return value


def read_lead_score(body: Any) -> int | None:
    """Return the score of a lead of the MA; None where it is not a whole number. Raises AnswerShapeError."""
    return read_score(read_object(body, "MA lead").get("score"))


def read_delta_results(body: Any, sent: Sequence[str]) -> dict[str, DeltaResult]:
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


def _read_delta_result(result: Mapping[str, Any]) -> DeltaResult | None:
    status = result.get("status")
    if status in ("applied", "duplicate", "rejected"):
        return DeltaResult(status, result.get("error"))
    absence = read_row(result)
    return None if absence is None else DeltaResult("gone", absence=absence)


def read_collected(body: Any, sent: int) -> CollectedEvents:
    """Return what became of `sent` events; raise AnswerShapeError unless each of them counts exactly once."""
    answer = read_object(body, "CDP collect")
    counts = [answer.get("accepted"), answer.get("duplicates")]
    refusals = answer.get("quarantined")
    if not isinstance(refusals, list) or not all(isinstance(refusal, dict) for refusal in refusals):
        raise AnswerShapeError("CDP collect: the answer holds no list of quarantined events")
    accepted, duplicates = (
        count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
        for count in counts
    )
    if accepted is None or duplicates is None:
        raise AnswerShapeError("CDP collect: the answer does not count the events")
    refused = {
        refusal["index"]: refusal
        for refusal in refusals
        if isinstance(refusal.get("index"), int) and refusal["index"] in range(sent)
    }
    if accepted + duplicates + len(refused) != sent or len(refused) != len(refusals):
        raise AnswerShapeError("CDP collect: the counts are not those of the call")
    return CollectedEvents(accepted, duplicates, refused)
