"""The page Funnel over HTTP: values worked by hand, equal to the CLI's, and the rows behind them."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli import funnel as funnel_command
from leadops.migrations.rights import Part
from tests.funnel.conftest import Books, at, books, on
from tests.roles import as_role

from .conftest import OP, VIEWER, Open

__all__ = ["books"]

#: Ten days, and with them the ten before: 05-22 to 05-31.
PERIOD = {"from": "2026-06-01", "to": "2026-06-10"}
HOSTILE = '=hyperlink("http://evil.example")<script>'


@pytest.fixture
def company(books: Books) -> Books:
    """Of 05-22 to 05-31 two MQLs, one SQL; of 06-01 to 06-10 four MQLs, two SQLs, two deals won, one lost."""
    for day in ("05-22", "05-31"):
        lead = books.mql(at(f"{day} 10:00"))
    books.reach(lead, "sql", at("05-31 12:00"))
    ann = [books.mql(at(f"06-0{day} 09:00")) for day in (1, 2)]
    for lead in ann:
        books.reach(lead, "sal", at("06-03 09:00"), evidence={"rep_id": "ann"})
    books.reach(ann[0], "sql", at("06-04 09:00"))
    books.reach(ann[0], "won", at("06-05 09:00"), value=1_000)
    bob = books.mql(at("06-02 10:00"), campaign=HOSTILE, source=None)
    books.place(bob, "bob", at("06-02 10:00"))
    books.reach(bob, "sql", at("06-03 10:00"), campaign=HOSTILE, source=None)
    books.reach(bob, "won", at("06-10 10:00"), campaign=HOSTILE, source=None)  # nobody knows its value
    lost = books.mql(at("06-10 23:59"), campaign=None, source=None)
    books.reach(lost, "lost", at("06-10 23:59"), campaign=None, source=None)
    early = books.lead(at("06-01 12:00"))
    books.reach(early, "mql", at("06-20 12:00"))
    books.reach(early, "sal", at("06-03 12:00"))  # before its MQL: left out
    books.refresh_all(on("05-22"), on("06-10"))
    books.connection.execute(
        "insert into crm.reps values ('ann', '{\"name\": \"Ann Abe\"}', now())",
    )
    books.connection.execute(
        "update identity.leads set email = 'p' || lead_id || '@buyer.example'",
    )
    books.connection.commit()
    return books


def test_the_executive_view_is_a_period_beside_the_one_before(company: Books, dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("api/funnel", **PERIOD)
    names = ("leads", "mqls", "sals", "sqls", "sql_rate", "wons", "losts", "value", "left_out")
    assert [answer["now"][name] for name in names] == [5, 4, 2, 2, 0.5, 2, 1, 1000.0, 1]
    assert [answer["before"][name] for name in names] == [2, 2, 0, 1, 0.5, 0, 0, 0.0, 0]
    assert (answer["now"]["wons_without_value"], answer["now"]["days_built"]) == (1, 10)
    assert (answer["before"]["first"], answer["before"]["last"]) == ("2026-05-22", "2026-05-31")
    assert [point["mqls"] for point in answer["trend"]] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert [point["mqls"] for point in answer["trend_before"]] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert sum(point["value"] for point in answer["trend"]) == 1000
    assert answer["as_of"] == "2026-11-30T03:00:00Z"


def test_the_numbers_are_those_of_the_command(
    company: Books, dashboard: Open, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    names = ("leads", "mqls", "sals", "sqls", "wons", "losts", "mqls_apart", "left_out")
    for by in ("campaign", "source", "rep"):
        words = ["show", "--from", PERIOD["from"], "--to", PERIOD["to"], "--by", by, "--json"]
        result = CliRunner().invoke(funnel_command.app, words, catch_exceptions=False)
        printed = json.loads(result.output)
        answer = dashboard(VIEWER).read("api/funnel", **PERIOD, by=by)
        sums: dict[Any, list[float]] = {}
        for row in printed:
            known = sums.setdefault(row["group"], [0.0] * (len(names) + 1))
            for place, name in enumerate((*names, "value")):
                known[place] += float(row[name])
        rows = {row["key"]: [row[name] for name in (*names, "value")] for row in answer["field"]["rows"]}
        assert rows == sums
        for name in (*names, "value"):
            assert answer["now"][name] == sum(float(row[name]) for row in printed), name
            assert answer["field"]["totals"][name] == answer["now"][name]


def test_salespeople_have_names_for_those_who_may_see_people(company: Books, dashboard: Open) -> None:
    def labels(reader: Any) -> dict[str | None, str | None]:
        rows = dashboard(reader).read("api/funnel", **PERIOD, by="rep")["field"]["rows"]
        return {row["key"]: row["label"] for row in rows}

    assert labels(OP) == {"ann": "Ann Abe", "bob": "bob", None: None}
    assert labels(VIEWER) == {"ann": "ann", "bob": "bob", None: None}


def test_the_field_view_is_sorted_and_filtered(company: Books, dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    by_value = pages.read("api/funnel", **PERIOD, sort="value")["field"]
    assert by_value["rows"][0]["key"] == "spring"
    upward = pages.read("api/funnel", **PERIOD, sort="mqls", desc="false")["field"]
    assert [row["mqls"] for row in upward["rows"]] == [1, 1, 2]
    only = pages.read("api/funnel", **PERIOD, q="SPRI")["field"]
    assert [row["key"] for row in only["rows"]] == ["spring"]
    assert (only["count"], only["totals"]["mqls"]) == (1, 2)
    # What is filtered is the field alone: management's numbers stay.
    assert pages.read("api/funnel", **PERIOD, q="nothing")["now"]["mqls"] == 4


def test_every_number_opens_its_rows(company: Books, dashboard: Open) -> None:
    pages = dashboard(OP)
    answer = pages.read("api/funnel", **PERIOD)
    for number in ("leads", "mqls", "sals", "sqls", "wons", "losts", "mqls_apart", "left_out"):
        opened = pages.read("api/funnel/rows", **PERIOD, number=number)
        assert (opened["count"], len(opened["rows"])) == (answer["now"][number],) * 2, number
    for row in answer["field"]["rows"]:
        opened = pages.read("api/funnel/rows", **PERIOD, number="mqls", campaign=row["key"] or "")
        assert len(opened["rows"]) == row["mqls"]
    won = pages.read("api/funnel/rows", **PERIOD, number="wons")["rows"]
    assert sum(row["value"] or 0 for row in won) == answer["now"]["value"]
    assert [(row["campaign"], row["rep"], row["value"]) for row in won] == [
        (HOSTILE, "bob", None),
        ("spring", "Ann Abe", 1000.0),
    ]
    (left_out,) = pages.read("api/funnel/rows", **PERIOD, number="left_out")["rows"]
    assert (left_out["stage"], left_out["counts_as"]) == ("sal", "before_mql")


def test_addresses_are_masked_for_viewers_and_each_look_is_recorded(company: Books, dashboard: Open) -> None:
    pages = dashboard(OP)
    rows = pages.read("api/funnel/rows", **PERIOD, number="mqls")["rows"]
    assert {row["email"] for row in rows} == {f"p{row['lead_id']}@buyer.example" for row in rows}
    assert sorted(pages.looks) == sorted((OP.name, row["lead_id"]) for row in rows)

    viewer = dashboard(VIEWER)
    answer = viewer.get("/leadops/api/funnel/rows", params={**PERIOD, "number": "mqls"})
    assert "buyer.example" not in answer.text
    assert "Ann Abe" not in answer.text
    assert {row["lead_id"] for row in answer.json()["rows"]} == {row["lead_id"] for row in rows}
    assert viewer.looks == []


def test_a_person_without_an_address_whose_company_is_shown_is_a_look_too(
    company: Books, dashboard: Open
) -> None:
    pages, write = dashboard(OP), company.connection.execute
    asked = {**PERIOD, "number": "mqls"}
    first, second, *_ = sorted({row["lead_id"] for row in pages.read("api/funnel/rows", **asked)["rows"]})
    write(
        "update identity.leads set email = null, account_id = null where lead_id in (%s, %s)", [first, second]
    )
    write(
        "with own as (insert into identity.accounts (domain, created_at) values ('firm.example', now())"
        " returning account_id)"
        " update identity.leads set account_id = own.account_id from own where lead_id = %s",
        [first],
    )
    company.connection.commit()
    pages.looks.clear()
    rows = pages.read("api/funnel/rows", **asked)["rows"]
    shown = {row["lead_id"]: (row["email"], row["company"]) for row in rows}
    assert (shown[first], shown[second]) == ((None, "firm.example"), (None, None))
    assert {lead for _, lead in pages.looks} == set(shown) - {second}


def test_pages_of_rows_are_whole(books: Books, dashboard: Open) -> None:
    leads = [books.mql(at(f"06-0{1 + number % 3} 10:00")) for number in range(103)]
    books.refresh_all(on("06-01"), on("06-03"))
    pages = dashboard(VIEWER)
    seen: list[int] = []
    after: dict[str, str] = {}
    sizes = []
    while True:
        answer = pages.read("api/funnel/rows", **PERIOD, number="mqls", **after)
        assert answer["count"] == 103
        seen += [row["lead_id"] for row in answer["rows"]]
        sizes.append(len(answer["rows"]))
        if not answer["next_after"]:
            break
        after = {"after": answer["next_after"]}
    assert sizes == [50, 50, 3]
    assert sorted(seen) == sorted(leads)


def test_the_csv_has_all_rows_and_no_formula(company: Books, dashboard: Open) -> None:
    answer = dashboard(OP).get("/leadops/api/funnel.csv", params={**PERIOD, "sort": "value"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="funnel-campaign-2026-06-01-2026-06-10.csv"'
    )
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert head[:3] == ["campaign", "leads", "mqls"]
    by_name = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(by_name) == {"spring", "'" + HOSTILE, "(none)"}
    assert (by_name["spring"]["value"], by_name["spring"]["sql_rate"]) == ("1000.00", "0.5")
    assert by_name["(none)"]["losts"] == "1"


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        ("api/funnel", {"from": "2026-06-02", "to": "2026-06-01"}, "is after to"),
        ("api/funnel", {"from": "2020-01-01", "to": "2026-06-01"}, "too many"),
        ("api/funnel", {"from": "yesterday"}, "is not a day"),
        ("api/funnel", {"by": "email"}, "by:"),
        ("api/funnel", {"sort": "email; drop table"}, "sort:"),
        ("api/funnel", {"page": "0"}, "page:"),
        ("api/funnel", {"q": "x" * 201}, "q:"),
        ("api/funnel/rows", {}, "number:"),
        ("api/funnel/rows", {"number": "passwords"}, "number:"),
        ("api/funnel/rows", {"number": "mqls", "after": "2026-06-31.1.1.mql"}, "after is not"),
        ("api/funnel/rows", {"number": "mqls", "after": "'; drop"}, "after is not"),
        ("api/funnel/rows", {"number": "mqls", "after": f"2026-06-01.1.{10**8}9.mql"}, "after is not"),
        ("api/funnel/rows", {"number": "mqls", "campaign": "\0"}, "cannot hold"),
        ("api/funnel.csv", {"by": "1"}, "by:"),
    ],
)
def test_what_cannot_be_asked_says_why(
    dashboard: Open, path: str, parameters: dict[str, str], says: str
) -> None:
    assert says in dashboard(OP).refuse(path, 422, **parameters)


def test_hostile_filters_find_nothing(company: Books, dashboard: Open) -> None:
    pages = dashboard(OP)
    for hostile in ("' or 1=1 --", "%", "\u202e", "{{7*7}}"):
        found = pages.read("api/funnel/rows", **PERIOD, number="mqls", campaign=hostile, rep=hostile)
        assert (found["count"], found["rows"]) == (0, [])
        assert pages.read("api/funnel", **PERIOD, q=hostile)["field"]["rows"] == []


def test_a_period_of_which_nothing_is_built_says_so(dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("api/funnel")
    assert (answer["now"]["days"], answer["now"]["days_built"]) == (30, 0)
    assert (answer["now"]["first"], answer["now"]["last"]) == ("2026-10-31", "2026-11-29")
    assert (answer["now"]["sql_rate"], answer["now"]["cac"]["reason"]) == (None, "no_month")
    assert answer["economics_day"] is None


def test_a_day_that_was_touched_since_is_said(company: Books, dashboard: Open) -> None:
    company.reach(company.lead(at("06-05 10:00")), "mql", at("06-05 10:00"))
    company.refresh(on("06-11"), settings=company.settings.model_copy(update={"dirty_days_at_most": 0}))
    assert dashboard(VIEWER).read("api/funnel", **PERIOD)["now"]["days_stale"] == 1


@pytest.mark.parametrize(
    ("days", "points", "first_length"), [(92, 92, 1), (93, 14, 2), (400, 58, 1), (401, 15, 9)]
)
def test_a_long_trend_has_fewer_points_and_the_newest_are_whole(
    dashboard: Open, days: int, points: int, first_length: int
) -> None:
    last = date(2026, 11, 29)
    first = date.fromordinal(last.toordinal() - days + 1)
    trend = dashboard(VIEWER).read("api/funnel", **{"from": str(first), "to": str(last)})["trend"]
    assert len(trend) == points
    assert (trend[0]["first"], trend[-1]["last"]) == (str(first), str(last))
    lengths = [
        (date.fromisoformat(point["last"]) - date.fromisoformat(point["first"])).days + 1 for point in trend
    ]
    assert lengths[0] == first_length
    assert set(lengths[1:]) == {1 if days <= 92 else 7 if days <= 400 else 28}
    assert sum(lengths) == days


#: A salesperson and a campaign whose names are addresses, as some CRMs and tools for mails have them.
ADDRESS_REP, ADDRESS_CAMPAIGN = "ken.abe@seller.example", "for hana%40buyer.example"


def test_addresses_in_names_are_masked_for_viewers_wherever_they_stand(books: Books, dashboard: Open) -> None:
    """Each route with parameters that show them; what is chosen by a masked name is what stands behind it."""
    for rep in (ADDRESS_REP, "kai@seller.example"):
        lead = books.mql(at("06-02 10:00"), campaign=ADDRESS_CAMPAIGN)
        books.place(lead, rep, at("06-02 10:00"))
        books.reach(lead, "sal", at("06-02 11:00"), evidence={"rep_id": rep})
    books.refresh_all(on("06-01"), on("06-10"))
    books.connection.commit()
    viewer, op = dashboard(VIEWER), dashboard(OP)
    paths = [
        route.path for route in viewer.app_of_pages.routes if getattr(route, "path", "").startswith("/api")
    ]
    texts = {
        f"{path} by {by}": viewer.get(
            f"/leadops{path.replace('{lead_id}', str(lead))}", params={**PERIOD, "by": by, "number": "sals"}
        ).text
        for path in paths
        for by in ("campaign", "rep")
    }
    assert [name for name, text in texts.items() if "seller.example" in text or "buyer.example" in text] == []
    assert all(
        "k•••@s•••#" in texts[f"/api/{name} by rep"] for name in ("funnel", "funnel.csv", "response-times")
    )

    shown = viewer.read("api/funnel", **PERIOD, by="rep")["field"]["rows"]
    masked = [row["key"] for row in shown if row["sals"]]
    assert len(set(masked)) == 2
    for key in masked:
        assert viewer.read("api/funnel/rows", **PERIOD, number="sals", rep=key)["count"] == 1
    campaigns = viewer.read("api/funnel", **PERIOD)["field"]["rows"]
    (campaign,) = [row for row in campaigns if row["label"].startswith("for h•••@b•••#")]
    assert viewer.read("api/funnel/rows", **PERIOD, number="mqls", campaign=campaign["key"])["count"] == 2
    # Nobody finds an address letter by letter.
    assert viewer.read("api/funnel", **PERIOD, by="rep", q="seller.ex")["field"]["count"] == 0
    assert op.read("api/funnel", **PERIOD, by="rep", q="seller.ex")["field"]["count"] == 2
