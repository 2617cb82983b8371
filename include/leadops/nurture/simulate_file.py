"""What a changed nurture.yaml would have sent, had it been in force since a moment; writes nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from leadops.calendar.local_days import day_of
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

queries = Queries(__file__)

#: People who are played at once.
CHUNK_PEOPLE = 5_000
#: The number of the version that a simulated file has; those on record begin with 1.
SIMULATED = 0


class DayStep(NamedTuple):
    """A step of a programme on a local day."""

    programme: str
    step: str
    day: date


@dataclass(frozen=True)
class StepTotals:
    """How many messages of a step went out on a day, and how many would have."""

    programme: str
    step: str
    day: date
    sent: int
    simulated: int


@dataclass(frozen=True)
class Simulation:
    """What was sent and would have been, by day, and the memberships that would have begun in the time."""

    totals: list[StepTotals]
    entered: int
    held_out: int  # of these
    skipped: dict[str, int]  # steps that would not have gone out, by reason

    def sum_steps(self, *, by_day: bool) -> dict[tuple[str, str, date | None], tuple[int, int]]:
        """Return how many messages were sent and would have been, by programme, step and day (else None)."""
        sums: dict[tuple[str, str, date | None], tuple[int, int]] = {}
        for row in self.totals:
            key = (row.programme, row.step, row.day if by_day else None)
            sent, simulated = sums.get(key, (0, 0))
            sums[key] = (sent + row.sent, simulated + row.simulated)
        return sums


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


class _ActualSend(NamedTuple):
    programme: str
    step: str
    day: date
    sends: int


def simulate_file(
    connection: Connection, *, context: NurtureContext, since: datetime, now: datetime
) -> Simulation:
    """Return what the settings of `context` would have sent from `since` to `now` (UTC), and what was sent.

    Those who were members already finish the version that they began. Everybody else enters by the new
    content, as if each event had arrived when it happened, with the draws of the hold-out that are in force.
    The MA is taken to answer at once. Days are those of the zone of `context`.
    """
    people = queries.values(
        connection,
        "list_people",
        since=since,
        events=sorted({entry.event for each in context.settings.programmes.values() for entry in each.entry}),
    )
    played: list[PlayedDecision] = []
    entered = held_out = 0
    for start in range(0, len(people), CHUNK_PEOPLE):
        chunk = _play_people(connection, people[start : start + CHUNK_PEOPLE], context, since=since, now=now)
        played += chunk.played
        entered += chunk.entered
        held_out += chunk.held_out
    simulated = Counter(
        DayStep(each.member.version.name, step.step, day_of(each.at, context.zone))
        for each in played
        for step in each.decision.steps
        if step.skipped is None
    )
    skipped = Counter(
        str(step.skipped) for each in played for step in each.decision.steps if step.skipped is not None
    )
    sent: Counter[DayStep] = Counter()
    for row in queries.all(
        connection, "list_sent", _ActualSend, since=since, until=now, zone=context.zone.key
    ):
        sent[DayStep(row.programme, row.step, row.day)] += row.sends
    return Simulation(
        [
            StepTotals(*key, sent=sent[key], simulated=simulated[key])
            for key in sorted(sent.keys() | simulated.keys())
        ],
        entered,
        held_out,
        dict(sorted(skipped.items())),
    )


@dataclass(frozen=True)
class _PlayedPeople:
    played: list[PlayedDecision]
    entered: int
    held_out: int


def _play_people(
    connection: Connection, people: Sequence[int], context: NurtureContext, *, since: datetime, now: datetime
) -> _PlayedPeople:
    settings = context.settings
    members = list_members(connection, people)
    on_record = load_programmes(connection)
    versions = dict(on_record.versions) | {
        (name, SIMULATED): ProgrammeVersion(
            name, SIMULATED, since, None, programme, settings.messages, tuple(context.page_locales)
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
    return _PlayedPeople(
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
    simulated = [version for version in versions.values() if version.version == SIMULATED]
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
                cycle=row.cycle,
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
            cycle=entry.cycle,
            entered_at=entry.entered_at,
            next_step=step.name,
            is_held_out=is_held_out(key, entry.programme, entry.draw_lead, share=share),
            version=version,
            place=place,
        )
        yield PlayedMember(find_first_look(step, entry.entered_at, place, context), member)
