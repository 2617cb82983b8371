"""The page of a lead: who it is, how it stands, what would make it MQL, and all that happened to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Response

from leadops.configuration import Config
from leadops.dashboard.answers import answer_json
from leadops.dashboard.lead_search import LeadSearch, search_leads
from leadops.dashboard.lead_timeline import MAX_ACTS, TimelinePage, read_timeline
from leadops.dashboard.reader import Look, ReaderDep
from leadops.dashboard.rep_names import read_rep_names
from leadops.dashboard.viewer_mask import show_name
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.delivery.external_ids import find_external_id
from leadops.gateway.problems import ProblemError
from leadops.identity.uncounted_leads import UncountedLead, find_uncounted
from leadops.lifecycle.explain_stages import find_crm_id
from leadops.lifecycle.mql_outlook import MqlOutlook, find_mql_outlook
from leadops.queries import Queries
from leadops.scoring.explain_score import ScoreSummary, summarise_score

queries = Queries(__file__)
router = APIRouter(tags=["leads"])

#: Rules that are named as the reasons of a score.
MAX_RULES = 5
#: The largest number that a lead can have.
MAX_LEAD = 2**63 - 1
#: Facts about a person that their head shows, in this order.
SHOWN_TRAITS = ("title", "company", "industry", "employees", "country")

LeadId = Annotated[int, Path(ge=1, le=MAX_LEAD, description="The number of a lead.")]
After = Annotated[str | None, Query(max_length=200, description="What `next` of the page before says.")]


class ShownPerson(NamedTuple):
    """A person, by their oldest lead."""

    lead_id: int
    email: str | None
    created_at: datetime
    is_erased: bool
    only_claimed: bool
    domain: str | None
    members: list[int]


class TraitRow(NamedTuple):
    """A fact about a person."""

    trait: str
    value: str | None


@dataclass(frozen=True)
class RulePoints:
    """A rule, and the points that it gave in all."""

    rule: str
    points: int


@dataclass(frozen=True)
class LatestStage:
    """The furthest stage of the newest cycle."""

    stage: str
    cycle: int
    occurred_at: datetime


@dataclass(frozen=True)
class LeadPlace:
    """Who has the lead: a salesperson or a queue; `state` is owned, queued or closed."""

    state: str
    rep_id: str | None
    queue: str | None
    since: datetime
    moves: int


@dataclass(frozen=True)
class OpenClock:
    """A clock that sales has not stopped."""

    clock: str
    state: str
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class LeadPageAnswer:
    """What the page of a lead shows; texts about the person are masked for who may not see people."""

    lead_id: int  # the person's oldest lead
    asked_lead_id: int
    members: list[int]  # all leads of the person
    created_at: datetime
    is_erased: bool
    only_claimed: bool
    is_masked: bool
    email: str | None
    domain: str | None
    traits: dict[str, str]
    score: ScoreSummary
    best: list[RulePoints]
    rule_labels: dict[str, dict[str, str]]  # by rule and language; a rule without one is shown by its name
    stage: LatestStage | None
    place: LeadPlace | None
    rep_name: str | None
    clocks: list[OpenClock]
    ids: dict[str, str | None]  # ma, crm
    crm_link: str | None
    uncounted: dict[str, object] | None  # reason, entry, since
    outlook: MqlOutlook
    missing_points: int  # the least that would do
    timeline: TimelinePage


def read_lead(
    connection: Connection, lead_id: int, *, config: Config, now: datetime, sees_people: bool
) -> LeadPageAnswer:
    """Return what the page of a lead shows at `now` (UTC). Raises ProblemError (404) without such a lead."""
    person = find_person(connection, lead_id)
    person_id = person.lead_id
    place = queries.first(connection, "find_place", LeadPlace, person_id=person_id)
    rep_id = place.rep_id if place else None
    crm_id = find_crm_id(connection, person_id)
    crm_link = config.routing.slack.crm_link
    uncounted = find_uncounted(connection, person_id)
    outlook = find_mql_outlook(
        connection,
        person_id,
        rules=config.scoring,
        zone=config.company.zone,
        contract=config.kpi,
        now=now,
        most_acts=MAX_ACTS,
    )
    return LeadPageAnswer(
        lead_id=person_id,
        asked_lead_id=lead_id,
        members=person.members,
        created_at=person.created_at,
        is_erased=person.is_erased,
        only_claimed=person.only_claimed,
        is_masked=not sees_people,
        email=show_name(person.email, sees_people=sees_people),
        domain=show_name(person.domain, sees_people=sees_people),
        traits=_read_traits(connection, person_id, sees_people=sees_people),
        score=summarise_score(connection, person_id, grades=config.scoring.grades),
        best=queries.all(connection, "list_best_rules", RulePoints, person_id=person_id, max_rows=MAX_RULES),
        rule_labels=config.scoring.labels(),
        stage=queries.first(connection, "find_stage", LatestStage, person_id=person_id),
        place=place,
        rep_name=read_rep_names(connection, [rep_id]).get(rep_id or "") if sees_people else None,
        clocks=queries.all(connection, "list_open_clocks", OpenClock, person_id=person_id),
        ids={"ma": find_external_id(connection, target="ma", lead_id=person_id), "crm": crm_id},
        crm_link=crm_link.replace("{id}", crm_id) if crm_id and crm_link else None,
        uncounted=_describe_uncounted(uncounted, sees_people=sees_people) if uncounted else None,
        outlook=outlook,
        missing_points=outlook.missing.most,
        timeline=read_timeline(
            connection, person_id, list_leads(person), after=None, sees_people=sees_people
        ),
    )


def find_person(connection: Connection, lead_id: int) -> ShownPerson:
    """Return the person of a lead. Raises ProblemError (404) where there is no such lead."""
    person = queries.first(connection, "describe_lead", ShownPerson, lead_id=lead_id)
    if person is None:
        raise ProblemError(404, f"There is no lead {lead_id}. Search for it by mail or company.")
    return person


def list_leads(person: ShownPerson) -> list[int]:
    """Return all leads of the person."""
    return person.members or [person.lead_id]


def _describe_uncounted(uncounted: UncountedLead, *, sees_people: bool) -> dict[str, object]:
    """Return why a lead counts for nothing; the entry may be somebody's address or network."""
    facts: dict[str, object] = uncounted._asdict()
    return facts if sees_people else {**facts, "entry": None}


def _read_traits(connection: Connection, person_id: int, *, sees_people: bool) -> dict[str, str]:
    known = {
        row.trait: row.value
        for row in queries.all(connection, "list_traits", TraitRow, person_id=person_id)
        if row.value
    }
    return {
        trait: show_name(known[trait], sees_people=sees_people or trait in ("industry", "country")) or ""
        for trait in SHOWN_TRAITS
        if trait in known
    }


@router.get("/api/leads", response_model=LeadSearch)
def find_leads(
    reader: ReaderDep,
    dashboard: DashboardDep,
    connection: ConnectionDep,
    q: Annotated[
        str, Query(max_length=1000, description="A number, or the beginning of a mail or company.")
    ] = "",
) -> Response:
    """Find leads by number, mail or company."""
    found = search_leads(
        connection, q, grades=dashboard.read_config().scoring.grades, sees_people=reader.sees_people
    )
    if reader.sees_people:
        dashboard.record_looks(reader, [Look("lead", person.lead_id) for person in found.leads])
    return answer_json(found, as_of=dashboard.clock())


@router.get("/api/leads/{lead_id}", response_model=LeadPageAnswer)
def show_lead(
    lead_id: LeadId, reader: ReaderDep, dashboard: DashboardDep, connection: ConnectionDep
) -> Response:
    """Return how a lead stands, what would make it MQL, and the latest that happened to it."""
    now = dashboard.clock()
    answer = read_lead(
        connection, lead_id, config=dashboard.read_config(), now=now, sees_people=reader.sees_people
    )
    if reader.sees_people:
        dashboard.record_looks(reader, [Look("lead", answer.lead_id)])
    return answer_json(answer, as_of=now)


@router.get("/api/leads/{lead_id}/timeline", response_model=TimelinePage)
def show_timeline(
    lead_id: LeadId,
    reader: ReaderDep,
    dashboard: DashboardDep,
    connection: ConnectionDep,
    after: After = None,
) -> Response:
    """Return what happened to a lead before `after`, the latest first."""
    person = find_person(connection, lead_id)
    page = read_timeline(
        connection, person.lead_id, list_leads(person), after=after, sees_people=reader.sees_people
    )
    if reader.sees_people:
        dashboard.record_looks(reader, [Look("lead", person.lead_id)])
    return answer_json(page, as_of=dashboard.clock())
