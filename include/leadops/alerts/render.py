"""The Slack message of one incident: short enough for somebody who was asleep a minute ago."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from leadops.alerts.links import link_places, link_runbook
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS
from leadops.notifications.blocks import SlackMessage, compose
from leadops.notifications.markup import escape
from leadops.notifications.messages import Messages

MINUTE = timedelta(minutes=1)


def render_incident(incident: Incident, *, messages: Messages, settings: AlertSettings) -> SlackMessage:
    """Return the message of one incident, open or resolved."""
    if not incident.is_open:
        return _render_resolved(incident, messages=messages, settings=settings)
    kind, facts, text = incident.kind, incident.facts, KINDS[incident.kind].text
    tone = "critical" if incident.is_critical else "warning"
    what = messages.fill(text["what"], facts) or escape(f"{kind}: {incident.subject}")
    return compose(
        tone=tone,
        heading=f"{messages.say('words', tone)}: {what}",
        lines=[
            (messages.say("words", "since"), messages.show_time(incident.opened_at)),
            (
                messages.say("words", "taken"),
                messages.show_time(taken) if (taken := incident.acknowledged_at) else "",
            ),
            (messages.say("words", "severity"), messages.fill(text["severity"], facts)),
            (messages.say("words", "impact"), messages.fill(text["impact"], facts)),
            (messages.say("words", "action"), messages.fill(text["action"], facts)),
        ],
        small_print=_small_print(incident, messages, settings),
    )


def render_escalation(incident: Incident, *, messages: Messages, settings: AlertSettings) -> SlackMessage:
    """Return the escalation in the incident's thread; it states the incident's age when it escalated."""
    facts = {"minutes": _age_when_escalated(incident), "label": say_label(incident, messages)}
    said = f"{settings.mention} {messages.say('words', 'escalated', facts)}".strip()
    return compose(
        tone="critical",
        heading=said,
        lines=[("", messages.fill(KINDS[incident.kind].text["action"], incident.facts))],
        small_print=_small_print(incident, messages, settings),
    )


def say_label(incident: Incident, messages: Messages) -> str:
    """Return the incident's name as a noun, escaped for Slack."""
    return messages.fill(KINDS[incident.kind].text["label"], incident.facts) or escape(
        f"{incident.kind}: {incident.subject}"
    )


def _render_resolved(incident: Incident, *, messages: Messages, settings: AlertSettings) -> SlackMessage:
    outcome = incident.facts.get("outcome")
    span: Mapping[str, Any] = {
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "minutes": incident.duration / MINUTE,
    }
    return compose(
        tone="resolved",
        heading=f"{messages.say('words', 'resolved')}: {say_label(incident, messages)}",
        lines=[
            ("", messages.say("words", "from_to", span)),
            ("", messages.say("outcome", outcome) if outcome else ""),
            (
                messages.say("words", "severity"),
                messages.fill(KINDS[incident.kind].text["severity"], incident.facts),
            ),
        ],
        small_print=_small_print(incident, messages, settings),
    )


def _small_print(incident: Incident, messages: Messages, settings: AlertSettings) -> list[str]:
    return [
        link_runbook(incident.kind, messages, settings),
        *link_places(incident, messages, settings),
        messages.say("words", "incident", {"incident_id": incident.incident_id or None}),
    ]


def _age_when_escalated(incident: Incident) -> float:
    return ((incident.escalated_at or incident.opened_at) - incident.opened_at) / MINUTE
