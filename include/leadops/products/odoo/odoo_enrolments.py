"""Programmes and opt-outs in Odoo: a tag and the fields of a message on the lead; the blacklist of addresses.

All of it is in the community edition: the blacklist comes with mail, tags with CRM.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import Enrolment, ProgrammeStep
from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.products.odoo.odoo_calls import OdooCalls, read_rows, take_result
from leadops.products.odoo.odoo_check import describe_field
from leadops.products.odoo.odoo_leads import MODEL, read_loaded, read_number
from leadops.products.product_rows import Call, EffectRow, RowResult, RowState, SendCall, UnsupportedCallError

BLACKLIST, TAG = "mail.blacklist", "crm.tag"
#: Odoo's command that adds a record to a many2many, which is a set.
LINK = 4
HOW = "docs/products/odoo.md#programmes says how"


def make_enrolment_call(calls: OdooCalls, settings: MarkedEnrolmentSettings, effect: EffectRow) -> Call:
    """Return the call that sets the message of a step, and its tag, in one write."""
    enrolment = Enrolment.read(effect.values)
    if gap := settings.find_gap(enrolment.place, product="odoo", what="tag"):
        raise UnsupportedCallError(f"step {enrolment.place}: {gap}")
    tag = _read_tag(settings.find_id(enrolment.place))
    values = {**settings.fill_tokens(enrolment), "tag_ids": [[LINK, tag]]}
    return calls.call(MODEL, "write", ids=[read_number(effect)], vals=values)


def make_address_call(calls: OdooCalls, effect: EffectRow) -> Call:
    """Return the call that reads the address of a lead: the blacklist is one of addresses."""
    return calls.call(MODEL, "read", ids=[read_number(effect)], fields=["email_normalized"])


def read_consent_answer(calls: OdooCalls, body: Any, *, is_out: bool) -> RowResult:
    """Return the next call of an opt-out or of its end, or what the last one came to.

    The address is read; then it is put on the blacklist, which finds an entry that was there, archived or
    not, and the entry is set active. To end an opt-out the active entry is looked for, and archived.
    """
    result = take_result(body)
    if result is True:
        return RowResult(RowState.DONE)
    if isinstance(result, dict):
        loaded = read_loaded(body)
        return loaded if loaded.external_id is None else _set_entry(calls, loaded.external_id, is_out=True)
    try:
        rows = read_rows(body, "Odoo consent")
    except AnswerShapeError as error:
        return RowResult(RowState.UNKNOWN, str(error))
    if not rows:
        return RowResult(RowState.DONE)
    if "email_normalized" not in rows[0]:
        return _set_entry(calls, str(rows[0]["id"]), is_out=False)
    address = rows[0]["email_normalized"]
    if not address:
        return RowResult(RowState.DONE)
    following = (
        calls.call(BLACKLIST, "load", fields=["email"], data=[[str(address)]])
        if is_out
        else calls.search(
            BLACKLIST, [["email", "=", address], ["active", "=", True]], ["email"], order="id", limit=1
        )
    )
    return RowResult(RowState.AGAIN, next_call=following)


def _set_entry(calls: OdooCalls, number: str, *, is_out: bool) -> RowResult:
    call = calls.call(BLACKLIST, "write", ids=[int(number)], vals={"active": is_out})
    return RowResult(RowState.AGAIN, next_call=call)


def check_tags(
    calls: OdooCalls, settings: MarkedEnrolmentSettings, places: Sequence[ProgrammeStep], send: SendCall
) -> Iterator[CheckLine]:
    """Yield a line for each field of a message, then one for each step."""
    if unused := list(settings.report_unused(places, product="odoo")):
        yield from unused
        return
    names = settings.list_tokens()
    outcome = send(calls.call(MODEL, "fields_get", allfields=list(names), attributes=["type", "readonly"]))
    found = take_result(outcome.body) if isinstance(outcome, Answered) else None
    if not isinstance(found, dict):
        reason = getattr(outcome, "reason", "the answer is not a list of fields")
        yield CheckLine.change("fields of messages", f"cannot be read ({reason})")
        return
    for name, token in names.items():
        yield describe_field(name, f"the {token} of a message", found.get(name), is_number=False)
    known = set[str]()
    tags = [tag for tag in (settings.find_id(place) for place in places) if tag and tag.isdecimal()]
    outcome = send(calls.search(TAG, [["id", "in", list(map(int, tags))]], ["name"], order="id"))
    if isinstance(outcome, Answered) and isinstance(rows := take_result(outcome.body), list):
        known = {str(row.get("id")) for row in rows if isinstance(row, dict)}
    for place in places:
        yield _describe_step(settings, place, known)


def _describe_step(settings: MarkedEnrolmentSettings, place: ProgrammeStep, known: set[str]) -> CheckLine:
    subject, tag = f"step {place}", settings.find_id(place)
    if tag is None:
        gap = settings.find_gap(place, product="odoo", what="tag")
        return CheckLine.change(subject, f"{gap}: nobody is enrolled in it")
    if tag not in known:
        return CheckLine.change(
            subject, f"Odoo has no tag {tag}, or leadops' user does not see it; make it ({HOW})"
        )
    return CheckLine.ok(subject, f"tag {tag} is there")


def _read_tag(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdecimal()):
        raise UnsupportedCallError(f"a tag in Odoo has a number as its id, not {text!r}")
    return int(text)
