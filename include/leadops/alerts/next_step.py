"""The next step for a message, so that Slack shows what is on record: pure, no I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from leadops.alerts.alert_message import AlertMessage
from leadops.alerts.plan import is_too_short
from leadops.alerts.render import render_escalation, render_incident
from leadops.alerts.render_digest import render_digest, render_digest_escalation
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.messages import Messages
from leadops.notifications.post_once import PostState

#: The fact that somebody has taken the incident.
TAKEN = "acknowledged_at"


class NextStep(Enum):
    """One step for one message.

    pending ──POST──▶ posted ──EDIT──▶ posted … ──CLOSE──▶ final
       │                 └──FOLLOW_UP──▶ final, and the resolution is a message of its own
       ├──WAIT, LOOK_UP─▶ posted (the outcome of an earlier POST was unknown)
       └──SUPPRESS──▶ final, never posted
    """

    NOTHING = "nothing"
    WAIT = "it may still arrive in Slack; look it up later"
    SUPPRESS = "resolved before it was posted, and too short to report"
    POST = "post"
    LOOK_UP = "look it up in Slack; post it if it is not there"
    EDIT = "edit"
    FOLLOW_UP = "post the resolution as a message of its own"
    CLOSE = "Slack shows the resolution"


def decide_step(
    message: AlertMessage,
    incidents: Sequence[Incident],
    rendered: SlackMessage,
    *,
    settings: AlertSettings,
    can_edit: bool,
    now: datetime,
) -> NextStep:
    """Return the next step for `message`, which is about `incidents` and should show `rendered`."""
    resolved = not any(incident.is_open for incident in incidents)
    if message.state is not PostState.POSTED:
        if message.state is PostState.PENDING:
            if resolved and message.purpose == "escalation":
                return NextStep.CLOSE
            if message.purpose in ("incident", "digest") and all(
                is_too_short(incident, settings) for incident in incidents
            ):
                return NextStep.SUPPRESS
            return NextStep.POST
        if not can_edit:
            return NextStep.POST
        waited = now - (message.tried_at or now)
        return (
            NextStep.LOOK_UP if waited >= timedelta(seconds=settings.look_up_after_seconds) else NextStep.WAIT
        )
    if message.purpose in ("escalation", "resolution"):
        # It shows what it showed, unless that was erased.
        is_erased = message.shown_hash is None and can_edit and message.message_ts is not None
        return NextStep.EDIT if is_erased else NextStep.CLOSE
    if message.shown_hash == rendered.hash:
        return NextStep.CLOSE if resolved else NextStep.NOTHING
    if not can_edit or message.message_ts is None:
        return NextStep.FOLLOW_UP if resolved else NextStep.NOTHING
    return (
        NextStep.EDIT
        if resolved or _is_worth_an_edit(message, incidents, settings, now)
        else NextStep.NOTHING
    )


def render_message(
    message: AlertMessage, incidents: Sequence[Incident], *, messages: Messages, settings: AlertSettings
) -> SlackMessage:
    """Return what `message` should show."""
    if message.purpose == "digest" or (message.purpose == "resolution" and len(incidents) > 1):
        return render_digest(incidents, messages=messages, settings=settings)
    if message.purpose != "escalation":
        return render_incident(incidents[0], messages=messages, settings=settings)
    if len(incidents) > 1:
        return render_digest_escalation(incidents, messages=messages, settings=settings)
    return render_escalation(incidents[0], messages=messages, settings=settings)


def sum_up(message: AlertMessage, incidents: Sequence[Incident]) -> Mapping[str, Any]:
    """Return the facts in which a significant change shows: an incident's own, a digest's counts."""
    if message.purpose == "digest":
        unresolved = sum(incident.is_open for incident in incidents)
        return {"open": unresolved, "resolved": len(incidents) - unresolved}
    taken = incidents[0].acknowledged_at
    return {**incidents[0].facts, TAKEN: taken.isoformat()} if taken else incidents[0].facts


def _is_worth_an_edit(
    message: AlertMessage, incidents: Sequence[Incident], settings: AlertSettings, now: datetime
) -> bool:
    if message.shown_facts is None:
        return True  # found in Slack by a look-up: how old its content is, is unknown
    after = sum_up(message, incidents)
    if message.purpose == "digest":
        return message.shown_facts != after
    if message.shown_facts.get(TAKEN) != after.get(TAKEN):
        return True  # somebody looks whether it shows
    if message.shown_at and now - message.shown_at < timedelta(minutes=settings.update_every_minutes):
        return False
    return is_significant_change(incidents[0].kind, message.shown_facts, after)


def is_significant_change(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the level has doubled or halved, or a fact that is significant for `kind` has changed."""
    declared = KINDS[kind]
    if any(before.get(name) != after.get(name) for name in declared.significant):
        return True
    if declared.level is None:
        return False
    old, new = float(before.get(declared.level) or 0), float(after.get(declared.level) or 0)
    return new >= 2 * old > 0 or 2 * new <= old
