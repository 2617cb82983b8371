"""Plays some people through the programmes of a file, as if it had been in force since a moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.nurture.decide_step import DueMember, SendLimits
from leadops.nurture.derive_memberships import (
    EntryAct,
    NewMembership,
    RecordedMembership,
    derive_memberships,
)
from leadops.nurture.enter_programmes import NurtureContext, find_first_look, read_acts
from leadops.nurture.hold_out import is_held_out, read_hold_out_key
from leadops.nurture.membership_states import MembershipState
from leadops.nurture.people_in_nurture import PersonLead, PersonPlace, list_members, pair_members, read_places
from leadops.nurture.play_forward import PlayedDecision, PlayedMember, PlayRules, play_forward
from leadops.nurture.programmes import ProgrammeVersion, load_programmes
from leadops.nurture.read_due import read_sent
from leadops.queries import Queries

queries = Queries(__file__, topic="simulate_file")

#: The number of the version that a file has in the play; those on record begin with 1.
PLAYED = 0


class _PastMembership(NamedTuple):
    """A membership that began before the time that is played; `done` are its steps decided before it."""

    membership_id: int
    person_id: int
    lead_id: int
    programme: str
    version: int
    cycle: int
    entered_at: datetime
    entry_event_seq: int
    is_held_out: bool
    is_running: bool
    done: list[str]


@dataclass(frozen=True)
class PlayedPeople:
    """What was decided, and how many memberships began; `held_out` of them get nothing."""

    played: list[PlayedDecision]
    entered: int
    held_out: int


def play_people(
    connection: Connection, people: Sequence[int], context: NurtureContext, *, since: datetime, now: datetime
) -> PlayedPeople:
    """Return the decisions about `people` from `since` to `now` (UTC) by the settings of `context`.

    Those who were members already finish the version that they began.
    """
    settings = context.settings
    members = list_members(connection, people)
    on_record = load_programmes(connection)
    versions = dict(on_record.versions) | {
        (name, PLAYED): ProgrammeVersion(
            name, PLAYED, since, None, programme, settings.messages, tuple(context.page_locales)
        )
        for name, programme in settings.programmes.items()
    }
    past = queries.all(connection, "list_past", _PastMembership, since=since, **pair_members(members))
    new = _find_entries(connection, members, past, versions, since=since, now=now)
    key = read_hold_out_key(connection)
    places = read_places(connection, members, zone=context.zone, language=context.language)
    players = [
        *_resume(past, versions, places, context=context, since=since),
        *_begin(new, versions, places, key=key, context=context),
    ]
    cap = settings.frequency_cap
    sent = read_sent(connection, members, since=since - cap.window) if cap else {}
    played = play_forward(
        connection,
        players,
        members,
        {person: [moment for moment in moments if moment < since] for person, moments in sent.items()},
        rules=PlayRules(
            SendLimits.of(settings),
            removed=frozenset(name for name, _ in on_record.versions) - settings.programmes.keys(),
        ),
        until=now,
    )
    return PlayedPeople(
        played, len(new), sum(player.member.is_held_out for player in players[len(players) - len(new) :])
    )


def _find_entries(
    connection: Connection,
    members: Sequence[PersonLead],
    past: Sequence[_PastMembership],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    *,
    since: datetime,
    now: datetime,
) -> list[NewMembership]:
    """Return the memberships that begin in the time; those before it keep others away as they do for real."""
    simulated = [version for version in versions.values() if version.version == PLAYED]
    acts: dict[int, list[EntryAct]] = {}
    for act in read_acts(connection, members, simulated, since=since):
        if act.ts < now:
            acts.setdefault(act.person_id, []).append(act)
    recorded: dict[int, list[RecordedMembership]] = {}
    for row in past:
        recorded.setdefault(row.person_id, []).append(
            RecordedMembership(
                person_id=row.person_id,
                membership_id=row.membership_id,
                lead_id=row.lead_id,
                programme=row.programme,
                version=row.version,
                cycle=row.cycle,
                entered_at=row.entered_at,
                entry_event_seq=row.entry_event_seq,
                state=MembershipState.FINISHED,
                steps=1,
                sends=1,
            )
        )
    found: list[NewMembership] = []
    for person, own in sorted(acts.items()):
        plan = derive_memberships(
            person, own, recorded.get(person, []), versions=versions, known_since=since, now=since
        )
        found += plan.added
    return found


def _resume(
    past: Sequence[_PastMembership],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    places: Mapping[int, PersonPlace],
    *,
    context: NurtureContext,
    since: datetime,
) -> Iterator[PlayedMember]:
    """Yield the memberships that were under way at `since`, as they stood then."""
    for row in past:
        version = versions.get((row.programme, row.version))
        if version is None or not row.is_running:
            continue
        left = [step for step in version.programme.steps if step.name not in row.done]
        if left:
            place = places[row.person_id]
            member = DueMember(
                membership_id=row.membership_id,
                person_id=row.person_id,
                entered_at=row.entered_at,
                next_step=left[0].name,
                is_held_out=row.is_held_out,
                version=version,
                place=place,
                done=frozenset(row.done),
            )
            yield PlayedMember(max(since, find_first_look(left[0], row.entered_at, place, context)), member)


def _begin(
    new: Sequence[NewMembership],
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    places: Mapping[int, PersonPlace],
    *,
    key: bytes,
    context: NurtureContext,
) -> Iterator[PlayedMember]:
    """Yield the memberships that begin in the time; their numbers are below 0, as none is on record."""
    for number, entry in enumerate(new, 1):
        version, place = versions[entry.programme, entry.version], places[entry.lead_id]
        step = version.programme.steps[0]
        share = version.programme.holdout_share
        member = DueMember(
            membership_id=-number,
            person_id=entry.lead_id,
            entered_at=entry.entered_at,
            next_step=step.name,
            is_held_out=is_held_out(key, entry.programme, entry.draw_lead, share=share),
            version=version,
            place=place,
        )
        yield PlayedMember(find_first_look(step, entry.entered_at, place, context), member)
