"""Finds leads by what a person types: a number, or the beginning of an address or of a company's name."""

from dataclasses import dataclass
from typing import NamedTuple

from leadops.dashboard.viewer_mask import show_name
from leadops.db import Connection
from leadops.identity.find_lead import LONGEST_NUMBER
from leadops.normalization.clean_text import fold_text, trim_text
from leadops.normalization.company_names import make_company_key
from leadops.queries import Queries
from leadops.scoring.grades import Grades, bound, grade

queries = Queries(__file__, topic="lead_page")

#: Leads that are listed; of each kind of match a few more are read, as several may be one person.
MAX_LEADS = 20
MAX_ROWS = 60
#: Letters without which half of all leads would match.
MIN_LETTERS = 2
#: No address or name that is found is longer.
LONGEST_QUERY = 254

#: Behind every text that begins with a prefix, letter by letter: the last character of Unicode.
_LAST = "\U0010ffff"


class FoundRow(NamedTuple):
    """A lead, and by what it was found: number, ma, crm, mail, company or domain."""

    lead_id: int
    found_by: str


@dataclass(frozen=True)
class DescribedLead:
    """A person, by their oldest lead."""

    lead_id: int
    found_by: str
    found_lead_id: int
    email: str | None
    is_erased: bool
    company: str | None
    domain: str | None
    fit: int
    behaviour: int
    total: int
    stage: str | None


@dataclass(frozen=True)
class FoundPerson:
    """A person in the list of a search; texts are masked where the reader may not see people."""

    lead_id: int
    found_by: str
    found_lead_id: int  # the lead that was found, if it was joined into the older one
    email: str | None
    company: str | None
    is_erased: bool
    grade: str
    shown: int  # the total within the bounds of display
    stage: str | None


@dataclass(frozen=True)
class LeadSearch:
    """What was found, and why it may be less than there is."""

    leads: list[FoundPerson]
    has_more: bool
    problem: str | None  # empty, short or number_only: what was typed cannot be looked for


def search_leads(connection: Connection, text: str, *, grades: Grades, sees_people: bool) -> LeadSearch:
    """Return the people whom `text` finds, at most MAX_LEADS.

    `text` is the number of a lead, or its id in the MA or the CRM, or the beginning of an address, of a
    company's name (its legal form and capitals do not matter) or of its domain. Whoever may not see people
    finds by number alone.
    """
    query = fold_text(text[:LONGEST_QUERY])
    number = int(query) if query.isascii() and query.isdigit() and len(query) <= LONGEST_NUMBER else None
    if not query:
        return LeadSearch([], False, "empty")
    if number is None and not sees_people:
        return LeadSearch([], False, "number_only")
    if number is None and len(query) < MIN_LETTERS:
        return LeadSearch([], False, "short")
    rows = queries.all(
        connection,
        "find_by_number",
        FoundRow,
        lead_id=number,
        external_id=trim_text(text[:LONGEST_QUERY]),
        max_rows=MAX_ROWS,
    )
    if number is None:
        rows = [*rows, *_find_by_text(connection, query)]
    elif not sees_people:
        rows = [row for row in rows if row.found_by == "number"]
    described = queries.all(
        connection,
        "describe_leads",
        DescribedLead,
        lead_ids=[row.lead_id for row in rows],
        found_by=[row.found_by for row in rows],
    )
    people = [_show(lead, grades, sees_people=sees_people) for lead in described[:MAX_LEADS]]
    return LeadSearch(people, has_more=len(described) > MAX_LEADS, problem=None)


def _find_by_text(connection: Connection, query: str) -> list[FoundRow]:
    mail = {"prefix": query, "above": query + _LAST, "max_rows": MAX_ROWS}
    rows = queries.all(connection, "find_by_mail", FoundRow, **mail)
    if "@" in query:
        return rows
    key = make_company_key(query) or query
    rows += queries.all(
        connection, "find_by_company", FoundRow, prefix=key, above=key + _LAST, max_rows=MAX_ROWS
    )
    return rows + queries.all(connection, "find_by_domain", FoundRow, **mail)


def _show(lead: DescribedLead, grades: Grades, *, sees_people: bool) -> FoundPerson:
    company = lead.company or lead.domain
    return FoundPerson(
        lead_id=lead.lead_id,
        found_by=lead.found_by,
        found_lead_id=lead.found_lead_id,
        email=show_name(lead.email, sees_people=sees_people),
        company=show_name(company, sees_people=sees_people),
        is_erased=lead.is_erased,
        grade=grade(fit=lead.fit, behaviour=lead.behaviour, grades=grades),
        shown=bound(lead.total, grades),
        stage=lead.stage,
    )
