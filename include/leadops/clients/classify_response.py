"""What a whole HTTP response says about the effect of its call."""

from typing import Any

import requests

from leadops.clients.call_outcomes import (
    AnswerClassifier,
    Answered,
    HttpAnswer,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    TokenExpired,
    Unknown,
)
from leadops.clients.lead_absence import read_problem
from leadops.clients.parse_answer import parse_answer
from leadops.clients.retry_after import DEFAULT_RETRY_AFTER, read_retry_after
from leadops.clients.status_codes import Action, find_status_rule
from leadops.mask import SentValues, mask_text
from leadops.normalization.clean_text import clean_text


def classify_response(
    response: requests.Response, content: bytes, *, has_key: bool = True, sent: SentValues | None = None
) -> Outcome:
    """Return what a complete HTTP response with its body says about the effect: see `status_codes`.

    Without a key no earlier call can be in progress, so a 409 is a refusal. What was `sent` is hidden in the
    reasons.
    """
    status = response.status_code
    action = find_status_rule(status).action
    retry_after = read_retry_after(response.headers)
    reason = f"HTTP {status}"
    if action is Action.DONE:
        if not content:
            return Answered(status, None)
        try:
            return Answered(status, parse_answer(content))
        except ValueError:
            return Unknown(f"{reason} without valid JSON", status)
    if status == 429:
        return Throttled(DEFAULT_RETRY_AFTER if retry_after is None else retry_after)
    problem = _read_problem(content)
    detail = _detail(response.reason, problem, sent)
    if status == 409 and has_key:
        return Unknown(f"{reason}: {detail}", status, retry_after)
    # RFC 9110 15.5.14: with Retry-After, the size is a problem of the moment.
    if action is Action.AGAIN or status == 425 or (status == 413 and retry_after is not None):
        return Postponed(reason, retry_after)
    if action is Action.READ_BACK:
        return Unknown(reason, status, retry_after)
    return Refused(status, f"{reason}: {detail}", read_problem(status, problem))


def apply_classifier(
    classify: AnswerClassifier, response: requests.Response, content: bytes, outcome: Outcome
) -> Outcome | TokenExpired:
    """Return what `classify` makes of a whole response, of which the status says `outcome`."""
    body = outcome.body if isinstance(outcome, Answered) else _read_problem(content)
    return classify(
        HttpAnswer(response.status_code, response.headers, None if body is _NO_JSON else body), outcome
    )


_NO_JSON = object()


def _read_problem(content: bytes) -> Any:
    """Return the JSON of an error's body; _NO_JSON if it is none."""
    try:
        return parse_answer(content)
    except ValueError:
        return _NO_JSON


def _detail(reason: str, problem: Any, sent: SentValues | None) -> str:
    """Return what a problem document says, without secrets and people; nothing of any other body."""
    if problem is _NO_JSON:
        return mask_text(clean_text(reason or "refused"), longest=200, sent=sent)
    if isinstance(problem, dict):
        text = problem.get("detail") or problem.get("title") or problem.get("error") or "refused"
        return mask_text(text, longest=200, sent=sent)
    return "refused"
