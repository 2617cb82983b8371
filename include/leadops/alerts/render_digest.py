"""One message about many incidents of a group."""

from collections.abc import Sequence
from datetime import timedelta

from leadops.alerts.links import link_group_page, link_runbook
from leadops.alerts.render import render_incident, say_label
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS, load_incident_catalogue
from leadops.notifications.blocks import SlackMessage, compose
from leadops.notifications.messages import Messages

MINUTE = timedelta(minutes=1)


def render_digest(
    incidents: Sequence[Incident], *, messages: Messages, settings: AlertSettings
) -> SlackMessage:
    """Return the digest of `incidents`, of one group, the oldest first; a digest of one is that one."""
    if len(incidents) == 1:
        return render_incident(incidents[0], messages=messages, settings=settings)
    unresolved = [incident for incident in incidents if incident.is_open]
    group = messages.fill(load_incident_catalogue()["groups"][KINDS[incidents[0].kind].group])
    if not unresolved:
        return _render_resolved(incidents, group, messages=messages, settings=settings)
    counts = {"open": len(unresolved), "resolved": len(incidents) - len(unresolved), "group": group}
    tone = "critical" if any(incident.is_critical for incident in unresolved) else "warning"
    return compose(
        tone=tone,
        heading=f"{messages.say('words', tone)}: {messages.say('digest', 'what', counts)}",
        lines=[
            (messages.say("words", "since"), messages.show_time(unresolved[0].opened_at)),
            (messages.say("words", "severity"), messages.say("digest", "severity", counts)),
            *_name_first(unresolved, messages, settings),
            (messages.say("words", "action"), messages.say("digest", "action")),
        ],
        small_print=_runbooks(incidents, messages, settings),
    )


def render_digest_escalation(
    incidents: Sequence[Incident], *, messages: Messages, settings: AlertSettings
) -> SlackMessage:
    """Return the escalation in the digest's thread."""
    unresolved = [incident for incident in incidents if incident.is_open] or list(incidents)
    at = max(incident.escalated_at or incident.opened_at for incident in incidents)
    facts = {"open": len(unresolved), "minutes": max(timedelta(), at - unresolved[0].opened_at) / MINUTE}
    return compose(
        tone="critical",
        heading=f"{settings.mention} {messages.say('words', 'escalated_digest', facts)}".strip(),
        lines=_name_first(unresolved, messages, settings),
        small_print=_runbooks(incidents, messages, settings),
    )


def _render_resolved(
    incidents: Sequence[Incident], group: str, *, messages: Messages, settings: AlertSettings
) -> SlackMessage:
    opened = incidents[0].opened_at
    resolved = max(incident.resolved_at or incident.opened_at for incident in incidents)
    facts = {"count": len(incidents), "group": group}
    span = {"opened_at": opened, "resolved_at": resolved, "minutes": (resolved - opened) / MINUTE}
    return compose(
        tone="resolved",
        heading=f"{messages.say('words', 'resolved')}: {messages.say('digest', 'resolved', facts)}",
        lines=[("", messages.say("words", "from_to", span)), *_name_first(incidents, messages, settings)],
        small_print=_runbooks(incidents, messages, settings),
    )


def _name_first(
    incidents: Sequence[Incident], messages: Messages, settings: AlertSettings
) -> list[tuple[str, str]]:
    named = [("", f"• {say_label(incident, messages)}") for incident in incidents[: settings.digest_names]]
    more = len(incidents) - len(named)
    return [*named, ("", messages.say("digest", "more", {"more": more}))] if more else named


def _runbooks(incidents: Sequence[Incident], messages: Messages, settings: AlertSettings) -> list[str]:
    kinds = dict.fromkeys(incident.kind for incident in incidents)
    runbooks = [link_runbook(kind, messages, settings) for kind in kinds]
    return [*runbooks, *link_group_page(KINDS[incidents[0].kind].group, messages, settings)]
