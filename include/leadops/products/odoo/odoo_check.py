"""What `leadops check` asks Odoo: the fields that leadops sets, and whether its user may read the rest."""

from collections.abc import Iterator, Mapping
from typing import Any

from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.odoo.odoo_calls import OdooCalls, take_result
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.product_rows import Call, SendCall

#: Where a field is made.
WHERE = "in Odoo (Settings, Technical, Database Structure, Fields, model crm.lead)"
#: What a score may be: a decimal number is read as one that is whole.
NUMBERS = ("integer", "float")


def check_fields(
    calls: OdooCalls, settings: OdooSettings, target: str, send: SendCall
) -> Iterator[CheckLine]:
    """Yield a line for each field of crm.lead that leadops sets in `target`."""
    wanted = {"email_from": "the address", "user_id": "the owner"}
    numbers = {}
    if target == "ma":
        numbers[settings.fields.score] = "the score"
        if settings.fields.seq is not None:
            numbers[settings.fields.seq] = "the row of the ledger"
    facts = {field: f"the fact {fact}" for fact, field in settings.facts.items() if field is not None}
    wanted = numbers | wanted | facts
    call = calls.call("crm.lead", "fields_get", allfields=list(wanted), attributes=["type", "readonly"])
    outcome = send(call)
    found = take_result(outcome.body) if isinstance(outcome, Answered) else None
    if not isinstance(found, dict):
        reason = getattr(outcome, "reason", "the answer is not a list of fields")
        yield CheckLine.change(
            "model crm.lead",
            f"cannot be read ({reason}); install the app CRM, and give the user rights to it",
        )
        return
    for name, purpose in wanted.items():
        yield describe_field(name, purpose, found.get(name), is_number=name in numbers)


def describe_field(name: str, purpose: str, found: Any, *, is_number: bool) -> CheckLine:
    """Return whether a field as Odoo describes it is what leadops needs."""
    subject = f"field {name}"
    if not isinstance(found, Mapping):
        kind = "integer" if is_number else "char"
        return CheckLine.change(
            subject, f"does not exist; make it ({kind}) {WHERE}, or correct products.yaml: it takes {purpose}"
        )
    if found.get("readonly") is True:
        return CheckLine.change(subject, f"is read only; name one of your own in products.yaml for {purpose}")
    if is_number and found.get("type") not in NUMBERS:
        return CheckLine.change(
            subject, f"is of type {found.get('type')}, {purpose} needs integer; make another {WHERE}"
        )
    return CheckLine.ok(subject, f"takes {purpose}")


def check_reading(calls: OdooCalls, send: SendCall) -> Iterator[CheckLine]:
    """Yield a line for each model that the feed reads."""
    reads: dict[str, Call] = {
        model: calls.search(model, domain, ["write_date"], order="id desc", limit=1)
        for model, domain in (
            ("mail.message", [["model", "=", "crm.lead"]]),
            ("mail.activity", [["res_model", "=", "crm.lead"]]),
        )
    }
    for model, call in reads.items():
        outcome = send(call)
        if isinstance(outcome, Answered) and isinstance(take_result(outcome.body), list):
            yield CheckLine.ok(f"model {model}", "can be read")
        else:
            reason = getattr(outcome, "reason", "the answer is not a list of records")
            yield CheckLine.change(f"model {model}", f"cannot be read ({reason}); give the user the right")
