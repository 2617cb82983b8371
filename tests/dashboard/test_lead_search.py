"""Who is found by what is typed: number, ids elsewhere, mail, company, domain; and who finds whom."""

import json
from typing import Any

import pytest

from leadops.dashboard.lead_search import queries
from leadops.db import Connection

from .conftest import NOW, OP, VIEWER, Open
from .lead_world import HANAKO, KENJI, OWN, SECOND, fill_lead


@pytest.fixture(autouse=True)
def filled(connection: Connection) -> None:
    fill_lead(connection, NOW)
    connection.execute(
        "with made as (insert into identity.accounts (domain, created_at) values ('acme.example', now())"
        " returning account_id) update identity.leads set account_id = account.account_id"
        " from made as account where lead_id = %s",
        [KENJI],
    )
    connection.commit()


def find(dashboard: Open, text: str) -> list[tuple[int, str]]:
    return [(lead["lead_id"], lead["found_by"]) for lead in dashboard(OP).read("api/leads", q=text)["leads"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (str(HANAKO), [(HANAKO, "number")]),
        (f"  {HANAKO}  ", [(HANAKO, "number")]),
        ("７００１", [(HANAKO, "number")]),
        (str(SECOND), [(HANAKO, "number")]),
        ("48211", [(HANAKO, "ma")]),
        ("hanako@acme.example", [(HANAKO, "mail")]),
        ("HANAKO@Acme.Example", [(HANAKO, "mail")]),
        ("hanako＠acme", [(HANAKO, "mail")]),
        ("hanako", [(HANAKO, "mail")]),
        ("kenji@", [(KENJI, "mail")]),
        ("acme", [(HANAKO, "company"), (KENJI, "company")]),
        ("ACME", [(HANAKO, "company"), (KENJI, "company")]),
        ("Acme, Inc.", [(HANAKO, "company"), (KENJI, "company")]),
        ("株式会社acme", [(HANAKO, "company"), (KENJI, "company")]),
        ("ac", [(HANAKO, "company"), (KENJI, "company")]),
        ("acme.ex", [(KENJI, "domain")]),
        ("us", [(OWN, "company")]),
        ("7777", []),
        ("nobody", []),
        ("uzuki", []),
    ],
)
def test_it_is_found_by_how_it_begins(dashboard: Open, text: str, found: list[tuple[int, str]]) -> None:
    assert find(dashboard, text) == found


def test_an_id_of_the_crm_that_is_not_a_number_is_found_as_it_is_written(dashboard: Open) -> None:
    assert find(dashboard, " L-1007 ") == [(HANAKO, "crm")]
    assert find(dashboard, "L-100") == []
    assert find(dashboard, "l-1007") == []


def test_a_result_says_how_the_lead_stands(dashboard: Open) -> None:
    [lead] = dashboard(OP).read("api/leads", q=str(SECOND))["leads"]
    assert lead == {
        "lead_id": HANAKO,
        "found_by": "number",
        "found_lead_id": SECOND,
        "email": "hanako@acme.example",
        "company": "株式会社Acme",
        "is_erased": False,
        "grade": "A2",
        "shown": 87,
        "stage": "sal",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "empty"), ("   ", "empty"), ("\u200b", "empty"), ("a", "short"), ("株", "short")],
)
def test_what_cannot_be_looked_for_says_why(dashboard: Open, text: str, problem: str) -> None:
    answer = dashboard(OP).read("api/leads", q=text)
    assert (answer["leads"], answer["problem"]) == ([], problem)


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "%%",
        "__",
        "a%",
        "' or 1=1 --",
        '"; drop table identity.leads; --',
        "<script>alert(1)</script>",
        "\x00\x00abc",
        "\ud800x".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "\U0010ffff\U0010ffff",
        "9" * 18,
        "9" * 19,
        "9" * 300,
        "-5",
        "1e9",
        "x" * 999,
        "@@",
        "@",
        "../../etc/passwd",
        "{{7*7}}",
        "ａ" * 200,
    ],
)
def test_whatever_is_typed_is_harmless(dashboard: Open, text: str) -> None:
    pages = dashboard(OP)
    answer: dict[str, Any] = pages.read("api/leads", q=text)
    assert answer["leads"] == []
    assert text[:20] not in json.dumps(answer) or len(text) < 3, "it is not repeated"


def test_a_text_that_is_far_too_long_is_refused(dashboard: Open) -> None:
    assert "q:" in dashboard(OP).refuse("api/leads", 422, q="x" * 1001)


def test_who_may_not_see_people_finds_by_number_alone(dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    [lead] = pages.read("api/leads", q=str(HANAKO))["leads"]
    assert (lead["email"], lead["company"]) == ("h•••@a•••", "株•••")
    for text in ("hanako@acme.example", "acme", "48211"):
        answer = pages.read("api/leads", q=text)
        assert answer["leads"] == []
    assert pages.read("api/leads", q="acme")["problem"] == "number_only"
    assert pages.looks == []


def test_each_person_whose_name_is_shown_is_on_record(dashboard: Open) -> None:
    pages = dashboard(OP)
    pages.read("api/leads", q="acme")
    assert pages.looks == [("otto", HANAKO), ("otto", KENJI)]


def test_twenty_are_listed_and_it_says_that_there_are_more(dashboard: Open, connection: Connection) -> None:
    connection.execute(
        "with made as (insert into identity.leads (email, created_at, first_event_seq)"
        " select 'many' || to_char(n, 'FM00') || '@x.example', now(), 0 from generate_series(0, 29) as n"
        " returning lead_id, email)"
        " insert into identity.aliases (kind, value, lead_id, linked_at)"
        " select 'email', email, lead_id, now() from made"
    )
    connection.commit()
    answer = dashboard(OP).read("api/leads", q="many")
    assert [lead["email"][:6] for lead in answer["leads"]] == [f"many{number:02}" for number in range(20)]
    assert answer["has_more"]
    answer = dashboard(OP).read("api/leads", q="many1")
    assert (len(answer["leads"]), answer["has_more"]) == (10, False)


def test_an_index_answers_each_way_of_searching(connection: Connection) -> None:
    """With a million leads a search that reads a whole table takes seconds."""
    connection.execute(
        "insert into identity.leads (lead_id, email, created_at, first_event_seq) overriding system value"
        " select 100000 + n, 'p' || n || '@x.example', now(), 0 from generate_series(1, 20000) as n;"
        "insert into identity.aliases (kind, value, lead_id, linked_at)"
        " select 'email', email, lead_id, now() from identity.leads where email like 'p%'"
        " on conflict do nothing;"
        "insert into identity.traits (lead_id, trait, value, ts, event_id)"
        " select lead_id, 'company', to_jsonb('firm ' || lead_id), now(), 'e' from identity.leads"
        " on conflict do nothing;"
        "insert into identity.accounts (domain, created_at)"
        " select 'd' || n || '.example', now() from generate_series(1, 20000) as n;"
        "analyze identity.leads, identity.aliases, identity.traits, identity.accounts;"
    )
    for statement, index in (
        ("find_by_mail", "aliases_email"),
        ("find_by_company", "traits_company"),
        ("find_by_domain", "accounts_domain"),
    ):
        plan = connection.execute(
            "explain " + queries.statements[statement],
            {"prefix": "p77", "above": "p77\U0010ffff", "max_rows": 60},
        ).fetchall()
        assert any(index in line for (line,) in plan), (statement, plan)
