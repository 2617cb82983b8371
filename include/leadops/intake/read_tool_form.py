"""The body of a form tool as forms: one for each lead in it, recognised by the tool's own id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.events.clean_values import is_empty
from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.events.form_tools import FormTool
from leadops.intake.form_hashes import hash_body, hash_tool_form
from leadops.intake.map_tool_form import MappedForm, find_leads, find_path, map_tool_form
from leadops.intake.normalize_form import read_sender_id
from leadops.intake.read_form import ReadForm, parse_body, parse_form
from leadops.intake.validate_form import validate_form

#: Leads in one call; tools send one, or a few.
MAX_LEADS = 100


@dataclass(frozen=True)
class ToolForm:
    """One lead of a call: the form, the part of the body that says it, what the mapping read.

    `mapped` is None where the body cannot be read. `is_test` is what the tool itself says.
    """

    form: ReadForm
    body: bytes
    mapped: MappedForm | None
    is_test: bool = False


def read_tool_forms(
    body: bytes,
    *,
    name: str,
    tool: FormTool,
    hash_key: bytes,
    sent_at: datetime,
    now: datetime,
    settings: EventSettings,
) -> list[ToolForm]:
    """Read any body of the tool `name`: at least one form, valid or refused.

    A lead of several is kept as its own part of the body, and a secret in the body is never kept; any other
    body is kept as it came. `sent_at` (UTC) is when it was signed, `now` when it arrived.
    """
    content = parse_body(body)
    leads = content if isinstance(content, EventRefusal) else _split(content, tool)
    if isinstance(leads, EventRefusal):
        kept = body if isinstance(content, EventRefusal) else _dump_kept(content, content, body, tool)
        submission_id = hash_tool_form(hash_key, name, "body", hash_body(hash_key, kept))
        return [ToolForm(ReadForm(submission_id, leads), kept, None)]
    forms = []
    for lead in leads:
        kept = _dump_kept(lead, content, body, tool)
        mapped = map_tool_form(_without_secret(lead, tool), tool)
        submission_id = _hash_lead(hash_key, name, mapped.content)
        if mapped.has_answers:
            verdict = validate_form(
                mapped.content, submission_id=submission_id, sent_at=sent_at, now=now, settings=settings
            )
        else:
            verdict = refuse_without_answers()
        is_test = tool.test is not None and find_path(lead, tool.test) is True
        forms.append(ToolForm(ReadForm(submission_id, verdict, mapped.content), kept, mapped, is_test))
    return forms


def interpret_body(
    body: bytes, tool: str | None, tools: Mapping[str, FormTool]
) -> dict[str, Any] | EventRefusal:
    """Return the form in a body from the quarantine by the mapping of today, or why there is none.

    `tool` is the tool that sent it, None for a form in our own contract.
    """
    content = parse_form(body)
    if tool is None or isinstance(content, EventRefusal):
        return content
    if tool not in tools:
        return EventRefusal("unknown_tool", f"forms.yaml has no tool {tool}; add it, and retry")
    mapped = map_tool_form(content, tools[tool])
    return mapped.content if mapped.has_answers else refuse_without_answers()


def refuse_without_answers() -> EventRefusal:
    """Return why a lead without answers cannot be a form."""
    return EventRefusal(
        "no_answers", "the tool sent ids and no answers; send the lead with its answers under the same id"
    )


def _split(content: Any, tool: FormTool) -> list[dict[str, Any]] | EventRefusal:
    leads = find_leads(content, tool.leads) if tool.leads else []
    if not leads:
        leads = content if isinstance(content, list) else [content]
    if len(leads) > MAX_LEADS:
        return EventRefusal("too_many_leads", f"the body holds more than {MAX_LEADS} leads")
    if not leads or not all(isinstance(lead, dict) for lead in leads):
        return EventRefusal("not_an_object", "a form is a JSON object; see docs/forms.md")
    return leads


def _without_secret(content: Any, tool: FormTool) -> Any:
    """Return `content` without the tool's secret, which is in an object, or in a list of objects."""
    secret = tool.token.body if tool.token else None
    if secret is None:
        return content
    if isinstance(content, list):
        return [_without_secret(item, tool) for item in content]
    if isinstance(content, dict):
        return {name: value for name, value in content.items() if name != secret}
    return content


def _dump_kept(part: Any, content: Any, body: bytes, tool: FormTool) -> bytes:
    """Return what is kept of `part`: `body` where it is all of its `content` and holds no secret."""
    holds_secret = tool.token is not None and tool.token.body is not None
    return json.dumps(_without_secret(part, tool)).encode() if part is not content or holds_secret else body


def _hash_lead(hash_key: bytes, name: str, content: dict[str, Any]) -> str:
    """Return the id of a submission: of the tool and its own id, else of the tool and all that is said."""
    sender_id = read_sender_id(content.get("submission_id"))
    if sender_id is not None:
        return hash_tool_form(hash_key, name, "sender", sender_id)
    said = {key: value for key, value in content.items() if key != "submission_id" and not is_empty(value)}
    return hash_tool_form(hash_key, name, "content", said)
