"""A signed body as a form: parsed, recognised by its id, validated."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.intake.form_hashes import hash_body, hash_submission
from leadops.intake.normalize_form import read_sender_id
from leadops.intake.validate_form import ValidForm, validate_form
from leadops.normalization.lenient_json import JsonDepthError, read_json


@dataclass(frozen=True)
class ReadForm:
    """The id of a body's submission, and the form in it, or why it cannot become a lead."""

    submission_id: str
    verdict: ValidForm | EventRefusal
    #: What the mapping of a form tool read; None: the body speaks for itself.
    content: dict[str, Any] | None = None


def read_form(
    body: bytes, *, hash_key: bytes, sent_at: datetime, now: datetime, settings: EventSettings
) -> ReadForm:
    """Read any body; `sent_at` (UTC) is when it was signed, `now` when it arrived.

    A body that is not a JSON object is recognised by its bytes.
    """
    content = parse_form(body)
    if isinstance(content, EventRefusal):
        return ReadForm(hash_body(hash_key, body), content)
    sender_id = read_sender_id(content.get("submission_id"))
    identity = {name: value for name, value in content.items() if name != "submission_id"}
    submission_id = hash_submission(hash_key, identity if sender_id is None else {"submission_id": sender_id})
    form = validate_form(content, submission_id=submission_id, sent_at=sent_at, now=now, settings=settings)
    return ReadForm(submission_id, form)


def parse_form(body: bytes) -> dict[str, Any] | EventRefusal:
    """Return the JSON object in `body`, or why there is none. A list of one is the one."""
    content = parse_body(body)
    while isinstance(content, list) and len(content) == 1:
        content = content[0]
    if isinstance(content, dict | EventRefusal):
        return content
    return EventRefusal("not_an_object", "a form is a JSON object; see docs/forms.md")


def parse_body(body: bytes) -> Any:
    """Return the JSON in `body` (UTF-8, UTF-16 or UTF-32, with a byte order mark or not), or why not."""
    try:
        text = body.decode(json.detect_encoding(body)).lstrip("\ufeff")
    except UnicodeDecodeError:
        return EventRefusal("not_utf8", "the body is not UTF-8; send JSON in UTF-8, uncompressed")
    try:
        return read_json(text)
    except JsonDepthError as error:
        return EventRefusal("too_deep", f"the body is {error}; send flat properties")
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return EventRefusal("not_json", f"the body is not JSON ({error.msg}, {place})")
