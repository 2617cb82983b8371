"""The kinds of problems that leadops reports; catalogue.yaml declares each, with its words."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

Severity = Literal["warning", "critical"]
#: A text in each language.
Translations = Mapping[str, str]

#: The kind of a check that raises.
CHECK_FAILED = "check_failed"
#: Kinds that callbacks open the moment something happens; a check resolves them.
OPENED_BY_CALLBACKS = frozenset({"dag_failed", "run_missed_deadline"})
#: Kinds that the watchdog opens, because no task can.
TASKS_STOPPED, DATABASE_DOWN = "tasks_stopped", "database_down"
OPENED_BY_WATCHDOG = frozenset({TASKS_STOPPED, DATABASE_DOWN})
#: Kinds that say that a channel does not take what waits for it; the other channel always gets them.
SLACK_FAILING, PAGERDUTY_FAILING = "slack_failing", "pagerduty_failing"


class IncidentKind(BaseModel):
    """A kind of incident; its runbook is docs/runbooks/<name>.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    severity: Severity
    #: How the subject is formed from the facts; kind and subject together identify an open incident.
    subject: str
    #: Minutes from opening to escalation unless alerts.yaml says otherwise; None: never.
    escalate_after: int | None
    #: Kinds of one group share a digest.
    group: str
    #: The page that shows such an incident, with facts in its address; None: that of the group.
    page: str | None = None
    #: The fact whose doubling or halving is a significant change.
    level: str | None = None
    #: Facts of which every change is significant.
    significant: tuple[str, ...] = ()
    #: Whether an incident is resolved as soon as it is ok, without waiting for `clear_after_minutes`.
    resolves_at_once: bool = False
    #: What Slack says: label, what, severity, impact, action.
    text: Mapping[str, Translations]
    #: Facts of a typical incident; the expected messages in the tests are written with them.
    example: Mapping[str, Any]

    def form_subject(self, facts: Mapping[str, Any]) -> str:
        """Return the subject of an incident with these facts."""
        return self.subject.format_map(facts)


@cache
def load_incident_catalogue() -> Mapping[str, Any]:
    """Return catalogue.yaml: `groups`, the names of the digest groups, and `kinds`."""
    text = files("leadops.incidents").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    catalogue: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 (both loaders are safe)
    return catalogue


KINDS: dict[str, IncidentKind] = {
    name: IncidentKind(name=name, **declared) for name, declared in load_incident_catalogue()["kinds"].items()
}

#: The kinds of each digest group.
GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(kind.name for kind in KINDS.values() if kind.group == group)
    for group in load_incident_catalogue()["groups"]
}
