"""A plan of nurture in lines, in the lead's own time."""

from collections.abc import Iterator
from datetime import datetime

from leadops.nurture.plan_lead import ComingStep, NurturePlan, ProgrammePlan

#: Why a step does not go out, or not yet.
REASONS = {
    "stale": "it is stale before it may go out",
    "overtaken": "the step after it is due as well",
    "frequency_cap": "the frequency cap leaves no room before it is stale",
    "already_sent": "the person got it by another lead of theirs",
    "no_message": "no depth fits, and the step has no message of its own",
    "held_out": "held out: nothing is sent",
    "not_set_up": "the MA's product has no counterpart for it (leadops check ma)",
    "quiet_hours": "after the quiet hours",
    "cap": "when the frequency cap leaves room",
}
ENDS = {
    "sal": "sales has accepted the lead",
    "contacted": "sales has contacted the lead",
    "customer": "the account is a customer",
    "opt_out": "the person wants no marketing mail",
    "no_consent": "the person never agreed to mail",
    "bounced": "mails to the person come back",
    "joined": "the person was in it by another lead",
    "withdrawn": "what made the person enter counts no longer",
    "internal": "one of our own people",
    "removed": "nurture.yaml has no such programme",
    "erased": "the person was erased",
}


def say_plan(plan: NurturePlan, *, now: datetime) -> Iterator[str]:
    """Yield the lines of a plan; times are those of the lead's zone."""
    language = plan.place.language
    yield f"lead {plan.person_id}: {plan.place.zone.key}, messages in {language}, now {_say(plan, now)}"
    if plan.stops:
        yield f"ends programmes with that exit: {ENDS.get(plan.stops, plan.stops)} ({plan.stops})"
    for programme in plan.programmes:
        yield f"{programme.programme}: {_say_state(plan, programme)}"
        for step in programme.coming:
            yield f"  {_say(plan, step.at)}  {step.step}: {_say_step(plan, step)}"
    if plan.past:
        yield "what came:"
    for send in plan.past:
        reason = f" ({REASONS.get(send.reason, ENDS.get(send.reason, send.reason))})" if send.reason else ""
        delivery = f", outbox: {send.delivery}" if send.delivery else ""
        message = f" {send.message_key}" if send.message_key and send.state == "queued" else ""
        yield (
            f"  {_say(plan, send.decided_at)}  {send.programme}.{send.step} (cycle {send.cycle}):"
            f" {send.state}{message}{reason}{delivery}"
        )


def _say_state(plan: NurturePlan, programme: ProgrammePlan) -> str:
    if programme.state == "active" and programme.entered_at:
        parts = [f"in it since {_say(plan, programme.entered_at)}, cycle {programme.cycle}"]
        if programme.is_held_out:
            parts.append("held out")
        if programme.reason:
            parts.append(f"ends at its next look: {ENDS.get(programme.reason, programme.reason)}")
        return "; ".join(parts)
    parts = ["not in it"]
    if programme.entered_at:
        parts.append(
            f"{programme.state} (cycle {programme.cycle}, entered {_say(plan, programme.entered_at)})"
        )
        if programme.reason:
            parts[-1] += f": {ENDS.get(programme.reason, programme.reason)}"
    if not programme.takes_members:
        parts.append("takes no members")
    elif programme.entered_at and programme.is_once:
        parts.append("once in a life")
    elif programme.enters_again_from:
        parts.append(f"enters again from {_say(plan, programme.enters_again_from)} on")
    else:
        parts.append(f"enters by {' or '.join(programme.entry_events)}")
        if programme.is_held_out:
            parts.append("would be held out")
    return "; ".join(parts)


def _say_step(plan: NurturePlan, step: ComingStep) -> str:
    if step.skipped:
        return f"no: {REASONS[step.skipped]}"
    waits = f", due {_say(plan, step.due_at)}, {REASONS[step.waits_for]}" if step.waits_for else ""
    depth = f" ({step.depth})" if step.depth else ""
    return f"{step.message_key}{depth} “{step.subject}”{waits}"


def _say(plan: NurturePlan, moment: datetime) -> str:
    return f"{moment.astimezone(plan.place.zone):%Y-%m-%d %H:%M}"
