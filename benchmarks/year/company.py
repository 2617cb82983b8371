"""A company whose year is played: who its leads and visitors are, and what they do."""

import json
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: One lead in this many fits well enough to become an MQL.
FITTING = 7
#: Leads of one employer.
COMPANIES = 3_000


@dataclass(frozen=True)
class Company:
    """How much happens in a day. Lead number k is active from the day on which it says who it is."""

    events: int = 10_000
    #: Leads that are active at a time; each is for `active_leads / new_leads` days.
    active_leads: int = 1_000
    #: Of those that are new in a day, half fill in a form and half sign in.
    new_leads: int = 40
    #: Leads of the first day that come back all year: a tenth of all visits.
    loyal_leads: int = 50
    #: The share of the events that belongs to known leads.
    known_share: float = 0.35
    #: Visitors a day who only claim to be somebody.
    claims: int = 4
    #: Events a day that are refused: of bots, and of no use.
    refused: int = 20
    bots: int = 20

    def first_active(self, day: int) -> int:
        """Return the number of the oldest lead that is active on `day` (from 0)."""
        return day * self.new_leads

    def first_new(self, day: int) -> int:
        """Return the number of the first lead that is new on `day`; on the first day, all are."""
        return self.first_active(day) + (self.active_leads if day else 0)

    def last_new(self, day: int) -> int:
        """Return the number after that of the last lead that is new on `day`."""
        return self.first_active(day) + self.active_leads + self.new_leads


def form_email(lead: int) -> str:
    """Return the address of lead number `lead`."""
    return f"buyer-{lead}@company-{lead % COMPANIES}.example"


def form_body(lead: int) -> bytes:
    """Return the form of lead number `lead`, as a web site sends it."""
    fits = lead % FITTING == 0
    fields = {
        "first_name": "Ann",
        "last_name": "Sato",
        "company": f"Company {lead % COMPANIES}",
        "industry": "software" if fits else "retail",
        "employees": 200 if fits else 8,
    }
    context = {"utm": {"campaign": f"campaign-{lead % 20}", "source": "newsletter"}}
    form = {"email": form_email(lead), "form": "contact", "anonymous_id": f"b-{lead}"}
    return json.dumps(form | {"properties": fields, "context": context}).encode()


def insert_events(
    connection: Connection,
    company: Company,
    *,
    day: int,
    part: int = 0,
    parts: int = 1,
    since: datetime,
    until: datetime,
) -> int:
    """Store the events of one of the `parts` of `day` as the gateway does; return how many; commits.

    They arrive evenly from `since` to `until`. The first half of the leads that are new sign in.
    """
    first, last = company.first_new(day), company.last_new(day)
    new = [lead for lead in range(first, last) if lead % 2 == 0]
    share = company.events // parts
    with connection.transaction():
        queries.run(connection, "start_random", seed=((day * parts + part) % 9_973) / 10_000)
        return queries.run(
            connection,
            "insert_events",
            new=_take_part(new, part, parts),
            claims=_take_part(list(range(company.claims)), part, parts),
            known=int(share * company.known_share),
            visits=share - int(share * company.known_share),
            first=company.first_active(day),
            active=max(1, first - company.first_active(day) if day else last),
            loyal=company.loyal_leads,
            visitors=max(1, company.events // 15),
            day=day,
            part=part,
            since=since,
            until=until,
        )


def list_forms(company: Company, *, day: int) -> list[bytes]:
    """Return the forms of `day`; on the first day everybody signs in or sends one."""
    return [form_body(lead) for lead in range(company.first_new(day), company.last_new(day)) if lead % 2]


def list_forgotten(connection: Connection, *, before: datetime) -> list[str]:
    """Return the CRM's ids of leads whose SLA clock ran out before `before` and never stopped."""
    return queries.values(connection, "list_forgotten", before=before)


def _take_part(items: list[int], part: int, parts: int) -> list[int]:
    return items[part * len(items) // parts : (part + 1) * len(items) // parts]
