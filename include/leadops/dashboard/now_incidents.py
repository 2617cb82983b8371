"""The open incidents on the page Now, in words, with links to Slack, runbook and run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leadops.alerts.links import form_slack_link, list_links
from leadops.company import Company
from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS, IncidentKind
from leadops.notifications.markup import unescape
from leadops.notifications.messages import Messages
from leadops.queries import Queries

queries = Queries(__file__, topic="now")

LANGUAGES = ("en", "ja")
#: More open incidents than this are not listed; the page says how many it shows.
MAX_INCIDENTS = 100
#: Facts that are about somebody: a lead by its number, a company, somebody of sales, or what they sent.
NAMING_FACTS = frozenset(
    {"lead", "lead_id", "lead_ids", "crm_lead_id", "company", "rep_ids", "example", "examples", "subjects"}
)


@dataclass(frozen=True)
class ShownIncident:
    """An open incident; times in UTC. `label` and `what` are words by language, without Slack's markup.

    `links` are addresses by name: slack, runbook, page, run, log; one that is not known is left out.
    `names_people`: the words here name a lead, a company or somebody of sales.
    """

    incident_id: int
    kind: str
    subject: str
    severity: str
    opened_at: datetime
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    label: Mapping[str, str]
    what: Mapping[str, str]
    links: Mapping[str, str]
    names_people: bool


@dataclass(frozen=True)
class _PostedIncident(Incident):
    """An incident, and where its message is in Slack."""

    channel: str | None
    message_ts: str | None


def show_incidents(
    connection: Connection,
    *,
    company: Company,
    alerts: AlertSettings,
    slack_url: str,
    names_people: bool,
) -> list[ShownIncident]:
    """Return the open incidents, the oldest first.

    Without `names_people` the words are those of the kind alone: facts may name salespeople and companies.
    """
    languages = {
        language: Messages(company.model_copy(update={"language": language})) for language in LANGUAGES
    }
    return [
        _show(incident, languages, alerts=alerts, slack_url=slack_url, names_people=names_people)
        for incident in queries.all(
            connection, "list_open_incidents", _PostedIncident, max_rows=MAX_INCIDENTS
        )
    ]


def _show(
    incident: _PostedIncident,
    languages: Mapping[str, Messages],
    *,
    alerts: AlertSettings,
    slack_url: str,
    names_people: bool,
) -> ShownIncident:
    kind = KINDS.get(incident.kind)
    facts = incident.facts if names_people else {}

    def say(part: str) -> dict[str, str]:
        if kind is None:
            return dict.fromkeys(LANGUAGES, "")
        return {name: unescape(messages.fill(kind.text[part], facts)) for name, messages in languages.items()}

    links = {"slack": form_slack_link(slack_url, incident.channel, incident.message_ts)}
    if kind:
        links |= _name_links(incident, languages["en"], alerts)
    return ShownIncident(
        incident_id=incident.incident_id,
        kind=incident.kind,
        subject=incident.subject if names_people else "",
        severity=kind.severity if kind else "warning",
        opened_at=incident.opened_at,
        escalated_at=incident.escalated_at,
        acknowledged_at=incident.acknowledged_at,
        label=say("label"),
        what=say("what"),
        links={name: address for name, address in links.items() if address},
        names_people=names_people and _names_people(kind, facts),
    )


def _names_people(kind: IncidentKind | None, facts: Mapping[str, object]) -> bool:
    """Return whether what is shown of an incident with these facts is about somebody."""
    if kind is None:
        return False
    texts = [kind.subject, *(text for part in ("label", "what") for text in kind.text[part].values())]
    used = {name for text in texts for name in re.findall(r"\{(\w+)", text)}
    return not NAMING_FACTS.isdisjoint(used & facts.keys())


def _name_links(incident: Incident, messages: Messages, alerts: AlertSettings) -> dict[str, str]:
    names = {messages.say("words", name): name for name in ("runbook", "page", "run", "log")}
    return {names[link.label]: link.url for link in list_links(incident, messages, alerts)}
