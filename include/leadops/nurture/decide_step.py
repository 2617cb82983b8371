"""What becomes of a membership that is due: its next step goes out, waits or is skipped, or it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from leadops.nurture.due_times import find_due, find_next_quiet, leave_quiet
from leadops.nurture.membership_states import EndReason, SkipReason
from leadops.nurture.nurture_settings import FrequencyCap, NurtureSettings, NurtureStep, QuietHours
from leadops.nurture.people_in_nurture import PersonPlace
from leadops.nurture.programmes import ProgrammeVersion

#: After this long a step whose counterpart is missing in the MA is looked at again.
GAP_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class DueMember:
    """Everything that decides about a membership at this moment.

    `ends_because`: an exit of its programme, or what ends any membership. `got`: the steps that the person
    got by another membership, before leads were joined. `done`: steps of this membership that are decided.
    `depths`: of each step, the depth that the person's acts reach. `tries`: how often the outbox got a step
    that it dropped again, because quiet hours had begun.
    """

    membership_id: int
    person_id: int
    entered_at: datetime
    next_step: str
    is_held_out: bool
    version: ProgrammeVersion
    place: PersonPlace
    ends_because: EndReason | None = None
    got: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    depths: Mapping[str, str] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StepDecision:
    """What becomes of one step; without a `skipped` reason it goes out, with `message_key`."""

    step: str
    due_at: datetime
    stale_at: datetime
    quiet_from: datetime | None
    message_key: str | None
    depth: str | None
    skipped: SkipReason | None


@dataclass(frozen=True)
class MemberDecision:
    """What becomes of a membership: steps that are decided; then when the next is looked at, or its end."""

    steps: list[StepDecision]
    then: Literal["waits", "finishes", "exits"]
    next_step: str | None = None
    due_at: datetime | None = None
    reason: EndReason | None = None


@dataclass(frozen=True)
class SendLimits:
    """The limits over all programmes."""

    next_day_at: time
    quiet_hours: QuietHours | None
    frequency_cap: FrequencyCap | None

    @classmethod
    def of(cls, settings: NurtureSettings) -> "SendLimits":
        """Return the limits that the settings say."""
        return cls(settings.next_day_at, settings.quiet_hours, settings.frequency_cap)


def decide_member(
    member: DueMember,
    sent_at: list[datetime],
    *,
    limits: SendLimits,
    gaps: Mapping[tuple[str, str], str],
    now: datetime,
) -> MemberDecision:
    """Return what becomes of `member` at `now` (UTC).

    `sent_at`: when messages of any programme were decided for the person; what goes out now is added. `gaps`:
    steps in which the MA's product cannot enrol anybody yet, by (programme, step).
    """
    if member.ends_because:
        return MemberDecision([], "exits", reason=member.ends_because)
    decided: list[StepDecision] = []
    left = _list_left(member, limits)
    for place, (step, due_at) in enumerate(left):
        stale_at = due_at + step.stale_after
        skipped, wait_until = _decide_step(
            member, step, sent_at, due_at=due_at, stale_at=stale_at, limits=limits, gaps=gaps, now=now
        )
        is_overtaken = place + 1 < len(left) and left[place + 1][1] <= now
        if skipped is None and is_overtaken:
            skipped, wait_until = SkipReason.OVERTAKEN, None
        if wait_until is not None:
            return MemberDecision(decided, "waits", step.name, wait_until)
        message_key, depth = _choose_message(member, step)
        quiet_from = find_next_quiet(now, limits.quiet_hours, member.place.zone) if skipped is None else None
        decided.append(StepDecision(step.name, due_at, stale_at, quiet_from, message_key, depth, skipped))
        if skipped is None:
            sent_at.append(now)
    return MemberDecision(decided, "finishes")


def _list_left(member: DueMember, limits: SendLimits) -> list[tuple[NurtureStep, datetime]]:
    """Return the steps that are not decided, from `next_step` on, each with when it is due (UTC)."""
    steps = member.version.programme.steps
    first = [step.name for step in steps].index(member.next_step)
    return [
        (step, find_due(step, member.entered_at, zone=member.place.zone, next_day_at=limits.next_day_at))
        for step in steps[first:]
        if step.name not in member.done
    ]


def find_room(sent_at: list[datetime], cap: FrequencyCap | None, *, now: datetime) -> datetime:
    """Return when the cap lets the next message go out: `now`, or when an older one leaves its window."""
    if cap is None or len(sent_at) < cap.messages:
        return now
    return max(now, sorted(sent_at, reverse=True)[cap.messages - 1] + cap.window)


def _decide_step(
    member: DueMember,
    step: NurtureStep,
    sent_at: list[datetime],
    *,
    due_at: datetime,
    stale_at: datetime,
    limits: SendLimits,
    gaps: Mapping[tuple[str, str], str],
    now: datetime,
) -> tuple[SkipReason | None, datetime | None]:
    """Return why a step is skipped, or until when it waits; neither: it goes out now."""
    zone, quiet = member.place.zone, limits.quiet_hours
    if step.name in member.got:
        return SkipReason.ALREADY_SENT, None
    if now >= stale_at:
        return SkipReason.STALE, None
    if member.is_held_out:
        return (SkipReason.HELD_OUT, None) if now >= due_at else (None, due_at)
    if now < (goes_at := leave_quiet(max(due_at, now), quiet, zone)):
        return (None, goes_at) if goes_at < stale_at else (SkipReason.STALE, None)
    if _choose_message(member, step)[0] is None:
        return SkipReason.NO_MESSAGE, None
    if (member.version.name, step.name) in gaps:
        again = leave_quiet(now + GAP_PAUSE, quiet, zone)
        return (None, again) if again < stale_at else (SkipReason.NOT_SET_UP, None)
    if now < (room_at := find_room(sent_at, limits.frequency_cap, now=now)):
        room_at = leave_quiet(room_at, quiet, zone)
        return (None, room_at) if room_at < stale_at else (SkipReason.FREQUENCY_CAP, None)
    return None, None


def _choose_message(member: DueMember, step: NurtureStep) -> tuple[str | None, str | None]:
    """Return the key of the message and the depth that it is for."""
    reached = member.depths.get(step.name)
    for depth in step.depth:
        if depth.name == reached:
            return depth.message, depth.name
    return step.message, None
