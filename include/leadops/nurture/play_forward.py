"""Plays memberships forward in time with the functions that send, and writes nothing.

Plans look ahead with it, simulations look back. What had happened by each moment is read as it was then;
where people live and which leads are one person is what is known now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from leadops.db import Connection
from leadops.nurture.decide_step import DueMember, MemberDecision, SendLimits, decide_member
from leadops.nurture.exits import AskedMembership, read_exits
from leadops.nurture.membership_states import EndReason
from leadops.nurture.people_in_nurture import PersonLead
from leadops.nurture.read_due import DueMembership, find_depths

#: send_nurture looks this often; a decision falls on one of its runs.
RUN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class PlayedMember:
    """A membership as it stands when the play begins, and when its next step is first looked at (UTC)."""

    due_at: datetime
    member: DueMember


@dataclass(frozen=True)
class PlayedDecision:
    """What was decided about a membership at a moment."""

    at: datetime
    member: DueMember
    decision: MemberDecision


@dataclass
class PlayRules:
    """What decides besides the database."""

    limits: SendLimits
    gaps: Mapping[tuple[str, str], str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()  # programmes that the file has no more


def play_forward(
    connection: Connection,
    players: Sequence[PlayedMember],
    members: Sequence[PersonLead],
    sent_at: dict[int, list[datetime]],
    *,
    rules: PlayRules,
    until: datetime,
) -> list[PlayedDecision]:
    """Return the decisions about `players` up to `until` (UTC), in the order of time.

    `members` are all leads of their people. `sent_at`: when messages were decided for each person before;
    what goes out in the play is added.
    """
    leads_of: dict[int, list[PersonLead]] = {}
    for lead in members:
        leads_of.setdefault(lead.person_id, []).append(lead)
    standing = {number: player.member for number, player in enumerate(players)}
    waiting: dict[int, list[tuple[datetime, int]]] = {}
    for number, player in enumerate(players):
        heappush(waiting.setdefault(player.member.person_id, []), (player.due_at, number))
    played: list[PlayedDecision] = []
    # People do not touch each other: the next run of each is read for all at once, whenever it is.
    while due := [look for own in waiting.values() for look in _take_next(own, standing, until=until)]:
        described = _describe(connection, due, standing, leads_of, rules)
        for (run_at, number), member in zip(due, described, strict=True):
            decision = decide_member(
                member,
                sent_at.setdefault(member.person_id, []),
                limits=rules.limits,
                gaps=rules.gaps,
                now=run_at,
            )
            played.append(PlayedDecision(run_at, member, decision))
            if decision.then == "waits" and decision.next_step and decision.due_at:
                done = member.done | {step.step for step in decision.steps}
                standing[number] = replace(member, next_step=decision.next_step, done=done)
                heappush(waiting[member.person_id], (max(decision.due_at, run_at + RUN_EVERY), number))
    return sorted(played, key=lambda each: (each.at, each.member.entered_at))


def _take_next(
    own: list[tuple[datetime, int]], standing: Mapping[int, DueMember], *, until: datetime
) -> list[tuple[datetime, int]]:
    """Take a person's looks at their next run out of `own`, in the order in which they are decided."""
    if not own or own[0][0] > until:
        return []
    run_at = find_run(own[0][0])
    numbers = []
    while own and own[0][0] <= run_at:
        numbers.append(heappop(own)[1])
    numbers.sort(key=lambda number: (standing[number].entered_at, number))
    return [(run_at, number) for number in numbers]


def find_run(moment: datetime) -> datetime:
    """Return the first run of send_nurture at or after `moment`."""
    past = timedelta(seconds=moment.timestamp() % RUN_EVERY.total_seconds())
    return moment if not past else moment + RUN_EVERY - past


def _describe(
    connection: Connection,
    looks: Sequence[tuple[datetime, int]],
    standing: Mapping[int, DueMember],
    leads_of: Mapping[int, list[PersonLead]],
    rules: PlayRules,
) -> list[DueMember]:
    """Return who is looked at, with what ends them and how deep their acts reach, as of those moments."""
    due = [standing[number] for _, number in looks]
    moments = {member.person_id: at for member, (at, _) in zip(due, looks, strict=True)}
    leads = [lead for person in moments for lead in leads_of[person]]
    asked = [AskedMembership.of(member, member.version.programme.exits) for member in due]
    ends = read_exits(connection, asked, leads, at=moments)
    versions = {(member.version.name, member.version.version): member.version for member in due}
    rows = [
        DueMembership(
            member.membership_id,
            member.person_id,
            member.version.name,
            member.version.version,
            member.entered_at,
            member.next_step,
            member.is_held_out,
        )
        for member in due
    ]
    depths = find_depths(connection, rows, leads, versions, at=[at for at, _ in looks])
    return [
        replace(
            member,
            ends_because=EndReason.REMOVED
            if member.version.name in rules.removed
            else ends.get(member.membership_id),
            depths=depths.get(member.membership_id, {}),
        )
        for member in due
    ]
