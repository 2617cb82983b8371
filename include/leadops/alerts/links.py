"""Links from a message to what explains it: the runbook, the run, the task's log."""

from urllib.parse import quote

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.catalogue import Words, escape
from leadops.alerts.incident import Incident


def link_runbook(kind: str, words: Words, settings: AlertSettings) -> str:
    """Return a link to the kind's page, or its path in the project where no address is set."""
    if not settings.runbook_base_url:
        return f"docs/runbooks/{kind}.md"
    return _link(f"{settings.runbook_base_url}/{kind}.md", words.say("words", "runbook"))


def link_run(incident: Incident, words: Words, settings: AlertSettings) -> list[str]:
    """Return links to the run and the task's log, as far as the facts name them."""
    links = []
    facts = incident.facts
    dag_id, run_id = facts.get("link_dag_id") or facts.get("dag_id"), facts.get("run_id")
    if settings.airflow_base_url and dag_id:
        path = f"/dags/{quote(dag_id, safe='')}" + (f"/runs/{quote(run_id, safe='')}" if run_id else "")
        links.append(_link(settings.airflow_base_url + path, words.say("words", "run")))
    log_url = str(incident.facts.get("log_url") or "")
    if log_url.startswith(("http://", "https://")):
        links.append(_link(log_url, words.say("words", "log")))
    return links


def _link(url: str, label: str) -> str:
    return f"<{escape(url).replace('|', '%7C')}|{label}>"
