"""Takes the leads of which something changed, and brings the memberships of their people in line with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.nurture.derive_memberships import (
    EntryAct,
    MembershipPlan,
    NewMembership,
    RecordedMembership,
    derive_memberships,
)
from leadops.nurture.due_times import find_due, leave_quiet
from leadops.nurture.exits import ContactWords, follow_sales_words
from leadops.nurture.hold_out import is_held_out, read_hold_out_key
from leadops.nurture.message_texts import Language
from leadops.nurture.nurture_settings import NurtureSettings, NurtureStep
from leadops.nurture.people_in_nurture import PersonLead, PersonPlace, list_members, pair_members, read_places
from leadops.nurture.programmes import ProgrammesOnRecord, ProgrammeVersion, follow_programmes
from leadops.queries import Queries

queries = Queries(__file__)


class _OfPerson(Protocol):
    @property
    def person_id(self) -> int: ...


PersonRow = TypeVar("PersonRow", bound=_OfPerson)

#: Rows of the inbox that one transaction takes.
CHUNK = 5_000
#: Acts are read from this long before the first one that can matter, for senders whose clocks go ahead.
MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class NurtureContext:
    """What nurture needs besides the database: its settings, and what it takes from other sections."""

    settings: NurtureSettings
    language: Language  # of people of whom neither an event nor a country says one
    page_locales: Sequence[str]  # first segments of a page's path that are not counted
    contact: ContactWords

    @property
    def zone(self) -> ZoneInfo:
        """The zone of people of whom neither an event nor a country says one."""
        return self.settings.zone


@dataclass(frozen=True)
class EntryResult:
    """What one transaction of entering did."""

    leads: int  # looked at
    entered: int  # memberships that began, or began by another act
    withdrawn: int  # memberships of which nothing was sent, that follow from no act any more
    ended: int  # memberships that ended, as the person was joined or what made them enter counts no longer
    remaining: bool  # more may wait


def enter_programmes(
    connection: Connection, *, context: NurtureContext, now: datetime, max_rows: int = CHUNK
) -> EntryResult:
    """Empty up to `max_rows` of nurture.inbox, in one transaction; call again while `remaining`.

    Whoever does one of the acts that begin a programme enters it, by the version that was in force when it
    happened. Acts of machines, of our own people, of erased people and of those who are only claimed never
    count, nor do acts that came as history. Two callers at once take turns. `now` is UTC.
    """
    with connection.transaction():
        hold_lock(connection, Lock.NURTURE)
        programmes = follow_context(connection, context, now=now)
        taken = queries.values(connection, "take_inbox", max_rows=max_rows)
        plan = plan_memberships(connection, set(taken), programmes, now=now)
        if plan.deleted:
            queries.run(connection, "delete_memberships", membership_ids=plan.deleted)
        if plan.ended:
            queries.run(
                connection,
                "end_memberships",
                membership_ids=[membership for membership, _ in plan.ended],
                reasons=[reason for _, reason in plan.ended],
                now=now,
            )
        if plan.added:
            _insert(connection, plan.added, programmes.versions, context=context)
    return EntryResult(
        leads=len(set(taken)),
        entered=len(plan.added),
        withdrawn=max(0, len(plan.deleted) - len(plan.added)),
        ended=len(plan.ended),
        remaining=len(taken) >= max_rows,
    )


def follow_context(connection: Connection, context: NurtureContext, *, now: datetime) -> ProgrammesOnRecord:
    """Put in force what `context` says, and return all programmes; the caller holds Lock.NURTURE."""
    follow_sales_words(connection, context.contact, contacted_within=context.settings.contacted_within)
    return follow_programmes(connection, context.settings, locales=context.page_locales, now=now)


def plan_memberships(
    connection: Connection, lead_ids: set[int], programmes: ProgrammesOnRecord, *, now: datetime
) -> MembershipPlan:
    """Return what has to change for the people of `lead_ids`."""
    plan = MembershipPlan()
    if not lead_ids or not programmes.versions:
        return plan
    members = list_members(connection, lead_ids)
    recorded = queries.all(connection, "list_memberships", RecordedMembership, **pair_members(members))
    longest = max(version.length for version in programmes.versions.values())
    known_since = now - longest - MARGIN
    acts = read_acts(connection, members, programmes.versions.values(), since=known_since)
    acts_of = _by_person(acts)
    recorded_of = _by_person(recorded)
    for person in sorted(acts_of.keys() | recorded_of.keys()):
        own = derive_memberships(
            person,
            acts_of.get(person, []),
            recorded_of.get(person, []),
            versions=programmes.versions,
            known_since=known_since,
            now=now,
        )
        plan.added += own.added
        plan.deleted += own.deleted
        plan.ended += own.ended
    return plan


def read_acts(
    connection: Connection,
    members: Sequence[PersonLead],
    versions: Iterable[ProgrammeVersion],
    *,
    since: datetime,
) -> list[EntryAct]:
    """Return the acts since `since` (UTC) by which the people of `members` enter one of `versions`."""
    rules = [
        {
            "programme": version.name,
            "version": version.version,
            "since": max(version.since, since).isoformat(),
            "until": version.until.isoformat() if version.until else None,
            "event": entry.event,
            "condition": entry.predicate(version.page_locales),
        }
        for version in versions
        if version.programme.takes_members and (version.until is None or version.until > since)
        for entry in version.programme.entry
    ]
    if not rules:
        return []
    return queries.all(
        connection,
        "list_acts",
        EntryAct,
        rules=Jsonb(rules),
        received_since=since - MARGIN,
        **pair_members(members),
    )


def _insert(
    connection: Connection,
    added: Sequence[NewMembership],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    *,
    context: NurtureContext,
) -> None:
    key = read_hold_out_key(connection)
    members = list_members(connection, {membership.lead_id for membership in added})
    places = read_places(connection, members, zone=context.zone, language=context.language)
    rows = []
    for membership in added:
        programme = versions[membership.programme, membership.version].programme
        step = programme.steps[0]
        rows.append(
            {
                "programme": membership.programme,
                "version": membership.version,
                "lead_id": membership.lead_id,
                "cycle": membership.cycle,
                "entered_at": membership.entered_at,
                "entry_event_seq": membership.entry_event_seq,
                "is_held_out": is_held_out(
                    key, membership.programme, membership.draw_lead, share=programme.holdout_share
                ),
                "next_step": step.name,
                "due_at": find_first_look(step, membership.entered_at, places[membership.lead_id], context),
            }
        )
    queries.run_many(connection, "insert_membership", rows)


def find_first_look(
    step: NurtureStep, entered_at: datetime, place: PersonPlace, context: NurtureContext
) -> datetime:
    """Return when a step is first looked at (UTC): when it is due, or at the end of quiet hours."""
    settings = context.settings
    due_at = find_due(step, entered_at, zone=place.zone, next_day_at=settings.next_day_at)
    return leave_quiet(due_at, settings.quiet_hours, place.zone)


def _by_person(rows: Iterable[PersonRow]) -> dict[int, list[PersonRow]]:
    found: dict[int, list[PersonRow]] = {}
    for row in rows:
        found.setdefault(row.person_id, []).append(row)
    return found
