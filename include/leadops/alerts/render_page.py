"""The event of a page, in the words of the Slack message without its markup."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadops.alerts.links import list_links
from leadops.alerts.page_step import PageStep
from leadops.alerts.render import say_label
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS, load_incident_catalogue
from leadops.notifications.markup import unescape
from leadops.notifications.messages import Messages

#: Characters that PagerDuty takes.
LONGEST_SUMMARY = 1024
SOURCE = "leadops"


def render_event(
    step: PageStep,
    dedup_key: str,
    incidents: Sequence[Incident],
    *,
    messages: Messages,
    settings: AlertSettings,
) -> dict[str, Any]:
    """Return the event, without the routing key, that does `step` for the page of `incidents`.

    Only a trigger says more than its key.
    """
    event: dict[str, Any] = {"event_action": step.value, "dedup_key": dedup_key}
    if step is not PageStep.TRIGGER:
        return event
    incidents = [incident for incident in incidents if incident.is_open]
    first = incidents[0]
    event["client"] = SOURCE
    if settings.airflow_base_url:
        event["client_url"] = settings.airflow_base_url
    kind = KINDS[first.kind]
    event["payload"] = {
        "summary": _summarise(incidents, messages)[:LONGEST_SUMMARY],
        "source": SOURCE,
        "severity": "critical" if any(incident.is_critical for incident in incidents) else "warning",
        "timestamp": first.opened_at.isoformat(),
        "component": kind.group,
        "class": first.kind,
        "custom_details": _describe(incidents, messages, settings),
    }
    links = list(
        dict.fromkeys(link for incident in incidents for link in list_links(incident, messages, settings))
    )
    if links := links[: settings.digest_names * 3]:
        event["links"] = [{"href": link.url, "text": unescape(link.label)} for link in links]
    return event


def _summarise(incidents: Sequence[Incident], messages: Messages) -> str:
    first = incidents[0]
    if len(incidents) == 1:
        return unescape(messages.fill(KINDS[first.kind].text["what"], first.facts)) or _name(first, messages)
    group = messages.fill(load_incident_catalogue()["groups"][KINDS[first.kind].group])
    return unescape(messages.say("digest", "what", {"open": len(incidents), "group": group}))


def _describe(
    incidents: Sequence[Incident], messages: Messages, settings: AlertSettings
) -> Mapping[str, Any]:
    """Return what PagerDuty shows below the summary: the lines of the Slack message, by their labels."""
    first = incidents[0]
    if len(incidents) > 1:
        named = incidents[: settings.digest_names]
        return {
            "incidents": [_name(incident, messages) for incident in named],
            "action": unescape(messages.say("digest", "action")),
        }
    text = KINDS[first.kind].text
    lines = {
        part: unescape(messages.fill(text[part], first.facts)) for part in ("severity", "impact", "action")
    }
    shown: dict[str, Any] = {part: line for part, line in lines.items() if line}
    shown["runbook"] = f"docs/runbooks/{first.kind}.md"
    return shown | {"incident": first.incident_id} if first.incident_id else shown


def _name(incident: Incident, messages: Messages) -> str:
    return unescape(say_label(incident, messages))
