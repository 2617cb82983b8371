"""Links from a message to what explains it: the runbook, the page that shows it, the run, the log."""

from typing import NamedTuple
from urllib.parse import quote

from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS, load_incident_catalogue
from leadops.notifications.markup import link
from leadops.notifications.messages import Messages


class Link(NamedTuple):
    """An address, and its name, which is escaped for Slack."""

    url: str
    label: str


def list_links(incident: Incident, messages: Messages, settings: AlertSettings) -> list[Link]:
    """Return the links of an incident, as far as settings and facts name them: runbook, page, run, log."""
    links = _list_page_links(incident, messages, settings) + _list_run_links(incident, messages, settings)
    if settings.runbook_base_url:
        return [_form_runbook_link(incident.kind, messages, settings), *links]
    return links


def form_slack_link(slack_url: str, channel: str | None, message_ts: str | None) -> str:
    """Return the address of a message in Slack; empty where it is not posted or `slack_url` is not known.

    https://api.slack.com/methods/chat.getPermalink: the time stamp without its point, after a p.
    """
    if not (slack_url and channel and message_ts):
        return ""
    return f"{slack_url}/archives/{quote(channel, safe='')}/p{quote(message_ts.replace('.', ''), safe='')}"


def link_runbook(kind: str, messages: Messages, settings: AlertSettings) -> str:
    """Return a link to the kind's page, or its path in the project where no address is set."""
    if not settings.runbook_base_url:
        return f"docs/runbooks/{kind}.md"
    return link(*_form_runbook_link(kind, messages, settings))


def link_places(incident: Incident, messages: Messages, settings: AlertSettings) -> list[str]:
    """Return links to the page, the run and the task's log, as far as settings and facts name them."""
    places = _list_page_links(incident, messages, settings) + _list_run_links(incident, messages, settings)
    return [link(*place) for place in places]


def link_group_page(group: str, messages: Messages, settings: AlertSettings) -> list[str]:
    """Return a link to the page that shows several incidents of a group."""
    pages_url, path = form_pages_url(settings), load_incident_catalogue()["pages"][group]
    if not pages_url:
        return []
    return [link(f"{pages_url}/{'' if '{' in path else path}", messages.say("words", "page"))]


def form_pages_url(settings: AlertSettings) -> str:
    """Return where the pages of leadops in the Airflow UI are; empty without Airflow's address."""
    return f"{settings.airflow_base_url}/leadops" if settings.airflow_base_url else ""


def _form_runbook_link(kind: str, messages: Messages, settings: AlertSettings) -> Link:
    return Link(f"{settings.runbook_base_url}/{kind}.md", messages.say("words", "runbook"))


def _list_page_links(incident: Incident, messages: Messages, settings: AlertSettings) -> list[Link]:
    pages_url, kind = form_pages_url(settings), KINDS.get(incident.kind)
    if not pages_url or kind is None:
        return []
    facts = {name: quote(str(value), safe="") for name, value in incident.facts.items()}
    try:
        path = (kind.page or load_incident_catalogue()["pages"][kind.group]).format_map(facts)
    except KeyError:
        return []
    return [Link(f"{pages_url}/{path}", messages.say("words", "page"))]


def _list_run_links(incident: Incident, messages: Messages, settings: AlertSettings) -> list[Link]:
    links = []
    facts = incident.facts
    dag_id, run_id = facts.get("link_dag_id") or facts.get("dag_id"), facts.get("run_id")
    if settings.airflow_base_url and dag_id:
        path = f"/dags/{quote(dag_id, safe='')}" + (f"/runs/{quote(run_id, safe='')}" if run_id else "")
        links.append(Link(settings.airflow_base_url + path, messages.say("words", "run")))
    log_url = str(incident.facts.get("log_url") or "")
    if log_url.startswith(("http://", "https://")):
        links.append(Link(log_url, messages.say("words", "log")))
    return links
