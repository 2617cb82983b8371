"""The pages Threshold and Delivery and the tab of runs, as a person uses them, in a real Chromium."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from leadops.dashboard.reader import Reader
from leadops.db import connect
from leadops.incidents.task_results import TaskResult, record_result
from tests.browser.test_lead_ops import START, Served, Watched, pages, served, watched
from tests.dashboard.operations_world import ASKING_RUN, HOSTILE, SCORING_RUN

__all__ = ["pages", "served", "watched"]

#: What Airflow lets a page in its frame do.
SANDBOX = "allow-scripts allow-same-origin allow-forms allow-downloads"


def fetch(page: Page, path: str) -> Any:
    """Return the JSON that the page's own script gets."""
    return page.evaluate("path => fetch(path).then((answer) => answer.json())", path)


def read_cells(page: Page, caption: str) -> list[list[str]]:
    """Return the rows of a table."""
    table = page.get_by_role("table", name=caption, exact=True)
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]


@pytest.fixture
def threshold(served: Served, watched: Watched) -> Page:
    return watched.open(f"{served.address}/threshold?lang=en")


def test_the_sliders_answer_with_the_numbers_of_the_server(threshold: Page) -> None:
    before = read_cells(threshold, "What if?")
    assert [row[2] for row in before] == ["–"] * 7
    threshold.get_by_label("Salespeople").fill("5")
    threshold.get_by_label("First contact within").fill("1")
    expect(threshold.locator("#what-if-answer")).to_contain_text("5 salespeople and 60 min")
    answer = fetch(threshold, "api/threshold/what-if?salespeople=5&sla_minutes=60")["what_if"]
    there, best = answer["what_if"]["forecast"], answer["best"]
    rows = {row[0]: row[1:] for row in read_cells(threshold, "What if?")}
    assert rows["Threshold"] == ["60 points", "60 points", f"{best['threshold']:g} points"]
    assert rows["First contact within"] == ["240 min", "60 min", "60 min"]
    assert rows["SQLs"] == [f"{answer['today']['sqls']:.2f}", f"{there['sqls']:.2f}", f"{best['sqls']:.2f}"]
    assert rows["Contacted in time"][1] == f"{there['in_time']:.0%}"
    assert answer["today"]["sqls"] < there["sqls"]
    threshold.get_by_role("button", name="As today").click()
    expect(threshold.locator("#what-if-answer")).to_have_text("")
    assert read_cells(threshold, "What if?") == before


def test_a_slider_is_moved_by_the_keyboard_and_says_its_value(threshold: Page) -> None:
    slider = threshold.get_by_label("Salespeople")
    expect(slider).to_have_attribute("aria-valuetext", "3 salespeople")
    slider.focus()
    threshold.keyboard.press("ArrowLeft")
    threshold.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "1 salesperson")
    expect(threshold.locator("#what-if-answer")).to_contain_text("1 salesperson and 240 min")


def test_the_table_of_the_chart_has_the_curve(threshold: Page) -> None:
    points = fetch(threshold, "api/threshold")["forecast"]["curve"]
    threshold.get_by_text("Show the numbers").first.click()
    rows = read_cells(threshold, "SQLs a week over the threshold, with the 90% interval")
    assert [float(row[0]) for row in rows] == [point["forecast"]["threshold"] for point in points]
    for row, point in zip(rows, points, strict=True):
        shown = [float(cell) for cell in row[1:4]]
        assert shown == pytest.approx([point["forecast"]["sqls"], point["low"], point["high"]], abs=0.00501)


def test_nights_that_decided_the_same_are_one_line(threshold: Page) -> None:
    rows = read_cells(threshold, "Decisions")
    assert [row[:2] for row in rows] == [
        ["Nov 29, 2026", "Waits for a human"],
        ["Nov 18 – Nov 28, 2026", "Kept"],
        ["Nov 17, 2026", "Rolled back"],
        ["Oct 27, 2026", "Approved"],
        ["Oct 20, 2026", "Applied"],
    ]
    assert rows[2][2] == "64 points → 60 points"
    assert rows[3][3] == "+0.41 (+0.08 – +0.74)"


@pytest.fixture
def airflow(browser: Browser, served: Served) -> Iterator[Page]:
    """A page as Airflow's, with the page Threshold in its frame; it also serves Airflow's own form."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    outer = served.address.removesuffix("/leadops")

    def answer(route: Route) -> None:
        source = "/leadops/threshold?lang=en"
        frame = f'<iframe sandbox="{SANDBOX}" src="{source}" width="1200" height="800"></iframe>'
        own = route.request.url == f"{outer}/plugin"
        route.fulfill(content_type="text/html", body=frame if own else "<h1>Required actions</h1>")

    context.route(f"{outer}/plugin", answer)
    context.route("http://airflow.example/**", answer)
    page = context.new_page()
    page.goto(f"{outer}/plugin")
    yield page
    context.close()


def test_the_question_leads_out_of_the_frame_to_airflows_own_form(airflow: Page) -> None:
    link = airflow.frame_locator("iframe").get_by_role("link", name="Open the form in Airflow")
    address = (
        f"http://airflow.example/dags/retrain_thresholds/runs/{quote(ASKING_RUN, safe='')}/required_actions"
    )
    expect(link).to_have_attribute("href", address)
    link.click()
    airflow.wait_for_url(address)
    expect(airflow.get_by_role("heading", name="Required actions")).to_be_visible()


@pytest.fixture
def delivery(served: Served, watched: Watched) -> Page:
    return watched.open(f"{served.address}/delivery?lang=en")


def test_dead_letters_come_page_by_page(delivery: Page) -> None:
    total = sum(count["letters"] for count in fetch(delivery, "api/delivery")["dead_letters"])
    expect(delivery.locator(".figure", has_text="Dead letters").locator(".value")).to_have_text(str(total))
    more = delivery.get_by_role("button", name="Show more")
    seen = [25]
    assert len(read_cells(delivery, "Dead letters")) == 25
    while more.is_visible():
        more.click()
        expect(delivery.get_by_role("table", name="Dead letters").locator("tbody tr")).not_to_have_count(
            seen[-1]
        )
        seen.append(len(read_cells(delivery, "Dead letters")))
        expect(more).to_be_enabled() if seen[-1] < total else expect(more).to_be_hidden()
    assert seen == [25, 50, total]
    numbers = [int(row[0]) for row in read_cells(delivery, "Dead letters")]
    assert numbers == sorted(set(numbers))


def test_hostile_text_is_shown_as_it_is(delivery: Page) -> None:
    expect(delivery.get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert delivery.locator("main img").count() == 0


def test_a_quarantine_is_filtered_and_the_address_says_how(
    delivery: Page, served: Served, watched: Watched
) -> None:
    delivery.get_by_role("button", name="Refused forms").click()
    delivery.get_by_label("Reason").select_option("spam_links")
    expect(delivery.get_by_role("table", name="Refused forms").locator("tbody tr")).to_have_count(14)
    assert "list=forms" in delivery.url
    assert "reason=spam_links" in delivery.url
    again = watched.open(delivery.url)
    rows = read_cells(again, "Refused forms")
    assert len(rows) == 14
    assert all("Spam: links" in row[4] for row in rows)
    again.get_by_label("State").select_option("dropped")
    expect(again.get_by_text("There are no such forms.")).to_be_visible()


def test_a_command_is_copied(browser: Browser, served: Served) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(30_000)
    watched = Watched(context)
    page = watched.open(f"{served.address}/delivery?lang=en&list=events&reason=too_old")
    command = page.locator("td .command code").first.inner_text()
    assert command.startswith("leadops quarantine retry ")
    assert command.endswith(" --history")
    button = page.get_by_role("button", name=f"Copy: {command}")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == command
    context.close()
    assert watched.complaints == []


def test_a_viewer_sees_the_lists_too(served: Served, watched: Watched) -> None:
    served.reader = Reader("vera", sees_people=False)
    page = watched.open(f"{served.address}/delivery?lang=en&list=events")
    assert len(read_cells(page, "Refused events")) == 25


def test_a_run_says_what_each_task_did(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/runs/score_leads/{quote(SCORING_RUN, safe='')}?lang=en")
    expect(page.locator("main")).to_contain_text(
        "Events taken: 14, New leads: 2, Points: 98, New MQLs: 2, Leads with a new owner: 2"
    )
    assert page.get_by_role("heading", level=2).all_inner_texts().count("push") == 2
    expect(page.get_by_text("Try 2, 11:59:40", exact=True)).to_be_visible()
    page.get_by_role("link", name="The last runs of this DAG").click()
    expect(page.get_by_role("table", name="The last runs")).to_be_visible()
    rows = read_cells(page, "The last runs")
    assert len(rows) == 20
    assert rows[0] == ["Nov 30, 2026, 11:59", "Scheduled", "14", "2", "98", "0", "2", "0", "2"]
    page.get_by_role("link", name="Nov 30, 2026, 11:58").click()
    expect(page.get_by_text("Nothing was waiting: every count is 0.")).to_be_visible()


def test_a_run_that_ends_shows_without_a_reload(served: Served, watched: Watched) -> None:
    """Nothing is on record, then one task is: the tab looks again by itself."""
    page = watched.open(f"{served.address}/runs/a_dag/a%2Frun%3F?lang=en")
    expect(page.get_by_text("Nothing of this run is on record.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("a_dag · a/run?")
    with connect(served.database_url) as connection:
        result = TaskResult("a/run?", "manual", START, "count", 1, START, {"things_done": 3})
        record_result(connection, result, dag_id="a_dag")
    expect(page.get_by_role("row").filter(has_text="things done")).to_contain_text("3", timeout=60_000)


def test_an_unknown_dag_is_empty_and_harmless(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/runs/{quote(HOSTILE, safe='')}?lang=en")
    expect(page.get_by_text("No run of this DAG is on record.")).to_be_visible()
    expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert page.locator("main img").count() == 0
