"""Words of the CRM that no setting names; spellings; a CRM as Salesforce delivers it."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.lifecycle.crm_words import MAX_WORDS, list_words, name_words
from leadops.lifecycle.kpi_contract import KpiContract, OtherWords
from leadops.lifecycle.rule_spans import key_words, list_rule_spans
from tests.lifecycle.conftest import START, Company
from tests.shipped import SHIPPED

OTHER = SHIPPED.kpi.other_words


def unnamed(connection: Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "select field, word from lifecycle.unnamed_words order by field, word_key"
    ).fetchall()


def with_sal(**lists: list[str]) -> KpiContract:
    body = SHIPPED.kpi.model_dump(mode="json")
    body["versions"][0]["sal"] |= lists
    return KpiContract.model_validate(body).in_company(SHIPPED.company)


def listed(company: Company, contract: KpiContract = SHIPPED.kpi) -> list[tuple[str, str, int, bool]]:
    named = name_words(list_rule_spans(contract, {}), contract.other_words)
    return [
        (word.field, word.word, word.activities, word.is_named)
        for word in list_words(company.connection, named, since=START - timedelta(days=1))
    ]


def test_named_are_the_words_of_all_versions_and_those_that_mean_nothing() -> None:
    spans = list_rule_spans(with_sal(contacted=["Working - Contacted"], contact=["Phone Call"]), {})
    named = name_words(spans, OtherWords(statuses=["New Lead"], kinds=["Note"], salespeople=["API-7"]))
    assert named.statuses == [
        *("accepted", "authority", "budget", "closedlost", "closedwon", "disqualified", "lost", "need"),
        *("newlead", "taken", "won", "workingcontacted"),
    ]
    assert named.kinds == ["meeting", "note", "phonecall", "status"]
    assert named.salespeople == ["API-7"]  # ids are compared as they are


def test_two_criteria_of_one_spelling_are_one() -> None:
    rules = dict(list_rule_spans(SHIPPED.kpi, {})[0].rules) | {"criteria": ["Need", "budget", "NEED"]}
    assert key_words(rules)["criteria"] == {"Need": "need", "budget": "budget"}


def test_salesforce_as_delivered_is_listed_named_and_read_again(company: Company, after: Any) -> None:
    lead = company.mql()
    company.activity("a1", "L-1", "Status", after(30), status="working - contacted")
    company.activity("a2", "L-1", "status", after(60), status="Closed Won", details={"Amount": 12_000})
    company.qualify(after(61))
    # Closed Won is closed_won; nobody has said yet what the other word means.
    assert company.stages(lead) == {"mql": after(0), "won": after(60)}
    assert unnamed(company.connection) == [("status", "working - contacted")]
    assert sorted(listed(company)) == [
        ("kind", "Status", 2, True),
        ("salesperson", "rep-1", 2, False),
        ("status", "Closed Won", 1, True),
        ("status", "working - contacted", 1, False),
    ]

    words = ["Working - Contacted"]
    company.contract = with_sal(taken=["taken", *words], contacted=words)
    assert company.qualify(after(62)).moved == 1
    assert company.stages(lead) == {"mql": after(0), "sal": after(30), "won": after(60)}
    assert company.connection.execute(
        "select value from lifecycle.transitions where stage = 'won'"
    ).fetchall()[0] == (12_000,)
    assert unnamed(company.connection) == []


def test_a_status_that_says_contacted_is_not_a_kind(company: Company, after: Any) -> None:
    lead = company.mql()
    company.contract = with_sal(contacted=["call"], contact=["mail"])
    company.activity("a1", "L-1", "status", after(1), status="taken")
    company.activity("a2", "L-1", "call", after(2))
    company.qualify(after(3))
    assert company.stages(lead) == {"mql": after(0)}


def test_a_crm_that_changes_its_spelling_overnight_changes_nothing(company: Company, after: Any) -> None:
    lead = company.mql()
    company.activity("a1", "L-1", "CALL", after(1))
    company.activity("a2", "L-1", "Status", after(2), status="T A K E N")
    company.activity(
        "a3",
        "L-1",
        "Meeting",
        after(3),
        details={"Need": "yes", "BUDGET": True, "Next Meeting": "2026-07-01"},
    )
    company.activity("a4", "L-1", "status", after(4), status="Closed-Won")
    company.qualify(after(5))
    expected = {"mql": after(0), "sal": after(2), "sql": after(3), "won": after(4)}
    assert company.stages(lead) == expected
    assert set(company.evidence(lead, "sql")["facts"]) >= {"criterion:need", "criterion:budget", "meeting"}
    company.connection.execute(
        "update crm.activities set status = 'closed won' where activity_id = 'a4';"
        " insert into lifecycle.inbox (activity_id) values ('a4')"
    )
    company.qualify(after(6))
    assert company.stages(lead) == expected
    assert unnamed(company.connection) == []


def test_words_of_other_scripts_and_of_any_length_are_kept(company: Company, after: Any) -> None:
    company.mql()
    company.activity("a1", "L-1", "status", after(1), status="対応 検討中")
    company.activity("a2", "L-1", "status", after(2), status="対応-検討中")
    company.activity(
        "a3", "L-9", "status", after(3), status="x" * 3_000
    )  # of a lead that leadops does not know
    company.qualify(after(4))
    assert unnamed(company.connection) == [("status", "x" * 100), ("status", "対応 検討中")]


def test_ten_thousand_words_are_a_thousand_rows(company: Company, after: Any) -> None:
    for number in range(3):
        company.activity(f"first{number}", "L-9", "status", after(1), status=f"known {number}")
    company.qualify(after(2))
    company.connection.execute(
        "insert into crm.activities"
        " select 'a' || n, 'L-9', 'status', 'word ' || n, null, %(at)s, '{}', %(at)s, 'status', 'word' || n"
        " from generate_series(1, 10000) as n",
        {"at": after(3)},
    )
    company.connection.execute(
        "insert into lifecycle.inbox (activity_id)"
        " select activity_id from crm.activities where status_key like 'word%'"
    )
    company.activity("again", "L-9", "status", after(5), status="Known 0")
    company.qualify(after(6))
    assert len(unnamed(company.connection)) == MAX_WORDS
    # A word on record is still followed.
    assert company.connection.execute(
        "select last_occurred_at from lifecycle.unnamed_words where word_key = 'known0'"
    ).fetchall() == [(after(5),)]
    assert len(listed(company)) >= 10_000


@pytest.mark.parametrize(("reps", "expected"), [((), []), (("rep-1",), []), (("rep-2",), ["rep-1"])])
def test_salespeople_are_those_whom_the_crm_lists(
    company: Company, after: Any, reps: tuple[str, ...], expected: list[str]
) -> None:
    for rep in reps:
        company.connection.execute("insert into crm.reps values (%s, '{}', %s)", [rep, START])
    company.activity("a1", "L-9", "call", after(1), rep_id="rep-1")
    company.qualify(after(2))
    assert unnamed(company.connection) == [("salesperson", rep) for rep in expected]


def test_an_act_without_a_salesperson_names_nobody(company: Company, after: Any) -> None:
    company.connection.execute("insert into crm.reps values ('rep-2', '{}', %s)", [START])
    company.activity("a1", "L-9", "call", after(1), rep_id=None)
    company.activity("a2", "L-9", "call", after(1), rep_id="rep-1")
    company.qualify(after(2))
    assert unnamed(company.connection) == [("salesperson", "rep-1")]


def test_a_word_is_forgotten_after_ninety_days_without_use(company: Company, after: Any) -> None:
    company.activity("a1", "L-9", "status", after(0), status="nurturing")
    company.qualify(after(1))
    company.qualify(after(0) + timedelta(days=90))
    assert unnamed(company.connection) == [("status", "nurturing")]
    company.qualify(after(0) + timedelta(days=90, minutes=1))
    assert unnamed(company.connection) == []
