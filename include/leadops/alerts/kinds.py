"""The kinds of things that can be wrong: the one place where each is declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["warning", "critical"]


@dataclass(frozen=True)
class Kind:
    """A kind of incident. Its texts are in catalogue.yaml, its page is docs/runbooks/<name>.md."""

    name: str
    severity: Severity
    #: How the subject is formed from the facts; with the name it is what makes an incident one incident.
    subject: str
    #: Minutes from opening to escalation unless alerts.yaml says otherwise; None: never.
    escalate_after: int | None
    #: Kinds of one group share a digest.
    digest_group: str
    #: The fact whose doubling or halving is news.
    level: str | None = None
    #: Facts of which every change is news.
    news: tuple[str, ...] = ()
    #: Whether its end is certain as soon as it is seen.
    ends_at_once: bool = False

    def form_subject(self, facts: Mapping[str, Any]) -> str:
        """Return the subject of an incident with these facts."""
        return self.subject.format_map(facts)


#: What a check that raises becomes.
CHECK_FAILED = "check_failed"
#: Opened where the thing happens; a check ends them.
OPENED_BY_CALLBACKS = frozenset({"dag_failed", "run_missed_deadline"})

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("cdp_lag", "critical", "cdp", 15, "cdp", level="minutes"),
        Kind("cdp_unreachable", "critical", "cdp", 10, "cdp", news=("reason",)),
        Kind("ma_backlog", "critical", "{target}", 15, "delivery", level="minutes", news=("pause_reason",)),
        Kind(
            "outbox_waiting", "critical", "{target}", 15, "delivery", level="minutes", news=("pause_reason",)
        ),
        Kind("dead_letters", "warning", "{target}", 60, "delivery", news=("count",)),
        Kind("audit_differences", "warning", "{target}", 60, "delivery", news=("count", "gone", "broken")),
        Kind(
            "sla_at_risk",
            "warning",
            "lead {lead_id} {clock} {cycle}",
            None,
            "sla_at_risk",
            ends_at_once=True,
        ),
        Kind("sla_breach", "critical", "lead {lead_id} {clock} {cycle}", 15, "sla_breach", ends_at_once=True),
        Kind("queue_waiting", "critical", "{queue}", 30, "queue", level="count"),
        Kind("identity_guard", "warning", "{guard}", None, "identity", news=("count",)),
        Kind("funnel_gate", "warning", "{gate}", None, "funnel", news=("count",)),
        Kind("contract_changed", "warning", "{quarter}", None, "contract", news=("changes",)),
        Kind("threshold_waits", "warning", "{day}", None, "thresholds", ends_at_once=True),
        Kind("threshold_reverted", "warning", "{day}", None, "thresholds", ends_at_once=True),
        Kind("feature_refused", "warning", "{feature}", None, "training", ends_at_once=True),
        Kind("dag_failed", "critical", "{dag_id}", 15, "dags", news=("times",)),
        Kind(CHECK_FAILED, "critical", "{check}", 15, "checks", news=("error",)),
        Kind("run_missed_deadline", "warning", "{dag_id}", 30, "dags", news=("times",)),
    )
}

GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(kind.name for kind in KINDS.values() if kind.digest_group == group)
    for group in dict.fromkeys(kind.digest_group for kind in KINDS.values())
}
