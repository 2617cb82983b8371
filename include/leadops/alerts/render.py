"""What a message says about one incident: short enough for somebody who was asleep a minute ago."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.blocks import Rendered, compose
from leadops.alerts.catalogue import Words, escape
from leadops.alerts.incident import Incident
from leadops.alerts.links import link_run, link_runbook

MINUTE = timedelta(minutes=1)


def render_incident(incident: Incident, *, words: Words, settings: AlertSettings) -> Rendered:
    """Return the message of one incident, open or over."""
    if not incident.is_open:
        return _render_end(incident, words=words, settings=settings)
    kind, facts = incident.kind, incident.facts
    tone = "critical" if incident.is_critical else "warning"
    what = words.say(kind, "what", facts) or escape(f"{kind}: {incident.subject}")
    return compose(
        tone=tone,
        heading=f"{words.say('words', tone)}: {what}",
        lines=[
            (words.say("words", "since"), words.show_time(incident.opened_at)),
            (words.say("words", "bad"), words.say(kind, "bad", facts)),
            (words.say("words", "touches"), words.say(kind, "touches", facts)),
            (words.say("words", "do"), words.say(kind, "do", facts)),
        ],
        small_print=_small_print(incident, words, settings),
    )


def render_escalation(incident: Incident, *, words: Words, settings: AlertSettings) -> Rendered:
    """Return the call for help in the incident's thread; its age is that of the moment of escalation."""
    facts = {"minutes": _age_when_escalated(incident), "label": say_label(incident, words)}
    said = f"{settings.mention} {words.say('words', 'escalated', facts)}".strip()
    return compose(
        tone="critical",
        heading=said,
        lines=[("", words.say(incident.kind, "do", incident.facts))],
        small_print=_small_print(incident, words, settings),
    )


def say_label(incident: Incident, words: Words) -> str:
    """Return the incident's name as a noun, escaped for Slack."""
    return words.say(incident.kind, "label", incident.facts) or escape(f"{incident.kind}: {incident.subject}")


def _render_end(incident: Incident, *, words: Words, settings: AlertSettings) -> Rendered:
    outcome = incident.facts.get("outcome")
    span: Mapping[str, Any] = {
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "minutes": incident.lasted / MINUTE,
    }
    return compose(
        tone="resolved",
        heading=f"{words.say('words', 'resolved')}: {say_label(incident, words)}",
        lines=[
            ("", words.say("words", "from_to", span)),
            ("", words.say("outcome", outcome) if outcome else ""),
            (words.say("words", "bad"), words.say(incident.kind, "bad", incident.facts)),
        ],
        small_print=_small_print(incident, words, settings),
    )


def _small_print(incident: Incident, words: Words, settings: AlertSettings) -> list[str]:
    return [
        link_runbook(incident.kind, words, settings),
        *link_run(incident, words, settings),
        words.say("words", "incident", {"incident_id": incident.incident_id}),
    ]


def _age_when_escalated(incident: Incident) -> float:
    return ((incident.escalated_at or incident.opened_at) - incident.opened_at) / MINUTE
