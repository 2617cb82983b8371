"""The words on-call reads, kind by kind, in both languages (golden_en.txt, golden_ja.txt)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.alerts.blocks import Rendered
from leadops.alerts.catalogue import Words
from leadops.alerts.incident import Incident
from leadops.alerts.kinds import KINDS
from leadops.alerts.render import render_escalation, render_incident
from leadops.alerts.render_digest import render_digest, render_digest_escalation
from tests.shipped import SHIPPED, change

START = datetime(2026, 7, 30, 17, 2, tzinfo=UTC)
CLOCK = {
    "lead_id": 4711,
    "lead": 4711,
    "cycle": 1,
    "tier": "hot",
    "channel": "#inside-sales",
    "playbook": "docs/runbooks/inside-sales.md",
    "clock": "first_contact",
    "started_at": "2026-07-30T00:00:00+00:00",
    "due_at": "2026-07-30T00:10:00+00:00",
    "business_minutes": 8.4,
    "target_minutes": 10.0,
}
FACTS: dict[str, dict[str, Any]] = {
    "cdp_lag": {"minutes": 7.3, "worst": 8.0, "limit": 5.0, "as_of": "2026-07-30T17:02:00+00:00"},
    "cdp_unreachable": {"reason": "no connection", "last_good": "2026-07-30T17:00:00+00:00"},
    "ma_backlog": {
        "target": "ma",
        "minutes": 12.5,
        "worst": 75.0,
        "deltas": 1200,
        "paused_until": "2026-07-30T17:30:00+00:00",
        "pause_reason": "asked to wait (429)",
    },
    "outbox_waiting": {"target": "crm", "minutes": 3.5, "worst": 4.2, "effects": 7, "leads": 5},
    "dead_letters": {
        "target": "crm",
        "count": 4,
        "reasons": ["HTTP 422: no such owner", "HTTP 409: gone"],
        "leads": 3,
        "lead_ids": [1, 2, 3],
    },
    "audit_differences": {
        "target": "ma",
        "night": "2026-07-31",
        "count": 101,
        "limit": 100,
        "gone": None,
        "broken": 2,
        "lead_ids": [4, 9, 12],
    },
    "sla_at_risk": CLOCK,
    "sla_breach": CLOCK | {"business_minutes": 95.0},
    "queue_waiting": {"queue": "sales", "count": 3, "minutes": 40.0, "worst": 55.0, "lead_ids": [4, 9, 12]},
    "identity_guard": {"guard": "emails", "count": 2, "kinds": ["anonymous_id"], "lead_ids": [4, 9, 12]},
    "funnel_gate": {
        "gate": "impossible_order",
        "count": 2,
        "subjects": ["lead 4 cycle 1 won on 2026-07-29", "lead 9 cycle 1 sql on 2026-07-29"],
        "lead_ids": [4, 9],
    },
    "contract_changed": {
        "quarter": "2026-Q3",
        "frozen_at": "2026-07-01T00:00:00+00:00",
        "count": 2,
        "changes": ["mql.fit: 20 → 25", "sal.within_hours: 24 → 48"],
    },
    "threshold_waits": {
        "day": "2026-07-29",
        "reason": "a step of more than 5 points: 78 points and 240 min instead of 60 and 240:"
        " +3.20 SQLs a week (+1.10 to +5.40)",
        "dag_id": "retrain_thresholds",
        "run_id": "scheduled__2026-07-29T18:30:00+00:00",
    },
    "threshold_reverted": {
        "day": "2026-07-29",
        "changed_on": "2026-07-25",
        "was": 78.0,
        "now": 60.0,
        "was_minutes": 240.0,
        "now_minutes": 240.0,
        "reason": "the change of 2026-07-25 is taken back: the median wait is 395 min, it was 120 min",
    },
    "feature_refused": {
        "day": "2026-07-29",
        "feature": "lead_profile",
        "reason": "Lead Profile became known only after the MQL, or nobody knows when, for 812 of the 4000"
        " leads that have it; take it out of training.yaml, or import it with its true time",
        "dag_id": "retrain_thresholds",
    },
    "dag_failed": {
        "dag_id": "score_leads",
        "run_id": "scheduled__2026-07-30T17:01:00+00:00",
        "task_id": "push",
        "try_number": 3,
        "times": 2,
        "error": "TransientError: the database does not answer",
        "log_url": "http://localhost:8080/dags/score_leads/log",
    },
    "check_failed": {
        "check": "training",
        "error": "the database refused (UndefinedTable, SQLSTATE 42P01); run `leadops migrate`",
        "place": "alerts/watch_training.py, line 17",
        "kinds": ["feature_refused"],
    },
    "run_missed_deadline": {"dag_id": "watch_sla", "run_id": "scheduled__1", "times": 1},
}


def make(kind: str, *, minutes: float | None = None, **facts: Any) -> Incident:
    facts = FACTS[kind] | facts
    subject = KINDS[kind].form_subject(facts)
    resolved = None if minutes is None else START + timedelta(minutes=minutes)
    return Incident(12, kind, subject, START, resolved, START + timedelta(minutes=15), facts)


def write_out(rendered: Rendered) -> str:
    lines = [f"text: {rendered.text}"]
    for block in rendered.blocks:
        texts = block["elements"] if block["type"] == "context" else [block["text"]]
        lines += [line for text in texts for line in text["text"].splitlines()]
    return "\n".join(lines)


def write_all(language: Any, settings: Any) -> Iterator[str]:
    words, options = Words(change(SHIPPED.company, language=language)), {"settings": settings}
    for kind in KINDS:
        yield f"# {kind}\n{write_out(render_incident(make(kind), words=words, **options))}"
        ended = make(kind, minutes=72)
        yield f"# {kind}, over\n{write_out(render_incident(ended, words=words, **options))}"
    late = make("sla_breach", minutes=72, outcome="met_late")
    yield f"# answered late\n{write_out(render_incident(late, words=words, **options))}"
    median = make("sla_breach", lead_id=0, lead=None, leads=31, clock="median_to_sal")
    yield f"# the median\n{write_out(render_incident(median, words=words, **options))}"
    calls = make("cdp_lag")
    yield f"# escalation\n{write_out(render_escalation(calls, words=words, **options))}"
    many = [make("dag_failed", dag_id=f"dag_{number}") for number in range(6)]
    many.append(make("run_missed_deadline", minutes=5))
    yield f"# digest\n{write_out(render_digest(many, words=words, **options))}"
    yield f"# digest, escalation\n{write_out(render_digest_escalation(many, words=words, **options))}"
    over = [make("dag_failed", minutes=number, dag_id=f"dag_{number}") for number in range(1, 8)]
    yield f"# digest, over\n{write_out(render_digest(over, words=words, **options))}"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_texts_are_as_agreed(language, settings):
    golden = Path(__file__).with_name(f"golden_{language}.txt")
    assert "\n\n".join(write_all(language, settings)) + "\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_facts_that_are_missing_leave_a_message_that_can_be_read(kind, settings):
    incident = Incident(1, kind, "x<y", START, None, None, {})
    rendered = render_incident(incident, words=Words(SHIPPED.company), settings=settings)
    assert len(rendered.text) > len("CRITICAL: ")
    assert "<y" not in rendered.text


def test_nothing_is_longer_than_slack_takes(settings):
    incident = make("dag_failed", error="x" * 9000, dag_id="d" * 9000)
    rendered = render_incident(incident, words=Words(SHIPPED.company), settings=settings)
    assert len(rendered.text) <= 3000
    assert all(len(block["text"]["text"]) <= 3000 for block in rendered.blocks if "text" in block)


def test_without_addresses_the_page_is_named_and_there_are_no_links(settings):
    plain = settings.model_copy(update={"runbook_base_url": "", "airflow_base_url": ""})
    shown = write_out(
        render_incident(make("run_missed_deadline"), words=Words(SHIPPED.company), settings=plain)
    )
    assert "docs/runbooks/run_missed_deadline.md" in shown
    assert "http" not in shown
