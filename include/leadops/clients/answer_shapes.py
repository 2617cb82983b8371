"""The shape of each answer of MA, CRM, CDP and Slack: what a client believes has passed through here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadops.clients.answer_values import read_score
from leadops.clients.parse_answer import is_unreadable
from leadops.errors import TransientError


class AnswerShapeError(TransientError):
    """An answer does not have the shape of its route: it was broken on the way, or comes from a proxy."""


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
