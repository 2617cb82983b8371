"""What a salesperson reads about a lead: by texts written by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.lifecycle.publish import CycleKey
from leadops.routing.assignment_message import AssignmentLinks, AssignmentNotice, form_assignment_message
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
REASONS = [
    {"rule": "view_pricing", "points": 40},
    {"rule": "seniority", "points": 30},
    {"rule": "request_document", "points": 15},
    {"rule": "open_mail", "points": 1},
]
EVIDENCE = {"total": 86, "fit": 60, "behaviour": 26, "reasons": REASONS}


def notice(lead: int = 1, **changes: Any) -> AssignmentNotice:
    values: dict[str, Any] = {
        "assignment_id": lead,
        "created_at": NOW,
        "attempts": 0,
        "unknown_since": None,
        "lead_id": lead,
        "rep_id": "a",
        "queue": None,
        "cause": "mql",
        "withdrawn_because": None,
        "account_state": None,
        "crm_id": None,
        "cycle": 1,
        "evidence": EVIDENCE,
        "company": "Acme & Sons <KK>",
        "first_id": 1,
        "slack_id": "U0A",
        "channel": None,
        "message_ts": None,
        "is_sought": False,
    }
    return AssignmentNotice(**(values | changes))


def read(*notices: AssignmentNotice, language: str = "en", due: Any = None, **links: str) -> list[str]:
    """The texts of the message's sections."""
    message = form_assignment_message(
        notices,
        company=change(SHIPPED.company, language=language),
        grades=SHIPPED.scoring.grades,
        rule_labels=SHIPPED.scoring.labels(),
        due=due or {},
        links=AssignmentLinks(links.get("crm_link", ""), links.get("pages_url", "")),
        now=NOW,
    )
    return [block["text"]["text"] for block in message.blocks]


def test_it_says_who_why_and_until_when_with_the_ways_in() -> None:
    """60 points of fit are an A, 26 of behaviour a 3 (grades of scoring.yaml); 14:00 in Tokyo is now."""
    links = {"crm_link": "https://crm.example/{id}", "pages_url": "https://airflow.example/leadops"}
    due = {CycleKey(1, 1): NOW + timedelta(minutes=42, seconds=50)}
    assert read(notice(crm_id="L-7"), due=due, **links) == [
        "<@U0A>: lead 1 is yours (<https://crm.example/L-7|open in the CRM> · "
        "<https://airflow.example/leadops/leads/1|all that leadops knows of it>)\n"
        "Acme &amp; Sons &lt;KK&gt;\n"
        "A3, 86 points\n"
        "Because of: Looked at prices +40, seniority +30, Requested a document +15\n"
        "First contact by 2026-06-01 14:42 JST: 42 min left"
    ]


def test_it_says_it_in_japanese() -> None:
    due = {CycleKey(1, 1): NOW + timedelta(minutes=42)}
    assert read(notice(), language="ja", due=due) == [
        "<@U0A>: リード 1 の担当をお願いします\n"
        "Acme &amp; Sons &lt;KK&gt;\n"
        "A3、86ポイント\n"
        "理由: 価格を確認 +40, seniority +30, 資料請求 +15\n"
        "初回連絡の期限: 2026-06-01 14:42 JST（残り42分）"
    ]


def test_what_was_due_already_is_called_so() -> None:
    due = {CycleKey(1, 1): NOW}
    (text,) = read(notice(cause="breach", company=None, evidence={"reasons": []}), due=due)
    assert text == (
        "<@U0A>: lead 1 is now yours; it was not contacted in time\n"
        "First contact was due by 2026-06-01 14:00 JST"
    )


@pytest.mark.parametrize(
    "changes",
    [{"withdrawn_because": "machine"}, {"evidence": None}],
)
def test_of_a_lead_that_is_not_to_be_called_nothing_more_is_said(changes: dict[str, Any]) -> None:
    (text,) = read(notice(**changes), due={CycleKey(1, 1): NOW})
    assert "\n" not in text
    assert "Acme" not in text


def test_of_a_customers_colleague_the_company_is_not_named() -> None:
    (text,) = read(notice(account_state="customer"))
    assert "Acme" not in text
    assert "A3, 86 points" in text


def test_several_leads_have_a_part_each() -> None:
    heading, first, second, third = read(
        notice(1, rep_id=None, queue="inside-sales", slack_id=None),
        notice(2, withdrawn_because="split", crm_id="L-2"),
        notice(3, company="x" * 500, evidence={}),
    )
    assert heading == "*inside-sales*: 3 leads are yours until working hours begin"
    assert first.startswith("*Lead 1*\nAcme &amp; Sons &lt;KK&gt;\nA3, 86 points\nBecause of: ")
    assert second == (
        "*Lead 2* was withdrawn, do not call: part of what it stood on was done by somebody else"
        " (in the CRM: L-2)"
    )
    assert third == "*Lead 3*\n" + "x" * 80
