"""Compares what people did with the ledger, the MA and the CRM: what is lost, and what is there twice.

It knows what was answered with 202 and what the rules say that is worth, and nothing of how leadops works.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import class_row

from tests.soak.people import Person

BOOKED = """
    select
        leads.email,
        count(distinct leads.lead_id)::int as leads,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0)::int as behaviour,
        coalesce(sum(ledger.points), 0)::int as total
    from identity.leads
    left join scoring.ledger using (lead_id)
    where leads.email like 'ann@soak%'
    group by leads.email
"""
STORED = """
    select event_id, count(*)::int as times from cdp.events where event_id like 'soak-%' group by event_id
"""


@dataclass(frozen=True)
class BookedPerson:
    """What the ledger has of an address: leads, points of behaviour, and all points."""

    email: str
    leads: int
    behaviour: int
    total: int


@dataclass(frozen=True)
class World:
    """What was found: the ledger by address, stored events by id, scores of the MA, leads of the CRM.

    `crm` has what each lead of an address says of mail: False: no mail.
    """

    booked: Mapping[str, BookedPerson]
    stored: Mapping[str, int]
    ma: Mapping[str, int]
    crm: Mapping[str, list[bool | None]]


@dataclass
class Verdict:
    """What is missing and what is there twice, a line each."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)

    def compare(self, what: str, found: int, wanted: int) -> None:
        """Note a number that is not as wanted: too small is lost, too large is double."""
        if found != wanted:
            (self.lost if found < wanted else self.double).append(f"{what}: {found}, not {wanted}")

    @property
    def is_right(self) -> bool:
        """Whether nothing is missing or there twice."""
        return not self.lost and not self.double


def compare_world(people: Iterable[Person], world: World) -> Verdict:
    """Return how the world differs from what the people did; whoever has not finished is left out."""
    verdict = Verdict()
    for person in people:
        if not person.is_whole:
            continue
        name = f"{person.email} ({person.story})"
        for act in person.accepted:
            # A form's event has an id of leadops' own: its points show it.
            if not person.sent_a_form or act.endswith("-1"):
                verdict.compare(f"{name}: events {act}", world.stored.get(act, 0), 1)
        booked = world.booked.get(person.email, BookedPerson(person.email, 0, 0, 0))
        verdict.compare(f"{name}: leads", booked.leads, 1)
        if booked.behaviour != person.points:
            # Points may be below 0, so that the sign says nothing.
            text = f"{name}: points in the ledger: {booked.behaviour}, not {person.points}"
            (verdict.lost if abs(booked.behaviour) < abs(person.points) else verdict.double).append(text)
        score = world.ma.get(person.email)
        if score != booked.total:
            text = f"{name}: points in the MA: {score}, not {booked.total}"
            is_too_small = score is None or score < booked.total
            (verdict.lost if is_too_small else verdict.double).append(text)
        if person.sent_a_form:
            leads = world.crm.get(person.email, [])
            verdict.compare(f"{name}: leads in the CRM", len(leads), 1)
            if person.opted_out and leads and leads[0] is not False:
                verdict.lost.append(f"{name}: the CRM does not know the opt-out")
    return verdict


def read_database(url: str) -> tuple[dict[str, BookedPerson], dict[str, int]]:
    """Return what the database has: the ledger by address, and how often each event is stored."""
    with psycopg.connect(url) as connection:
        cursor = connection.cursor(row_factory=class_row(BookedPerson))
        booked = {row.email: row for row in cursor.execute(BOOKED).fetchall()}
        stored = dict(connection.execute(STORED).fetchall())
    return booked, stored
