"""Links from a message to what explains it: the runbook, the run, the task's log."""

from urllib.parse import quote

from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident
from leadops.notifications.markup import link
from leadops.notifications.messages import Messages


def link_runbook(kind: str, messages: Messages, settings: AlertSettings) -> str:
    """Return a link to the kind's page, or its path in the project where no address is set."""
    if not settings.runbook_base_url:
        return f"docs/runbooks/{kind}.md"
    return link(f"{settings.runbook_base_url}/{kind}.md", messages.say("words", "runbook"))


def link_run(incident: Incident, messages: Messages, settings: AlertSettings) -> list[str]:
    """Return links to the run and the task's log, as far as the facts name them."""
    links = []
    facts = incident.facts
    dag_id, run_id = facts.get("link_dag_id") or facts.get("dag_id"), facts.get("run_id")
    if settings.airflow_base_url and dag_id:
        path = f"/dags/{quote(dag_id, safe='')}" + (f"/runs/{quote(run_id, safe='')}" if run_id else "")
        links.append(link(settings.airflow_base_url + path, messages.say("words", "run")))
    log_url = str(incident.facts.get("log_url") or "")
    if log_url.startswith(("http://", "https://")):
        links.append(link(log_url, messages.say("words", "log")))
    return links
