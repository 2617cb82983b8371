"""Which memberships follow from what people did: a function of acts, programmes, and what is on record.

It does not depend on the order in which the acts arrived. A membership of which nothing was decided yet is
derived again from all acts; one of which something was decided stays, and no other one of the programme
begins within its `reentry_after`, before or after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadops.nurture.membership_states import EndReason, MembershipState
from leadops.nurture.programmes import ProgrammeVersion

#: In place of `reentry_after` where nobody enters a second time.
NEVER = timedelta(days=365_000)


@dataclass(frozen=True)
class EntryAct:
    """An act by which somebody enters a programme, by the version that was in force when it happened."""

    person_id: int
    programme: str
    version: int
    event_seq: int
    ts: datetime


@dataclass(frozen=True)
class RecordedMembership:
    """A membership on record, of any lead of a person; `steps` were decided, `sends` of them enqueued."""

    person_id: int
    membership_id: int
    lead_id: int
    programme: str
    version: int
    cycle: int
    entered_at: datetime
    entry_event_seq: int
    state: str
    steps: int
    sends: int

    @property
    def is_open(self) -> bool:
        """Whether nothing was decided yet: the acts alone say whether it is there."""
        return self.state == MembershipState.ACTIVE and self.steps == 0


@dataclass(frozen=True)
class NewMembership:
    """A membership that follows from an act; `draw_lead` decides whether the person is held out."""

    lead_id: int
    programme: str
    version: int
    cycle: int
    entered_at: datetime
    entry_event_seq: int
    draw_lead: int


@dataclass
class MembershipPlan:
    """What has to change for one person, or for many."""

    added: list[NewMembership] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    ended: list[tuple[int, EndReason]] = field(default_factory=list)


def derive_memberships(
    person_id: int,
    acts: Sequence[EntryAct],
    recorded: Sequence[RecordedMembership],
    *,
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    known_since: datetime,
    now: datetime,
) -> MembershipPlan:
    """Return what has to change so that the memberships of a person are those that follow from `acts`.

    `acts` are those since `known_since`. An act of which every step is stale by `now` begins nothing: the
    past is quiet.
    """
    plan = MembershipPlan()
    for programme in sorted({act.programme for act in acts} | {row.programme for row in recorded}):
        _derive_programme(
            plan,
            person_id,
            sorted(
                (act for act in acts if act.programme == programme), key=lambda act: (act.ts, act.event_seq)
            ),
            [row for row in recorded if row.programme == programme],
            versions=versions,
            known_since=known_since,
            now=now,
        )
    return plan


def _derive_programme(
    plan: MembershipPlan,
    person_id: int,
    acts: Sequence[EntryAct],
    recorded: Sequence[RecordedMembership],
    *,
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    known_since: datetime,
    now: datetime,
) -> None:
    kept = [row for row in recorded if not row.is_open]
    gone = set[int]()
    active = sorted(
        (row for row in kept if row.state == MembershipState.ACTIVE),
        key=lambda row: (row.entered_at, row.membership_id),
    )
    for row in active[1:]:
        plan.ended.append((row.membership_id, EndReason.JOINED))
    is_inside = False
    for row in active[:1]:
        gap = _find_gap(versions[row.programme, row.version])
        if row.entered_at < known_since or any(abs(act.ts - row.entered_at) < gap for act in acts):
            is_inside = True
        elif row.sends:
            plan.ended.append((row.membership_id, EndReason.WITHDRAWN))
        else:
            plan.deleted.append(row.membership_id)
            gone.add(row.membership_id)
    kept = [row for row in kept if row.membership_id not in gone]
    opened = [row for row in recorded if row.is_open]
    added = [] if is_inside else _find_entries(person_id, acts, kept, opened, versions=versions, now=now)
    there = {
        (row.lead_id, row.version, row.cycle, row.entered_at, row.entry_event_seq): row.membership_id
        for row in opened
    }
    for entry in added:
        key = (entry.lead_id, entry.version, entry.cycle, entry.entered_at, entry.entry_event_seq)
        if there.pop(key, None) is None:
            plan.added.append(entry)
    plan.deleted += there.values()


def _find_entries(
    person_id: int,
    acts: Sequence[EntryAct],
    kept: Sequence[RecordedMembership],
    opened: Sequence[RecordedMembership],
    *,
    versions: Mapping[tuple[str, int], ProgrammeVersion],
    now: datetime,
) -> list[NewMembership]:
    starts = [row.entered_at for row in kept]
    cycle = max((row.cycle for row in kept), default=0)
    first = min(kept, key=lambda row: (row.entered_at, row.membership_id), default=None)
    begun = {row.entry_event_seq for row in opened}
    entries: list[NewMembership] = []
    for act in acts:
        version = versions[act.programme, act.version]
        gap = _find_gap(version)
        is_stale = now >= act.ts + version.length and act.event_seq not in begun
        if is_stale or any(abs(act.ts - start) < gap for start in starts):
            continue
        starts.append(act.ts)
        cycle += 1
        entries.append(
            NewMembership(
                person_id,
                act.programme,
                act.version,
                cycle,
                act.ts,
                act.event_seq,
                first.lead_id if first else person_id,
            )
        )
    return entries


def _find_gap(version: ProgrammeVersion) -> timedelta:
    return version.programme.reentry_after or NEVER
