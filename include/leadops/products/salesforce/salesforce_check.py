"""What `leadops check` asks Salesforce: version, edition, the fields that leadops writes, what it reads."""

from collections.abc import Iterator, Mapping
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.call_outcomes import Answered, Outcome
from leadops.products.check_line import CheckLine
from leadops.products.product_rows import Call, SendCall
from leadops.products.salesforce.salesforce_bodies import form_query
from leadops.products.salesforce.salesforce_codes import OPT_OUT_FIELD, OWNER_FIELD, read_errors
from leadops.products.salesforce.salesforce_ids import CONTACT, LEAD
from leadops.products.salesforce.salesforce_leads import read_records
from leadops.products.salesforce.salesforce_settings import SalesforceSettings

VERSIONS = "/services/data"
NUMBERS = ("double", "int", "currency", "percent")
WHERE = "in Setup > Object Manager"
Fields = Mapping[str, Mapping[str, Any]]


def check_salesforce(settings: SalesforceSettings, target: str, send: SendCall) -> Iterator[CheckLine]:
    """Yield the lines in the order in which a person would correct them."""
    yield check_version(settings, send(Call("GET", VERSIONS)))
    yield check_edition(
        send(form_query(settings, "Organization", ("Name", "OrganizationType", "IsSandbox"), "Id != null"))
    )
    for sobject in (LEAD, CONTACT):
        outcome = send(Call("GET", settings.path(f"sobjects/{sobject}/describe")))
        fields = read_fields(outcome)
        if fields is None:
            yield CheckLine.change(
                sobject, f"cannot be described ({explain(outcome)}); give leadops' user access to {sobject}"
            )
            continue
        yield from check_fields(settings, target, sobject, fields)
    if target == "crm":
        yield check_history(send(form_query(settings, "LeadHistory", ("Id",), "Field = 'Status'", limit=1)))


def check_version(settings: SalesforceSettings, outcome: Outcome) -> CheckLine:
    """Return whether the version of the API is served, and which is the newest."""
    listed = outcome.body if isinstance(outcome, Answered) and isinstance(outcome.body, list) else []
    versions = [str(entry.get("version")) for entry in listed if isinstance(entry, dict)]
    if not versions:
        return CheckLine.note("API version", f"the versions cannot be read ({explain(outcome)})")
    if settings.api_version not in versions:
        return CheckLine.change(
            "API version",
            f"{settings.api_version} is not served here: set api_version of salesforce in products.yaml to"
            f" {versions[-1]}",
        )
    return CheckLine.ok("API version", f"{settings.api_version}; the newest here is {versions[-1]}")


def check_edition(outcome: Outcome) -> CheckLine:
    """Return which Salesforce it is."""
    try:
        records = read_records(outcome.body if isinstance(outcome, Answered) else None, "Organization")
    except AnswerShapeError:
        records = []
    if not records:
        return CheckLine.note("edition", f"it cannot be read ({explain(outcome)})")
    is_sandbox = records[0].get("IsSandbox") is True
    return CheckLine.ok(
        "edition", f"{records[0].get('OrganizationType')}{', a sandbox of Salesforce' if is_sandbox else ''}"
    )


def check_fields(
    settings: SalesforceSettings, target: str, sobject: str, fields: Fields
) -> Iterator[CheckLine]:
    """Yield a line for each field that leadops writes of an object."""
    names = settings.fields
    yield check_external_id(sobject, names.external_id, fields)
    if target == "ma":
        for name in filter(None, (names.score, names.seq)):
            yield check_number(sobject, name, fields)
    if fields.get(OPT_OUT_FIELD, {}).get("updateable") is not True:
        yield CheckLine.note(
            f"{sobject}.{OPT_OUT_FIELD}",
            f"leadops' user may not write it, so no opt-out can be passed on: allow it in the field-level"
            f" security {WHERE} > {sobject}",
        )
    if sobject == CONTACT:
        return
    known = {names.external_id, "Email", *settings.placeholders, *filter(None, settings.facts.values())}
    for name in sorted(known - {names.external_id}):
        yield check_writable(sobject, name, fields)
    if target == "crm":
        yield check_writable(sobject, OWNER_FIELD, fields)
    demanded = [
        name
        for name, field in fields.items()
        if field.get("nillable") is False
        and field.get("createable") is True
        and field.get("defaultedOnCreate") is not True
        and name not in known
        and name not in (OWNER_FIELD, "Status")
    ]
    for name in demanded:
        yield CheckLine.change(
            f"{sobject}.{name}",
            "Salesforce demands it of a new lead: give it a text under placeholders of salesforce in"
            f" products.yaml, or make it optional {WHERE}",
        )


def check_external_id(sobject: str, name: str, fields: Fields) -> CheckLine:
    """Return whether the field for leadops' id finds a record, and at most one."""
    line = check_writable(sobject, name, fields)
    field = fields.get(name, {})
    if name in fields and not (field.get("externalId") is True and field.get("unique") is True):
        return CheckLine.change(line.subject, f"mark it as External ID and as unique {WHERE} > {sobject}")
    return line


def check_number(sobject: str, name: str, fields: Fields) -> CheckLine:
    """Return whether the field takes a score."""
    line = check_writable(sobject, name, fields)
    kind = fields.get(name, {}).get("type")
    if name in fields and kind not in NUMBERS:
        return CheckLine.change(
            line.subject, f"it is of type {kind}: make a Number(18, 0) field {WHERE} > {sobject}"
        )
    return line


def check_writable(sobject: str, name: str, fields: Fields) -> CheckLine:
    """Return whether the field is there, and leadops' user may write it."""
    subject = f"{sobject}.{name}"
    if name not in fields:
        return CheckLine.change(
            subject,
            f"there is none, or leadops' user does not see it: make it {WHERE} > {sobject}, or name another"
            " one in products.yaml",
        )
    if fields[name].get("updateable") is not True:
        return CheckLine.change(
            subject,
            f"leadops' user may not write it: allow it in the field-level security {WHERE} > {sobject}",
        )
    return CheckLine.ok(subject, f"{fields[name].get('type')}, writable")


def check_history(outcome: Outcome) -> CheckLine:
    """Return whether changes of a lead's status are on record."""
    subject, switch = "status history", f"switch on field history tracking for Lead Status {WHERE} > Lead"
    try:
        records = read_records(outcome.body if isinstance(outcome, Answered) else None, "LeadHistory")
    except AnswerShapeError:
        return CheckLine.change(subject, f"cannot be read ({explain(outcome)}): {switch}")
    if records:
        return CheckLine.ok(subject, "changes of a lead's status are on record")
    return CheckLine.note(subject, f"no change of a lead's status is on record yet: {switch}")


def read_fields(outcome: Outcome) -> Fields | None:
    """Return the fields of a described object by name; None where it could not be described."""
    body = outcome.body if isinstance(outcome, Answered) else None
    fields = body.get("fields") if isinstance(body, dict) else None
    if not isinstance(fields, list):
        return None
    return {str(field.get("name")): field for field in fields if isinstance(field, dict)}


def explain(outcome: Outcome) -> str:
    """Return why there is no answer of the kind that was asked for."""
    if not isinstance(outcome, Answered):
        return outcome.reason
    errors = read_errors(outcome.body)
    return f"{errors[0].code}: {errors[0].message}" if errors else "the answer has another shape"
