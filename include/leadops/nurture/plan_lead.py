"""What would come for one person, and when; what came, and why something does not: writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.db import Connection
from leadops.nurture.decide_step import SendLimits, StepDecision
from leadops.nurture.due_times import leave_quiet
from leadops.nurture.enter_programmes import NurtureContext
from leadops.nurture.exits import AskedMembership, read_exits
from leadops.nurture.hold_out import is_held_out, read_hold_out_key
from leadops.nurture.membership_states import MembershipState, SkipReason
from leadops.nurture.message_texts import NurtureMessage
from leadops.nurture.people_in_nurture import PersonLead, PersonPlace, list_members, pair_members, read_places
from leadops.nurture.play_forward import RUN_EVERY, PlayedMember, PlayRules, find_run, play_forward
from leadops.nurture.programmes import ProgrammesOnRecord, load_programmes
from leadops.nurture.read_due import DueMembership, describe_due, read_sent
from leadops.queries import Queries

queries = Queries(__file__, topic="simulate_file")

#: A plan looks at most this far ahead: no programme is longer.
HORIZON = timedelta(days=3650)


class PastSend(NamedTuple):
    """A step that was decided; `delivery` is the state of its enrolment in the outbox while that is kept."""

    programme: str
    cycle: int
    step: str
    decided_at: datetime
    state: str
    reason: str | None
    message_key: str | None
    depth: str | None
    delivery: str | None


@dataclass(frozen=True)
class ComingStep:
    """A step that is not decided: when it goes out or is skipped, as far as is known now."""

    step: str
    due_at: datetime
    at: datetime
    message_key: str | None
    subject: str | None
    depth: str | None
    skipped: SkipReason | None
    waits_for: str | None  # quiet_hours, or cap; None: it goes out at its hour


@dataclass(frozen=True)
class ProgrammePlan:
    """One programme for the person: the membership that runs, or why none does."""

    programme: str
    state: str  # of the newest membership; none: never in it
    cycle: int | None
    entered_at: datetime | None
    is_held_out: bool
    reason: str | None  # why the newest membership ended, or ends at its next look
    takes_members: bool
    enters_again_from: datetime | None  # None: never, or at once
    is_once: bool  # in it once in a life
    entry_events: tuple[str, ...]
    coming: list[ComingStep] = field(default_factory=list)


@dataclass(frozen=True)
class NurturePlan:
    """What nurture has for a person."""

    person_id: int
    place: PersonPlace
    stops: str | None  # what ends each programme that names it among its exits
    programmes: list[ProgrammePlan]
    past: list[PastSend]


class _OwnMembership(NamedTuple):
    membership_id: int
    lead_id: int
    programme: str
    version: int
    cycle: int
    entered_at: datetime
    is_held_out: bool
    state: str
    reason: str | None
    next_step: str | None
    due_at: datetime


def plan_lead(
    connection: Connection,
    lead_id: int,
    *,
    context: NurtureContext,
    gaps: Mapping[tuple[str, str], str],
    now: datetime,
) -> NurturePlan:
    """Return what came and would come for the person of a lead, as far as `now` (UTC) says.

    What they, sales or the MA do until then changes it. `gaps`: steps in which the MA's product cannot enrol
    anybody yet.
    """
    settings = context.settings
    members = list_members(connection, {lead_id})
    person = members[0].person_id
    place = read_places(connection, members, zone=context.zone, language=context.language)[person]
    on_record = load_programmes(connection)
    own = queries.all(connection, "list_memberships", _OwnMembership, **pair_members(members))
    coming = _play(connection, own, members, on_record, context=context, gaps=gaps, now=now)
    newest = {row.programme: row for row in own}
    draw_leads = {row.programme: row.lead_id for row in reversed(own)}
    key = read_hold_out_key(connection)
    stops = _find_stop(connection, person, members, now=now)
    programmes = []
    for name, programme in settings.programmes.items():
        row = newest.get(name)
        steps, ends = coming.get(row.membership_id, ([], None)) if row else ([], None)
        again = row.entered_at + programme.reentry_after if row and programme.reentry_after else None
        programmes.append(
            ProgrammePlan(
                programme=name,
                state=row.state if row else "none",
                cycle=row.cycle if row else None,
                entered_at=row.entered_at if row else None,
                is_held_out=row.is_held_out
                if row and row.state == MembershipState.ACTIVE
                else is_held_out(key, name, draw_leads.get(name, person), share=programme.holdout_share),
                reason=ends or (row.reason if row else None),
                takes_members=programme.takes_members,
                enters_again_from=again if again and again > now else None,
                is_once=programme.reentry_after is None,
                entry_events=tuple(dict.fromkeys(entry.event for entry in programme.entry)),
                coming=steps,
            )
        )
    past = queries.all(connection, "list_sends", PastSend, **pair_members(members))
    return NurturePlan(person, place, stops, programmes, past)


def _find_stop(
    connection: Connection, person: int, members: Sequence[PersonLead], *, now: datetime
) -> str | None:
    """Return what would end a programme that begins now and has every exit."""
    every = frozenset(("contacted", "sal", "opt_out", "customer", "bounced"))
    return read_exits(connection, [AskedMembership(0, person, now, every)], members).get(0)


def _play(
    connection: Connection,
    own: Sequence[_OwnMembership],
    members: Sequence[PersonLead],
    on_record: ProgrammesOnRecord,
    *,
    context: NurtureContext,
    gaps: Mapping[tuple[str, str], str],
    now: datetime,
) -> dict[int, tuple[list[ComingStep], str | None]]:
    """Return the coming steps of each active membership, and why it ends before its last one."""
    active = [row for row in own if row.state == MembershipState.ACTIVE and row.next_step]
    person = members[0].person_id
    due = [
        DueMembership(
            row.membership_id,
            person,
            row.programme,
            row.version,
            row.entered_at,
            row.next_step or "",
            row.is_held_out,
        )
        for row in active
    ]
    described = describe_due(connection, due, members, on_record, context=context, now=now)
    cap = context.settings.frequency_cap
    sent = read_sent(connection, members, since=now - cap.window) if cap else {}
    limits = SendLimits.of(context.settings)
    played = play_forward(
        connection,
        [PlayedMember(max(row.due_at, now), member) for row, member in zip(active, described, strict=True)],
        members,
        sent,
        rules=PlayRules(limits, gaps, on_record.removed),
        until=now + HORIZON,
    )
    coming: dict[int, tuple[list[ComingStep], str | None]] = {}
    for each in played:
        steps, _ = coming.setdefault(each.member.membership_id, ([], None))
        place = each.member.place
        for step in each.decision.steps:
            steps.append(_describe_step(step, each.at, each.member.version.messages, place, limits))
        coming[each.member.membership_id] = (steps, each.decision.reason)
    return coming


def _describe_step(
    step: StepDecision,
    at: datetime,
    messages: Mapping[str, NurtureMessage],
    place: PersonPlace,
    limits: SendLimits,
) -> ComingStep:
    message = messages.get(step.message_key or "")
    waits_for = None
    if step.skipped is None and at - step.due_at >= RUN_EVERY:
        after_quiet = find_run(leave_quiet(step.due_at, limits.quiet_hours, place.zone))
        waits_for = "quiet_hours" if at <= after_quiet else "cap"
    return ComingStep(
        step.step,
        step.due_at,
        at,
        step.message_key,
        message.find_text(place.language).subject if message else None,
        step.depth,
        step.skipped,
        waits_for,
    )
