"""Whether what a form sent is a valid submission, and the event that it becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from leadops.events.event_contract import Event
from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import event_row
from leadops.events.find_unusable import find_unusable
from leadops.events.validate_event import describe_fault, validate_item
from leadops.intake.form_contract import Submission

#: The event that a form becomes.
EVENT = "submit_form"


@dataclass(frozen=True)
class ValidForm:
    """A valid submission and its row of cdp.events."""

    submission: Submission
    row: dict[str, Any]


def validate_form(
    content: object, *, submission_id: str, sent_at: datetime, now: datetime, settings: EventSettings
) -> ValidForm | EventRefusal:
    """Return `content` (parsed JSON) as a submission, or why it is refused.

    It must be a Submission, and its event must pass what every event passes: usable text and numbers, depth,
    age, no bot. `submission_id` is ours; `sent_at` (UTC) dates a form that carries no time.
    """
    limits = {"max_string_chars": settings.max_string_chars, "max_depth": settings.max_depth}
    if unusable := find_unusable(content, **limits):
        return unusable
    try:
        submission = Submission.model_validate(content)
    except ValidationError as error:
        return describe_fault(error.errors(include_url=False, include_input=False)[0])
    event = _event_of(submission, submission_id=submission_id, sent_at=sent_at)
    verdict = validate_item(event, now=now, arrived_at=now, settings=settings, history=False)
    if isinstance(verdict, Event):
        return ValidForm(submission, event_row(verdict, event, position=0))
    return verdict


def _event_of(submission: Submission, *, submission_id: str, sent_at: datetime) -> dict[str, Any]:
    fields = submission.model_dump(mode="json", exclude_none=True, exclude={"submission_id", "form", "ts"})
    form = {"form": submission.form} if submission.form else {}
    return fields | {
        "event_id": f"form-{submission_id}",
        "event": EVENT,
        "ts": (submission.ts or sent_at).isoformat(),
        "properties": form | fields["properties"],
    }
