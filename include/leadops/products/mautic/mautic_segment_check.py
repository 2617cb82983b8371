"""What `leadops check ma` asks Mautic about programmes: the fields of a message, and each segment."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadops.clients.call_outcomes import Answered, Refused
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.products.mautic.mautic_check import FIELDS, check_field, read_field_list
from leadops.products.product_rows import Call, SendCall

HOW = "docs/products/mautic.md#programmes says how"


def check_segments(
    settings: MarkedEnrolmentSettings, places: Sequence[ProgrammeStep], send: SendCall
) -> Iterator[CheckLine]:
    """Yield a line for each field of a message, then one for each step."""
    if unused := list(settings.report_unused(places, product="mautic")):
        yield from unused
        return
    outcome = send(Call("GET", FIELDS, params={"start": 0, "limit": 1000}))
    if not isinstance(outcome, Answered):
        yield CheckLine.change("fields", f"cannot be read ({outcome.reason})")
        return
    known = read_field_list(outcome.body)
    for alias, token in settings.list_tokens().items():
        yield check_field(alias, f"enrolments.tokens.{token}", known, "text")
    for place in places:
        yield _check_step(settings, place, send)


def _check_step(settings: MarkedEnrolmentSettings, place: ProgrammeStep, send: SendCall) -> CheckLine:
    subject, segment = f"step {place}", settings.find_id(place)
    if segment is None:
        gap = settings.find_gap(place, product="mautic", what="segment")
        return CheckLine.change(subject, f"{gap}: nobody is enrolled in it")
    outcome = send(Call("GET", f"/api/segments/{segment}"))
    if isinstance(outcome, Refused) and outcome.status == 404:
        return CheckLine.change(
            subject, f"Mautic has no segment {segment}; make it ({HOW}), or correct products.yaml"
        )
    found = outcome.body.get("list") if isinstance(outcome, Answered) and outcome.body else None
    if not isinstance(found, dict):
        reason = getattr(outcome, "reason", "the answer is not a segment")
        return CheckLine.note(subject, f"segment {segment} cannot be read ({reason})")
    return describe_segment(subject, segment, found, mark=settings.mark, place=place)


def describe_segment(
    subject: str, segment: str, found: Mapping[str, Any], *, mark: str, place: ProgrammeStep
) -> CheckLine:
    """Return whether a segment as Mautic describes it takes in whom leadops enrols in a step."""
    text = json.dumps(found.get("filters"), ensure_ascii=False)
    if f'"{mark}"' not in text or str(place) not in text:
        return CheckLine.change(
            subject, f"segment {segment} does not filter by {mark} with {place}; set its filter ({HOW})"
        )
    if found.get("isPublished") is not True:
        return CheckLine.change(subject, f"segment {segment} is not published; publish it")
    return CheckLine.ok(subject, f"segment {segment} filters by {mark}")
