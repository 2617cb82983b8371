"""Whether what a form sent is a valid submission, and the event that it becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from leadops.events.event_batch import event_row
from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import FieldChange
from leadops.events.form_spam import find_spam
from leadops.events.validate_event import ValidItem, validate_item
from leadops.intake.form_contract import Submission
from leadops.intake.normalize_form import normalize_form

#: The event that a form becomes.
EVENT = "submit_form"


@dataclass(frozen=True)
class ValidForm:
    """A valid submission, its row of cdp.events, and what they do not say as the form did."""

    submission: Submission
    row: dict[str, Any]
    changes: list[FieldChange]


def validate_form(
    content: dict[str, Any],
    *,
    submission_id: str,
    sent_at: datetime,
    now: datetime,
    settings: EventSettings,
    vouched: bool = False,
) -> ValidForm | EventRefusal:
    """Return `content` (parsed JSON, at most 200 levels deep) as a submission, or why it cannot be a lead.

    It needs an address that can be used, no bot may have sent it, and it must not look like spam, unless a
    person `vouched` for it; everything else is normalised. `submission_id` is ours; `sent_at` (UTC, not after
    `now`) dates a form that carries no usable time.
    """
    normal = normalize_form(content, sent_at=sent_at, settings=settings)
    # What looks like spam is spam whatever else is wrong with it: nobody has to repair it.
    if not vouched and (spam := _find_spam(normal.content, sent_at, settings)):
        return spam
    if "email" not in normal.content:
        return EventRefusal("missing_field", "email is missing; a lead needs the address of a person")
    try:
        submission = Submission.model_validate(normal.content)
    except ValidationError as error:
        return _describe_fault(error)
    event = _event_of(submission, submission_id=submission_id, sent_at=sent_at)
    verdict = validate_item(event, now=now, arrived_at=now, settings=settings, history=True, vouched=True)
    if isinstance(verdict, ValidItem):
        return ValidForm(submission, event_row(verdict, position=0), normal.changes)
    return verdict


def _find_spam(content: dict[str, Any], sent_at: datetime, settings: EventSettings) -> EventRefusal | None:
    ts = content.get("ts")
    return find_spam(
        content.get("properties", {}),
        email=content.get("email"),
        visitor=content.get("anonymous_id"),
        ts=datetime.fromisoformat(ts) if ts else sent_at,
        settings=settings.forms,
    )


def _describe_fault(error: ValidationError) -> EventRefusal:
    """Say what is wrong with the address: nothing else can be wrong after normalising."""
    if error.errors(include_url=False, include_input=False)[0]["type"] == "string_type":
        return EventRefusal("wrong_type", "email must be a text: the address of a person")
    return EventRefusal("invalid_email", "email must be an address such as name@company.example")


def _event_of(submission: Submission, *, submission_id: str, sent_at: datetime) -> dict[str, Any]:
    fields = submission.model_dump(mode="json", exclude_none=True, exclude={"submission_id", "form", "ts"})
    form = {"form": submission.form} if submission.form else {}
    return fields | {
        "event_id": f"form-{submission_id}",
        "event": EVENT,
        "ts": (submission.ts or sent_at).isoformat(),
        "properties": form | submission.properties,
    }
