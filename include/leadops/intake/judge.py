"""Whether what a form sent is a submission we believe, and the event that it tells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from leadops.events.contract import Event
from leadops.events.event_settings import EventSettings
from leadops.events.judge import explain, judge_item
from leadops.events.refusal import Refusal
from leadops.events.store import row_of
from leadops.events.usable import find_unusable
from leadops.intake.contract import Submission

#: The event that a form tells.
EVENT = "submit_form"


@dataclass(frozen=True)
class Judged:
    """A believed submission and its row of cdp.events."""

    submission: Submission
    row: dict[str, Any]


def judge_submission(
    content: object, *, submission_id: str, sent_at: datetime, now: datetime, settings: EventSettings
) -> Judged | Refusal:
    """Return `content` (parsed JSON) as a submission, or why it is refused.

    It must be a Submission, and its event must pass what every event passes: usable text and numbers, depth,
    age, no bot. `submission_id` is ours; `sent_at` (UTC) dates what carries no time of its own.
    """
    limits = {"max_string_chars": settings.max_string_chars, "max_depth": settings.max_depth}
    if unusable := find_unusable(content, **limits):
        return unusable
    try:
        submission = Submission.model_validate(content)
    except ValidationError as error:
        return explain(error.errors(include_url=False, include_input=False)[0])  # type: ignore[arg-type]
    event = _event_of(submission, submission_id=submission_id, sent_at=sent_at)
    verdict = judge_item(event, now=now, arrived_at=now, settings=settings, history=False)
    if isinstance(verdict, Event):
        return Judged(submission, row_of(verdict, event, position=0))
    return verdict


def _event_of(submission: Submission, *, submission_id: str, sent_at: datetime) -> dict[str, Any]:
    told = submission.model_dump(mode="json", exclude_none=True, exclude={"submission_id", "form", "ts"})
    form = {"form": submission.form} if submission.form else {}
    return told | {
        "event_id": f"form-{submission_id}",
        "event": EVENT,
        "ts": (submission.ts or sent_at).isoformat(),
        "properties": form | told["properties"],
    }
