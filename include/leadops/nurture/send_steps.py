"""Decides about the memberships that are due, and puts enrolments into the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from leadops.db import Connection
from leadops.delivery.outbox import drop_pending, enqueue_effect
from leadops.locks import Lock, hold_lock
from leadops.nurture.decide_step import DueMember, MemberDecision, SendLimits, StepDecision, decide_member
from leadops.nurture.enter_programmes import NurtureContext, follow_context
from leadops.nurture.membership_states import MembershipState, SendState, SkipReason
from leadops.nurture.people_in_nurture import PersonLead, list_members, pair_members
from leadops.nurture.programmes import note_taken
from leadops.nurture.read_due import DueMembership, describe_due, read_sent
from leadops.queries import Queries

queries = Queries(__file__)

#: The system that sends the messages, and the operation that enrols a lead there.
TARGET, OPERATION = "ma", "enrol_lead"
#: How a membership is recorded after a decision.
STATES = {
    "waits": MembershipState.ACTIVE,
    "finishes": MembershipState.FINISHED,
    "exits": MembershipState.EXITED,
}


@dataclass(frozen=True)
class SendResult:
    """What one transaction of sending did."""

    due: int  # memberships looked at
    queued: int  # enrolments that the outbox got
    skipped: int  # steps that do not go out
    withheld: int  # enrolments that were stale before the outbox could send them
    postponed: int  # memberships that wait for quiet hours, the cap or the MA's set-up
    finished: int
    exited: int
    remaining: bool  # more may be due


class _MaLead(NamedTuple):
    person_id: int
    lead_id: int


class _EnrolmentNumber(NamedTuple):
    membership_id: int
    step: str
    cycle: int


@dataclass(frozen=True)
class _Enrolled:
    """A step that goes out: the lead that gets it, and how often that lead got it, this time included."""

    lead_id: int
    cycle: int


#: Steps that go out, by membership and step.
Enrolments = Mapping[tuple[int, str], _Enrolled]


def send_due(
    connection: Connection,
    *,
    context: NurtureContext,
    gaps: Mapping[tuple[str, str], str],
    now: datetime,
) -> SendResult:
    """Decide about the memberships due at `now` (UTC), in one transaction; call again while `remaining`.

    Exits, consent, the cap and the quiet hours are read here, at the moment of sending; delivery asks again
    before the call (`guard`), and what is stale while it waits there is withheld. A step is decided once: its
    row and the effect are written together. `gaps`: steps in which the MA's product cannot enrol anybody yet.
    Two callers at once take turns.
    """
    settings = context.settings
    with connection.transaction():
        hold_lock(connection, Lock.NURTURE)
        programmes = follow_context(connection, context, now=now)
        note_taken(connection, now=now)
        withheld = _withhold_stale(connection, max_rows=settings.chunk_members, now=now)
        due = queries.all(connection, "lock_due", DueMembership, now=now, max_rows=settings.chunk_members)
        if not due:
            return SendResult(0, 0, 0, withheld, 0, 0, 0, remaining=False)
        members = list_members(connection, {membership.person_id for membership in due})
        described = describe_due(connection, due, members, programmes, context=context, now=now)
        cap = settings.frequency_cap
        sent = read_sent(connection, members, since=now - cap.window) if cap else {}
        limits = SendLimits.of(settings)
        decisions: list[tuple[DueMember, MemberDecision]] = []
        got_now: dict[tuple[int, str], set[str]] = {}
        for described_member in described:
            # Leads that were joined a moment ago may be in the programme twice: nobody gets a step twice.
            just_got = got_now.setdefault((described_member.person_id, described_member.version.name), set())
            member = replace(described_member, got=described_member.got | just_got)
            sent_at = sent.setdefault(member.person_id, [])
            decision = decide_member(member, sent_at, limits=limits, gaps=gaps, now=now)
            just_got.update(step.step for step in decision.steps if step.skipped is None)
            decisions.append((member, decision))
        _record(connection, decisions, members, now=now)
    steps = [step for _, decision in decisions for step in decision.steps]
    ends = [decision.then for _, decision in decisions]
    return SendResult(
        due=len(due),
        queued=sum(step.skipped is None for step in steps),
        skipped=sum(step.skipped is not None for step in steps),
        withheld=withheld,
        postponed=ends.count("waits"),
        finished=ends.count("finishes"),
        exited=ends.count("exits"),
        remaining=len(due) >= settings.chunk_members,
    )


def _withhold_stale(connection: Connection, *, max_rows: int, now: datetime) -> int:
    """Drop the enrolments that are stale while they wait in the outbox; return how many.

    The guard is asked when a call is about to be made. For a lead that never gets an id in the MA none is.
    """
    waiting = queries.values(
        connection, "list_stale", target=TARGET, operation=OPERATION, max_rows=max_rows, now=now
    )
    keys = drop_pending(connection, waiting, reason=SkipReason.STALE, now=now) if waiting else []
    if keys:
        queries.run(connection, "withhold_stale", keys=keys)
    return len(keys)


def _record(
    connection: Connection,
    decisions: Sequence[tuple[DueMember, MemberDecision]],
    members: Sequence[PersonLead],
    *,
    now: datetime,
) -> None:
    """Write what was decided: the steps, their effects, and how each membership goes on."""
    steps = [(member, step) for member, decision in decisions for step in decision.steps]
    enrolments = _number_enrolments(connection, steps, members)
    if steps:
        rows = [
            _make_row(member, step, enrolments.get((member.membership_id, step.step)), now=now)
            for member, step in steps
        ]
        queries.run_many(connection, "record_send", rows)
    for member, step in steps:
        if enrolled := enrolments.get((member.membership_id, step.step)):
            enqueue_effect(
                connection,
                target=TARGET,
                operation=OPERATION,
                payload=form_values(member, step, cycle=enrolled.cycle),
                idempotency_key=form_key(member, step),
                lead_id=enrolled.lead_id,
                now=now,
            )
    queries.run_many(
        connection,
        "move_membership",
        [
            {
                "membership_id": member.membership_id,
                "state": STATES[decision.then],
                "next_step": decision.next_step,
                "due_at": decision.due_at,
                "reason": decision.reason,
                "now": now,
            }
            for member, decision in decisions
        ],
    )


def _number_enrolments(
    connection: Connection,
    steps: Sequence[tuple[DueMember, StepDecision]],
    members: Sequence[PersonLead],
) -> Enrolments:
    """Return the steps that go out: to the first of the person's leads that the MA knows, else the oldest."""
    going_out = [(member, step) for member, step in steps if step.skipped is None]
    if not going_out:
        return {}
    people = {member.person_id for member, _ in going_out}
    asked = [lead for lead in members if lead.person_id in people]
    known = queries.all(connection, "find_ma_leads", _MaLead, target=TARGET, **pair_members(asked))
    ma_leads = {row.person_id: row.lead_id for row in known}
    leads = [ma_leads.get(member.person_id, member.person_id) for member, _ in going_out]
    numbers = queries.all(
        connection,
        "number_enrolments",
        _EnrolmentNumber,
        target=TARGET,
        membership_ids=[member.membership_id for member, _ in going_out],
        programmes=[member.version.name for member, _ in going_out],
        steps=[step.step for _, step in going_out],
        lead_ids=leads,
    )
    cycles = {(row.membership_id, row.step): row.cycle for row in numbers}
    return {
        (member.membership_id, step.step): _Enrolled(lead_id, cycles[member.membership_id, step.step])
        for (member, step), lead_id in zip(going_out, leads, strict=True)
    }


def _make_row(
    member: DueMember, step: StepDecision, enrolled: _Enrolled | None, *, now: datetime
) -> dict[str, object]:
    return {
        "membership_id": member.membership_id,
        "step": step.step,
        "lead_id": enrolled.lead_id if enrolled else member.person_id,
        "message_key": step.message_key,
        "depth": step.depth,
        "due_at": step.due_at,
        "stale_at": step.stale_at,
        "quiet_from": step.quiet_from,
        "state": SendState.QUEUED if enrolled else SendState.SKIPPED,
        "reason": step.skipped,
        "idempotency_key": form_key(member, step) if enrolled else None,
        "cycle": enrolled.cycle if enrolled else None,
        "tries": member.tries.get(step.step, 0) + 1,
        "now": now,
    }


def form_key(member: DueMember, step: StepDecision) -> str:
    """Return the key of the effect; one that is decided again after the outbox dropped it gets another."""
    tries = member.tries.get(step.step, 0)
    return f"nurture:{member.membership_id}:{step.step}" + (f":{tries + 1}" if tries else "")


def form_values(member: DueMember, step: StepDecision, *, cycle: int) -> dict[str, Any]:
    """Return the values of the effect `enrol_lead` (products.enrolment.Enrolment reads them)."""
    if step.message_key is None:
        raise ValueError("a step that goes out has a message")
    message = member.version.messages[step.message_key]
    text = message.find_text(member.place.language)
    return {
        "programme": member.version.name,
        "step": step.step,
        "message_key": step.message_key,
        "language": member.place.language,
        "subject": text.subject,
        "preview": text.preview,
        "depth": step.depth,
        "cycle": cycle,
    }
