"""Salesforce's feeds in SOQL: pages, equal stamps, what commits late, what is deleted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops_sandbox.products.salesforce.soql import SoqlError, parse_query

from ..conftest import Serve
from .conftest import DATA, SalesforceCaller
from .test_composite import FIRST, STEP


def test_pages_go_on_from_where_they_ended(serve: Serve) -> None:
    salesforce = SalesforceCaller(serve("salesforce", settings={"query_page": 2}))
    made = [salesforce.make(number) for number in range(5)]
    first = salesforce.query("SELECT Id FROM Lead ORDER BY SystemModstamp, Id").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (5, False, 2)
    seen, page = [row["Id"] for row in first["records"]], first
    while not page["done"]:
        page = salesforce("GET", page["nextRecordsUrl"]).json()
        seen += [row["Id"] for row in page["records"]]
    assert seen == made
    assert page["totalSize"] == 5
    assert salesforce("GET", f"{DATA}/query/nobody-2").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_equal_stamps_at_the_edge_of_a_page_are_read_by_the_id(salesforce: SalesforceCaller) -> None:
    made = [salesforce.make(number) for number in range(5)]
    cursor: tuple[str, str] = ("2026-07-01T00:00:00Z", "")
    seen: list[str] = []
    for _ in range(3):
        rows = salesforce.rows(
            "SELECT Id, SystemModstamp FROM Lead "
            f"WHERE SystemModstamp > {cursor[0]} OR (SystemModstamp = {cursor[0]} AND Id > '{cursor[1]}') "
            "ORDER BY SystemModstamp, Id LIMIT 2"
        )
        seen += [row["Id"] for row in rows]
        cursor = (rows[-1]["SystemModstamp"].replace("+0000", "Z"), rows[-1]["Id"])
    assert seen == made
    assert cursor[0] == "2026-07-01T01:00:00.000Z"


def test_a_row_that_commits_late_has_an_older_stamp_than_the_cursor(serve: Serve) -> None:
    late = {"feed_late_share": 1, "feed_late_seconds": 90}
    running = serve("salesforce", settings=late)
    salesforce = SalesforceCaller(running)
    made = salesforce.make(1)
    feed = "SELECT Id, SystemModstamp FROM Lead WHERE SystemModstamp >= 2026-07-01T00:00:00Z"
    running.clock.forward(seconds=60)
    assert salesforce.rows(feed) == []
    # A query that is not a feed sees it: only feeds are late.
    assert salesforce.rows("SELECT Id FROM Lead WHERE LeadOps_Id__c = 'lead-1'") == [{"Id": made}]
    window = {"start": "2026-07-01T00:00:00Z", "end": "2026-07-01T02:00:00Z"}
    updated = salesforce("GET", f"{DATA}/sobjects/Lead/updated/", params=window).json()
    assert updated == {"ids": [], "latestDateCovered": "2026-07-01T01:00:00.000+0000"}
    running.clock.forward(seconds=30)
    assert salesforce.rows(feed) == [{"Id": made, "SystemModstamp": "2026-07-01T01:00:00.000+0000"}]
    updated = salesforce("GET", f"{DATA}/sobjects/Lead/updated/", params=window).json()
    assert updated == {"ids": [made], "latestDateCovered": "2026-07-01T01:01:30.000+0000"}


def test_the_work_of_sales_is_tasks_events_and_history(salesforce: SalesforceCaller) -> None:
    aoi = salesforce.rows("SELECT Id FROM User WHERE Email = 'aoi.tanaka@sales.example'")[0]["Id"]
    made = salesforce.make(1, OwnerId=aoi)
    salesforce.running.clock.forward(minutes=5)
    for kind in ("call", "mail", "meeting"):
        salesforce.act(FIRST, kind)
    salesforce.act(FIRST, "status", status="taken")
    tasks = salesforce.rows("SELECT WhoId, OwnerId, TaskSubtype, SystemModstamp FROM Task ORDER BY Id")
    same = {"WhoId": made, "OwnerId": aoi, "SystemModstamp": "2026-07-01T01:05:00.000+0000"}
    assert tasks == [same | {"TaskSubtype": "Call"}, same | {"TaskSubtype": "Email"}]
    assert salesforce.rows("SELECT WhoId FROM Event") == [{"WhoId": made}]
    history = salesforce.rows("SELECT Field, OldValue, NewValue, CreatedById FROM LeadHistory ORDER BY Id")
    assert [row["Field"] for row in history] == ["created", "Owner", "Owner", "Status"]
    assert (history[1]["NewValue"], history[2]["NewValue"]) == ("Aoi Tanaka", aoi)
    assert history[3] == {
        "Field": "Status",
        "OldValue": "Open - Not Contacted",
        "NewValue": "Working - Contacted",
        "CreatedById": aoi,
    }


def test_a_merged_lead_is_deleted_and_names_its_master(salesforce: SalesforceCaller) -> None:
    loser, survivor = salesforce.make(1), salesforce.make(2)
    merge = {"into": FIRST + STEP, "score": "keep"}
    assert salesforce.running.admin("POST", f"/_ma/leads/{FIRST}/merge", merge).status_code == 200
    soql = "SELECT Id, IsDeleted, MasterRecordId FROM Lead WHERE IsDeleted = true"
    assert salesforce.rows(soql) == []
    everything = salesforce("GET", f"{DATA}/queryAll", params={"q": soql}).json()["records"]
    assert [(row["Id"], row["MasterRecordId"]) for row in everything] == [(loser, survivor)]
    window = {"start": "2026-07-01T00:00:00Z", "end": "2026-07-01T02:00:00Z"}
    deleted = salesforce("GET", f"{DATA}/sobjects/Lead/deleted/", params=window).json()
    assert [row["id"] for row in deleted["deletedRecords"]] == [loser]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Leads", "INVALID_TYPE"),
        ("SELECT Nothing__c FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Nothing__c = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Id = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY"),
        ("UPDATE Lead", "MALFORMED_QUERY"),
    ],
)
def test_what_is_not_soql_is_refused(salesforce: SalesforceCaller, soql: str, code: str) -> None:
    answer = salesforce.query(soql)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


ROW: dict[str, Any] = {
    "Name": "O'Neil",
    "Score": 7.0,
    "Gone": None,
    "Done": False,
    "At": datetime(2026, 7, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("Name = 'o\\'neil'", True),
        ("Name LIKE 'o%'", True),
        ("Name IN ('a', 'O\\'Neil')", True),
        ("Name NOT IN ('a')", True),
        ("Score >= 7 AND Score < 8", True),
        ("Score > 7 OR Done = true", False),
        ("NOT (Score = 7)", False),
        ("Gone = null AND Name != null", True),
        ("Gone < 5", False),
        ("At > 2026-07-01T00:59:59Z", True),
        ("At <= 2026-07-01T09:59:59+09:00", False),
        ("(Score = 1 OR Score = 7) AND Done = false", True),
    ],
)
def test_conditions_by_hand(condition: str, holds: bool) -> None:
    query = parse_query(
        f"SELECT Name FROM X WHERE {condition} ORDER BY Name DESC NULLS LAST LIMIT 5 OFFSET 2"
    )
    assert query.condition(ROW.get) is holds
    assert (query.order, query.limit, query.offset) == ([("Name", True)], 5, 2)


def test_a_query_needs_its_words() -> None:
    for broken in ("SELECT", "SELECT A FROM B WHERE C ! 1", "SELECT A FROM B LIMIT x", "SELECT A, FROM B C"):
        with pytest.raises((SoqlError, ValueError)):
            parse_query(broken)
