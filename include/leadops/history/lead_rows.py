"""`leadops import leads`: rows become leads and what is known of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from leadops.consent.note_statement import note_imported_opt_outs
from leadops.delivery.external_ids import register_external_ids
from leadops.history.import_mapping import LeadReference, LeadsMapping
from leadops.history.import_tables import AttributeValue, upsert_attributes
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.time_source import TimeSource
from leadops.history.value_source import RowCells, ValueSource
from leadops.identity.apply_merges import follow_ages, lock_identity, merge_imported
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.lifecycle.crm_links import find_linked_leads, link_leads
from leadops.lifecycle.import_stages import arrange_stages
from leadops.normalization.blank_values import is_blank
from leadops.normalization.dimension_keys import make_dimension_key
from leadops.normalization.email_address import normalise_email
from leadops.normalization.placeholder_ids import is_placeholder_id
from leadops.tabular.file_row import BadRowError

#: Characters of an id or another short text; longer ones are none.
LONGEST_NAME = 200


class LeadRecord(NamedTuple):
    """A row of leads: the lead, its attributes as (name, value, when it was known), and since when it is out.

    `opted_out_at` is when the person wanted no more marketing mail; None: the row does not say so.
    """

    lead: ImportedLead
    attributes: list[tuple[str, Any, Any]]
    opted_out_at: datetime | None = None


class LeadRows:
    """Reads and writes rows of leads."""

    def __init__(self, mapping: LeadsMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> LeadRecord:
        """Return what the row says; raise BadRowError."""
        mapping, task = self._mapping, self._task
        crm_id, email = read_reference(mapping.lead, cells)
        created_at = mapping.created_at.read(cells, zone=task.zone, now=task.now)
        if created_at is None:
            raise BadRowError(f"{', '.join(mapping.created_at.columns)}: no first contact (created_at)")
        attributes = []
        for name, source in mapping.attributes.items():
            value = source.read(cells)
            if value is None:
                self.without[name] += 1
                continue
            known_at = created_at if source.known_at == "created" else None
            if isinstance(source.known_at, TimeSource):
                known_at = source.known_at.read(cells, zone=task.zone, now=task.now)
            attributes.append((name, value, known_at))
        lead = ImportedLead(
            crm_id,
            email,
            created_at,
            campaign=read_dimension(mapping.campaign, cells, fold_case=task.fold_case),
            source=read_dimension(mapping.source, cells, fold_case=task.fold_case),
        )
        return LeadRecord(lead, attributes, self._read_opt_out(cells))

    def _read_opt_out(self, cells: RowCells) -> datetime | None:
        mapping, task = self._mapping, self._task
        if mapping.opted_out is None or mapping.opted_out.read(cells) is not True:
            return None
        said_at = mapping.opted_out_at
        return (said_at.read(cells, zone=task.zone, now=task.now) if said_at else None) or task.now

    def keys(self, record: LeadRecord) -> list[str]:
        """Return by what the row is known."""
        return [f"{kind}:{value}" for kind, value in record.lead.identifiers]

    def identify(self, record: LeadRecord) -> list[tuple[str, str, datetime]]:
        """Return the person's identifiers, of the day of the first contact."""
        return [(*identifier, record.lead.created_at) for identifier in record.lead.identifiers]

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Bring the rows into the tables; return what became of each."""
        task, mapping = self._task, self._mapping
        leads = [row.record.lead for row in rows]
        if mapping.in_crm:
            linked = find_linked_leads(task.connection, [lead.crm_id for lead in leads if lead.crm_id])
            leads = [replace(lead, linked_to=linked.get(lead.crm_id)) for lead in leads]
        lock_identity(task.connection)  # the oldest lead of a person must not change during a merge
        blocked = frozenset(task.identity.blocked.email)
        found = import_leads(
            task.connection, leads, now=task.now, blocked=blocked, rehearse=task.is_rehearsal
        )
        follow_ages(task.connection, found.changed, settings=task.identity, now=task.now)
        merge_imported(task.connection, found.lead_ids, settings=task.identity, now=task.now)
        pairs = sorted(
            {(owner, lead.crm_id) for owner, lead in zip(found.lead_ids, leads, strict=True) if owner}
            if mapping.in_crm
            else ()
        )
        pairs = [(owner, crm_id) for owner, crm_id in pairs if crm_id]
        register_external_ids(task.connection, target="crm", leads=pairs, now=task.now)
        link_leads(task.connection, pairs, now=task.now)
        changed = found.changed | self._keep_attributes(rows, found.lead_ids)
        arrange_stages(task.connection, found.changed, contract=task.contract, now=task.now)
        changed |= self._note_opt_outs(rows, found.lead_ids)
        return _answer(found.lead_ids, set(found.created), changed)

    def _note_opt_outs(self, rows: Sequence[ParsedRow], lead_ids: list[int]) -> set[int]:
        said = {
            lead: row.record.opted_out_at
            for row, lead in zip(rows, lead_ids, strict=True)
            if lead and row.record.opted_out_at
        }
        return note_imported_opt_outs(self._task.connection, said, now=self._task.now)

    def _keep_attributes(self, rows: Sequence[ParsedRow], lead_ids: list[int]) -> set[int]:
        values = [
            AttributeValue(lead, *attribute)
            for row, lead in zip(rows, lead_ids, strict=True)
            if lead
            for attribute in row.record.attributes
        ]
        return upsert_attributes(self._task.connection, values)


def read_reference(reference: LeadReference, cells: RowCells) -> tuple[str | None, str | None]:
    """Return the CRM id and the address (lower case) of the row's lead; raise BadRowError for neither.

    With an id, an address that is not one is left out and remarked on: the id names the lead. What stands
    for nobody in every row, such as N/A or 0, is not an id and not an address.
    """
    crm_id = read_name(reference.crm_id, cells)
    if crm_id and is_placeholder_id(crm_id):
        crm_id = None
    email = reference.email.read_text(cells) if reference.email else None
    if email and is_blank(email):
        email = None
    if email and reference.email:
        try:
            email = normalise_email(email)
        except ValueError:
            fault = f"{reference.email.name or 'email'}: is not an email address"
            if not crm_id:
                raise BadRowError(fault) from None
            cells.remarks.append(f"{fault}; the row is in without it")
            email = None
    if not crm_id and not email:
        raise BadRowError("no crm_id and no email: the row names no lead")
    return crm_id, email


def read_dimension(value: ValueSource | None, cells: RowCells, *, fold_case: bool) -> str | None:
    """Return a campaign or source as a key, None where it names nothing."""
    return make_dimension_key(value.read_text(cells), fold_case=fold_case) if value else None


def read_name(value: Any, cells: RowCells) -> str | None:
    """Return a short text, None where there is none; raise BadRowError where it is too long."""
    text: str | None = value.read_text(cells) if value else None
    if text and len(text) > LONGEST_NAME:
        raise BadRowError(f"{', '.join(value.columns)}: is longer than {LONGEST_NAME} characters")
    return text


def _answer(lead_ids: list[int], created: set[int], changed: set[int]) -> list[Answer]:
    answers: list[Answer] = []
    changed = changed - created
    for lead in lead_ids:
        if not lead:
            answers.append(BadRowError("crm_id and email belong to two leads; correct one of them"))
        elif lead in created:
            answers.append("new")
            created.discard(lead)
        elif lead in changed:
            answers.append("changed")
            changed.discard(lead)
        else:
            answers.append("known")
    return answers
