"""The pages Funnel and Attribution and economics as somebody uses them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from leadops.db import connect
from tests.browser.lead_ops import serve_pages
from tests.browser.test_lead_ops import START, Served, Watched, served, watched
from tests.cluster import database_of
from tests.conftest import PostgresServer
from tests.dashboard.funnel_world import fill_funnel

__all__ = ["served", "watched"]

#: The days of START's page: 30 whole days of Tokyo.
BOUNDS = ("2026-10-30T15:00:00+00:00", "2026-11-29T15:00:00+00:00")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def pages(postgres: PostgresServer) -> Iterator[Served]:
    """The pages of a database that has nothing but this company, so that every number can be counted."""
    found = Served()
    with database_of(postgres, "lead_ops_funnel") as url:
        with connect(url) as connection:
            fill_funnel(connection, START)
        with serve_pages(url, clock=lambda: found.now, reader=lambda: found.reader) as address:
            found.address, found.database_url = address, url
            yield found


def ask(served: Served, query: str, *values: Any) -> Any:
    """Count in another shape than the pages do: the stages themselves."""
    with connect(served.database_url) as connection:
        row = connection.execute(query.encode(), list(values)).fetchone()
    assert row
    return row[0]


def count_stage(served: Served, stage: str, campaign: str | None = None) -> int:
    return int(
        ask(
            served,
            "select count(*) from lifecycle.counted_transitions where stage = %s and occurred_at >= %s"
            " and occurred_at < %s and (%s::text is null or campaign = %s)",
            *(stage, *BOUNDS, campaign, campaign),
        )
    )


def test_the_numbers_are_those_of_the_stages_and_open_their_rows(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/funnel?lang=en")
    mqls, sqls = count_stage(served, "mql"), count_stage(served, "sql")
    assert mqls > sqls > 0
    expect(page.locator("[data-figure=mqls]")).to_have_text(str(mqls))
    expect(page.locator("[data-figure=sqls]")).to_have_text(str(sqls))
    expect(page.locator("[data-figure=wons]")).to_have_text(str(count_stage(served, "won")))
    expect(page.locator("tfoot td").nth(1)).to_have_text(str(mqls))
    page.locator("[data-figure=mqls]").click()
    expect(page.get_by_role("heading", name=f"{mqls} MQLs")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(min(50, mqls))
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody tr")).to_have_count(mqls - 50)
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)


def test_a_name_from_outside_is_text_and_its_number_opens_its_rows(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/funnel?lang=en")
    row = page.locator("tbody tr", has_text=HOSTILE)
    expect(row.locator("th")).to_have_text(HOSTILE)
    count = count_stage(served, "mql", HOSTILE)
    row.locator("td").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", name=f"{count} MQLs")).to_be_visible()
    expect(page.locator(".chip")).to_have_text(f"Campaign: {HOSTILE}")
    assert page.locator("img").count() == 0


def test_the_field_is_grouped_sorted_filtered_and_downloaded(
    served: Served, watched: Watched, tmp_path: Path
) -> None:
    page = watched.open(f"{served.address}/funnel?lang=en")
    field = page.locator("main .card").last
    page.get_by_role("button", name="Salesperson").click()
    expect(field.locator("tbody th").first).to_have_text("Ann Abe")
    page.get_by_role("button", name="Campaign", exact=True).click()
    column = field.get_by_role("columnheader", name="Campaign")
    column.get_by_role("button").click()
    expect(column).to_have_attribute("aria-sort", "ascending")
    expect(field.locator("tbody th").first).to_have_text(HOSTILE)
    page.get_by_label("Filter by name").fill("SPRING")
    page.get_by_label("Filter by name").press("Enter")
    expect(field.locator("tbody th")).to_have_text(["spring launch"])
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "funnel.csv")
    text = (tmp_path / "funnel.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["campaign"], int(row["mqls"])) for row in rows] == [
        ("spring launch", count_stage(served, "mql", "spring launch"))
    ]


def test_another_period_is_chosen_and_kept_in_the_address(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/funnel?lang=en")
    page.get_by_role("button", name="7 days", exact=True).click()
    expect(page.locator("[data-figure=mqls]")).to_have_text("14")
    assert "from=2026-11-23&to=2026-11-29" in page.url
    page.reload()
    expect(page.locator("[data-figure=mqls]")).to_have_text("14")


def test_the_calculator_answers_while_one_types(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/credits?lang=en")
    for side in ("Today", "What if"):
        for name, text in (("MQLs", "1200"), ("SQL rate, %", "15"), ("Win rate, %", "22")):
            page.get_by_label(f"{name}, {side}").fill(text)
    expect(page.locator("[data-result=won]")).to_have_text("39.6")
    page.get_by_label("SQL rate, %, What if").fill("29")
    # 1,200 x 0.29 x 0.22 = 76.56, and 0.29 is 1.93 times 0.15.
    expect(page.locator("[data-result=won]")).to_have_text("76.6")
    expect(page.get_by_text("1.93 times as many deals.")).to_be_visible()
    page.get_by_label("SQL rate, %, What if").fill("120")
    expect(page.get_by_role("alert")).to_contain_text("SQL rate, %, What if: give a number from 0 to 100.")


def test_a_month_is_chosen_and_credits_change_with_what_gets_them(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/credits?lang=en")
    expect(page.get_by_role("heading", name="Oct 2026 by campaign")).to_be_visible()
    lift = page.get_by_role("region", name="What nurture programmes add").get_by_role("row").last
    expect(lift.get_by_role("cell")).to_have_text(
        ["40", "25%", "40", "15%", "7", "+10.0 (-7.5 to +26.8)", "Too early: 1,000 more people"]
    )
    page.get_by_role("link", name="Sep 2026").click()
    expect(page.get_by_role("heading", name="Sep 2026 by campaign")).to_be_visible()
    assert "month=2026-09" in page.url
    page.get_by_role("button", name="Campaign", exact=True).click()
    expect(page.get_by_role("rowheader", name="spring launch").last).to_be_visible()
