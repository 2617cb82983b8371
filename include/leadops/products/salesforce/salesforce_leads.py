"""Leads of Salesforce as they are read: one of them and what became of it, and all, page by page."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.product_rows import Call, LeadReading, ListedLead
from leadops.products.salesforce.salesforce_bodies import PAGE, form_query, quote_text
from leadops.products.salesforce.salesforce_codes import read_errors
from leadops.products.salesforce.salesforce_ids import CONTACT, LEAD, find_object, write_id
from leadops.products.salesforce.salesforce_settings import SalesforceSettings

#: What a lead says of where it went; a contact is never converted.
FATE = {
    LEAD: ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId"),
    CONTACT: ("IsDeleted", "MasterRecordId"),
}


class FoundRecord(NamedTuple):
    """A lead or contact that was looked for: its id, where it went if it is gone, and its address."""

    record_id: str
    absence: LeadAbsence | None
    email: str | None
    values: Mapping[str, Any]


def form_lookup(settings: SalesforceSettings, record_id: str) -> Call:
    """Return the query for one record by id, be it there or not."""
    sobject = find_object(record_id)
    fields = ("Id", *FATE[sobject], *list_fields(settings))
    return form_query(settings, sobject, fields, f"Id = {quote_text(record_id)}", deleted=True)


def form_search(settings: SalesforceSettings, external_id: str) -> Call:
    """Return the query for the lead of our external id, converted or not."""
    fields = ("Id", *FATE[LEAD], *list_fields(settings))
    return form_query(settings, LEAD, fields, f"{settings.fields.external_id} = {quote_text(external_id)}")


def form_remains(settings: SalesforceSettings, record_id: str) -> Call:
    """Return the query for all leads that are, or were converted to, the record, be they there or not."""
    field = "ConvertedContactId" if find_object(record_id) == CONTACT else "Id"
    condition = f"{field} = {quote_text(record_id)}"
    return form_query(settings, LEAD, ("Id", *FATE[LEAD]), condition, deleted=True)


def list_fields(settings: SalesforceSettings) -> list[str]:
    """Return the fields that leads and contacts both have."""
    fields = settings.fields
    return ["Email", fields.external_id, fields.score, *([fields.seq] if fields.seq else [])]


def read_records(body: Any, what: str) -> list[Mapping[str, Any]]:
    """Return the records of a query's answer; raise AnswerShapeError, which names what Salesforce says."""
    records = body.get("records") if isinstance(body, dict) else None
    if isinstance(records, list) and all(isinstance(record, dict) for record in records):
        return records
    errors = read_errors(body)
    why = f"{errors[0].code}: {errors[0].message}" if errors else "the answer has no records"
    raise AnswerShapeError(f"{what}: {why}")


def has_more(body: Any, asked: int) -> bool:
    """Whether more records follow those of an answer, of which `asked` were asked for at most.

    Salesforce cuts a page shorter than that where it likes, as of wide records, and says that it is not done.
    """
    return body.get("done") is False or len(body["records"]) >= asked


def read_found(body: Any, what: str = "Salesforce lead") -> FoundRecord | None:
    """Return the record of a look-up, None if there is none; raise AnswerShapeError."""
    records = read_records(body, what)
    if not records:
        return None
    values = records[0]
    record_id = write_id(values.get("Id"))
    if record_id is None:
        raise AnswerShapeError(f"{what}: the record has no id")
    email = values.get("Email")
    return FoundRecord(record_id, find_absence(values), email if isinstance(email, str) else None, values)


def find_absence(values: Mapping[str, Any]) -> LeadAbsence | None:
    """Return where a record went: to the one that it was merged into, or to the contact of a conversion."""
    if values.get("IsConverted") is True:
        contact = write_id(values.get("ConvertedContactId"))
        return LeadAbsence(AbsenceWord.MERGED if contact else AbsenceWord.DELETED, contact)
    if values.get("IsDeleted") is not True:
        return None
    master = write_id(values.get("MasterRecordId"))
    return LeadAbsence(AbsenceWord.MERGED if master else AbsenceWord.DELETED, master)


def read_reading(settings: SalesforceSettings, body: Any) -> LeadReading:
    """Return the lead of a look-up's answer: an empty score is 0, since nothing was ever sent."""
    found = read_found(body)
    if found is None:
        return LeadReading(None, LeadAbsence(AbsenceWord.NOT_FOUND))
    fields = settings.fields
    seq = read_score(found.values.get(fields.seq)) if fields.seq else None
    return LeadReading(read_points(found.values.get(fields.score)), found.absence, seq)


def read_points(value: Any) -> int | None:
    """Return a score as Salesforce has it (a double, or null)."""
    return 0 if value is None else read_score(value)


def form_page(settings: SalesforceSettings, cursor: str | None, *more: str) -> Call:
    """Return the query for one page of the leads that leadops made, converted ones with their contacts.

    `more` are further fields.
    """
    fields = ("Id", *FATE[LEAD], *list_fields(settings), f"ConvertedContact.{settings.fields.score}", *more)
    after = [f"Id > {quote_text(cursor)}"] if cursor else []
    ours = f"{settings.fields.external_id} != null"
    return form_query(settings, LEAD, fields, ours, *after, order_by=("Id",), limit=PAGE)


def read_page(body: Any) -> tuple[list[Mapping[str, Any]], str | None]:
    """Return the records of a page, and the cursor of the next or None; raise AnswerShapeError."""
    records = read_records(body, "Salesforce leads")
    last = write_id(records[-1].get("Id")) if records else None
    if records and last is None:
        raise AnswerShapeError("Salesforce leads: a record has no id")
    return records, last if has_more(body, PAGE) else None


def read_listed(settings: SalesforceSettings, record: Mapping[str, Any]) -> ListedLead:
    """Return a record of a page as a lead of the list; the contact stands for a lead that was converted."""
    email, score = record.get("Email"), record.get(settings.fields.score)
    external_id, absence = write_id(record.get("Id")), find_absence(record)
    if absence is not None and absence.merged_into is not None:
        contact = record.get("ConvertedContact")
        external_id = absence.merged_into
        score = contact.get(settings.fields.score) if isinstance(contact, dict) else None
    return ListedLead(
        external_id=external_id,
        score=read_points(score),
        email=email if isinstance(email, str) else None,
        our_id=read_id(record.get(settings.fields.external_id)),
    )
