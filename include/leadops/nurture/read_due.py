"""Reads everything that decides about the memberships that are due, at this moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.nurture.decide_step import DueMember
from leadops.nurture.enter_programmes import NurtureContext
from leadops.nurture.exits import AskedMembership, read_exits
from leadops.nurture.membership_states import EndReason, SendState
from leadops.nurture.people_in_nurture import PersonLead, pair_members, read_places
from leadops.nurture.programmes import ProgrammesOnRecord, ProgrammeVersion
from leadops.queries import Queries

queries = Queries(__file__)


class DueMembership(NamedTuple):
    """A membership whose next step is due, locked by this transaction."""

    membership_id: int
    person_id: int
    programme: str
    version: int
    entered_at: datetime
    next_step: str
    is_held_out: bool


class _SentMessage(NamedTuple):
    """A message that a person got, or will, by any membership."""

    person_id: int
    membership_id: int
    programme: str
    step: str
    entered_at: datetime
    decided_at: datetime


class _DecidedStep(NamedTuple):
    membership_id: int
    step: str
    state: str
    tries: int


class _ReachedDepth(NamedTuple):
    membership_id: int
    step: str
    place: int


def describe_due(
    connection: Connection,
    due: Sequence[DueMembership],
    members: Sequence[PersonLead],
    programmes: ProgrammesOnRecord,
    *,
    context: NurtureContext,
    now: datetime,
) -> list[DueMember]:
    """Return everything that decides about the memberships `due`; `members` are all leads of their people."""
    versions = programmes.versions
    places = read_places(connection, members, zone=context.zone, language=context.language)
    asked = [AskedMembership.of(row, versions[row.programme, row.version].programme.exits) for row in due]
    ends = read_exits(connection, asked, members)
    got = _find_got(connection, due, members, versions)
    done: dict[int, set[str]] = {}
    tries: dict[int, dict[str, int]] = {}
    ids = [row.membership_id for row in due]
    for decided in queries.all(connection, "list_decided", _DecidedStep, membership_ids=ids):
        if decided.state == SendState.POSTPONED:
            tries.setdefault(decided.membership_id, {})[decided.step] = decided.tries
        else:
            done.setdefault(decided.membership_id, set()).add(decided.step)
    depths = find_depths(connection, due, members, versions, at=[now] * len(due))
    return [
        DueMember(
            membership_id=row.membership_id,
            person_id=row.person_id,
            entered_at=row.entered_at,
            next_step=row.next_step,
            is_held_out=row.is_held_out,
            version=versions[row.programme, row.version],
            place=places[row.person_id],
            ends_because=EndReason.REMOVED
            if row.programme in programmes.removed
            else ends.get(row.membership_id),
            got=frozenset(got.get(row.membership_id, ())),
            done=frozenset(done.get(row.membership_id, ())),
            depths=depths.get(row.membership_id, {}),
            tries=tries.get(row.membership_id, {}),
        )
        for row in due
    ]


def _find_got(
    connection: Connection,
    due: Sequence[DueMembership],
    members: Sequence[PersonLead],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
) -> dict[int, set[str]]:
    """Return the steps that the person of a membership got by another one that lies too close to it."""
    rows = queries.all(
        connection,
        "list_got",
        _SentMessage,
        programmes=sorted({row.programme for row in due}),
        **pair_members(members),
    )
    of_person: dict[tuple[int, str], list[_SentMessage]] = {}
    for row in rows:
        of_person.setdefault((row.person_id, row.programme), []).append(row)
    got: dict[int, set[str]] = {}
    for membership in due:
        reentry_after = versions[membership.programme, membership.version].programme.reentry_after
        for row in of_person.get((membership.person_id, membership.programme), ()):
            is_close = reentry_after is None or abs(row.entered_at - membership.entered_at) < reentry_after
            if row.membership_id != membership.membership_id and is_close:
                got.setdefault(membership.membership_id, set()).add(row.step)
    return got


def find_depths(
    connection: Connection,
    due: Sequence[DueMembership],
    members: Sequence[PersonLead],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    *,
    at: Sequence[datetime],
) -> dict[int, dict[str, str]]:
    """Return the deepest depth that any act from the entry on reaches, by membership and step.

    `at` (UTC) says up to when acts count for each of `due`. Memberships need not be on record.
    """
    moments = {
        row.membership_id: moment
        for row, moment in zip(due, at, strict=True)
        if any(step.depth for step in versions[row.programme, row.version].programme.steps)
    }
    deep = [row for row in due if row.membership_id in moments]
    if not deep:
        return {}
    rules = []
    for key in {(row.programme, row.version) for row in deep}:
        version = versions[key]
        for step in version.programme.steps:
            for place, depth in enumerate(step.depth):
                events = [depth.event] if depth.event else [entry.event for entry in version.programme.entry]
                rules += [
                    {
                        "programme": version.name,
                        "version": version.version,
                        "step": step.name,
                        "place": place,
                        "event": event,
                        "condition": depth.condition(event).predicate(version.page_locales),
                    }
                    for event in dict.fromkeys(events)
                ]
    rows = queries.all(
        connection,
        "list_depths",
        _ReachedDepth,
        rules=Jsonb(rules),
        membership_ids=[row.membership_id for row in deep],
        asked_ids=[row.person_id for row in deep],
        programmes=[row.programme for row in deep],
        versions=[row.version for row in deep],
        entered=[row.entered_at for row in deep],
        moments=[moments[row.membership_id] for row in deep],
        **pair_members(members),
    )
    names = {
        row.membership_id: {
            step.name: [depth.name for depth in step.depth]
            for step in versions[row.programme, row.version].programme.steps
        }
        for row in deep
    }
    found: dict[int, dict[str, str]] = {}
    for reached in rows:
        found.setdefault(reached.membership_id, {})[reached.step] = names[reached.membership_id][
            reached.step
        ][reached.place]
    return found


def read_sent(
    connection: Connection, members: Sequence[PersonLead], *, since: datetime
) -> dict[int, list[datetime]]:
    """Return when messages of any programme were decided for each person, after `since` (UTC)."""
    sent: dict[int, list[datetime]] = {}
    for row in queries.all(connection, "list_sent", _SentMessage, since=since, **pair_members(members)):
        sent.setdefault(row.person_id, []).append(row.decided_at)
    return sent
