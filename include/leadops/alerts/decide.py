"""What has to be done so that Slack shows what is on record: pure, from facts to one step."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.blocks import Rendered
from leadops.alerts.catalogue import Words
from leadops.alerts.incident import Incident
from leadops.alerts.message import Message
from leadops.alerts.news import is_news
from leadops.alerts.plan import is_too_short
from leadops.alerts.render import render_escalation, render_incident
from leadops.alerts.render_digest import render_digest, render_digest_escalation


class Step(Enum):
    """One step for one message."""

    NOTHING = "nothing"
    WAIT = "it may still arrive in Slack; look later"
    SILENCE = "over, never told, too short to be told"
    POST = "post"
    LOOK_UP = "look whether it is in Slack, post if not"
    EDIT = "edit"
    FOLLOW_UP = "tell the end in a message of its own"
    CLOSE = "Slack shows the end"


def decide(
    message: Message,
    incidents: Sequence[Incident],
    rendered: Rendered,
    *,
    settings: AlertSettings,
    can_edit: bool,
    now: datetime,
) -> Step:
    """Return the next step for `message`, which tells `incidents` and should show `rendered`."""
    over = not any(incident.is_open for incident in incidents)
    if message.posted_at is None:
        if message.telling_since is None:
            if over and message.purpose == "escalation":
                return Step.CLOSE
            if message.purpose in ("incident", "digest") and all(
                is_too_short(incident, settings) for incident in incidents
            ):
                return Step.SILENCE
            return Step.POST
        if not can_edit:
            return Step.POST
        waited = now - (message.tried_at or now)
        return Step.LOOK_UP if waited >= timedelta(seconds=settings.look_up_after_seconds) else Step.WAIT
    if message.purpose in ("escalation", "resolution"):
        return Step.CLOSE
    if message.told == rendered.hash:
        return Step.CLOSE if over else Step.NOTHING
    if not can_edit or message.message_ts is None:
        return Step.FOLLOW_UP if over else Step.NOTHING
    return Step.EDIT if over or _is_worth_an_edit(message, incidents, settings, now) else Step.NOTHING


def show(
    message: Message, incidents: Sequence[Incident], *, words: Words, settings: AlertSettings
) -> Rendered:
    """Return what `message` should show."""
    if message.purpose == "digest" or (message.purpose == "resolution" and len(incidents) > 1):
        return render_digest(incidents, words=words, settings=settings)
    if message.purpose != "escalation":
        return render_incident(incidents[0], words=words, settings=settings)
    if len(incidents) > 1:
        return render_digest_escalation(incidents, words=words, settings=settings)
    return render_escalation(incidents[0], words=words, settings=settings)


def sum_up(message: Message, incidents: Sequence[Incident]) -> Mapping[str, Any]:
    """Return the facts by which news is told from trifles: an incident's own, a digest's counts."""
    if message.purpose == "digest":
        still = sum(incident.is_open for incident in incidents)
        return {"open": still, "resolved": len(incidents) - still}
    return incidents[0].facts


def _is_worth_an_edit(
    message: Message, incidents: Sequence[Incident], settings: AlertSettings, now: datetime
) -> bool:
    if message.told_facts is None:
        return True  # found again in Slack: nobody knows how old what it shows is
    after = sum_up(message, incidents)
    if message.purpose == "digest":
        return message.told_facts != after
    if message.told_at and now - message.told_at < timedelta(minutes=settings.update_every_minutes):
        return False
    return is_news(incidents[0].kind, message.told_facts, after)
