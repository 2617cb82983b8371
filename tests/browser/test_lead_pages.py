"""The pages of a lead and of response times in a real Chromium: what a salesperson does with them."""

from datetime import timedelta

from playwright.sync_api import expect

from leadops.dashboard.reader import Reader
from leadops.db import connect
from tests.browser.test_lead_ops import START, Served, Watched, pages, served, watched
from tests.dashboard.lead_world import HANAKO, KENJI, OWN, SECOND

__all__ = ["pages", "served", "watched"]


def test_a_search_leads_to_the_lead_and_back(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/leads?lang=en")
    page.get_by_label("Number, mail or company").fill("Acme Inc")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text="kenji@acme.example")).to_contain_text("64")
    page.get_by_role("link", name=f"Lead {HANAKO}").click()
    expect(page.get_by_role("heading", name="hanako@acme.example")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Number, mail or company")).to_have_value("Acme Inc")
    expect(page.get_by_role("link", name=f"Lead {KENJI}")).to_be_visible()


def test_a_number_opens_the_lead_at_once(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/leads?lang=en")
    page.get_by_label("Number, mail or company").fill(str(SECOND))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="hanako@acme.example")).to_be_visible()


def test_what_is_typed_is_text_and_nothing_else(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/leads?lang=en")
    page.get_by_label("Number, mail or company").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No lead begins like this.")).to_be_visible()
    assert page.locator("img").count() == 0


def test_what_would_make_it_mql_stands_above_the_story(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/leads/{KENJI}?lang=en")
    outlook = page.locator("section.outlook")
    assert [line for line in outlook.inner_text().splitlines() if line] == [
        "6 more points would make it MQL",
        "Missing: 6 of behaviour. One of these today is enough:",
        "registering for a webinar +8",
        "a search (query leadops) +12",
        "reading a comparison (dwell_seconds 60) +12",
        "a visit to a page (/pricing) +15",
        "a look at the prices +15",
        "and 3 more ways",
    ]
    page = watched.open(f"{served.address}/leads/{OWN}?lang=en")
    expect(page.locator("section.outlook")).to_contain_text("No points can make it MQL")


def test_the_story_is_told_in_words(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/leads/{HANAKO}?lang=en")
    items = page.locator("li.item")
    assert items.count() == 22
    opened = items.filter(has_text="Opened a mail")
    expect(opened.locator("s").first).to_have_text("Opened a mail")
    expect(opened).to_contain_text("a machine's act: network, 203.0.113.7 is listed")
    given = items.filter(has_text="Assigned to Anna Arai")
    given.get_by_text("1 salesperson was passed over").click()
    expect(given).to_contain_text("Ben Baba: has had 10 leads today, capacity 10")
    expect(given).to_contain_text("notified in Slack")
    expect(items.filter(has_text="set fields")).to_contain_text("the field of [e-mail] takes no such value")
    expect(items.filter(has_text="Behaviour got older (2 nights)")).to_contain_text("−3")
    page.get_by_role("button", name="What they did").click()
    expect(items.filter(has_text="Assigned")).to_have_count(0)
    expect(items.filter(has_text="Sent a form")).to_have_count(1)


def test_a_long_story_goes_on_when_asked(served: Served, watched: Watched) -> None:
    with connect(served.database_url) as connection:
        connection.execute(
            "with made as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
            " select 'long-' || n, 'page_view', %(now)s - n * interval '1 hour', %(now)s, '{}', 'write_key'"
            " from generate_series(1, 120) as n returning seq)"
            " insert into identity.resolved_events select seq, %(lead)s from made",
            {"now": START - timedelta(days=30), "lead": OWN},
        )
    page = watched.open(f"{served.address}/leads/{OWN}?lang=en")
    items = page.locator("li.item")
    expect(items).to_have_count(50)
    more = page.get_by_role("button", name="Show earlier")
    more.click()
    expect(items).to_have_count(100)
    more.click()
    expect(items).to_have_count(121)
    expect(page.get_by_text("That is all there is.")).to_be_visible()


def test_a_lead_that_is_not_there_says_so(served: Served, watched: Watched) -> None:
    for path in ("leads/999", "leads/x"):
        page = watched.open(f"{served.address}/{path}?lang=en")
        expect(page.locator(".failed")).to_be_visible()
    assert all("404" in text or "422" in text for text in watched.complaints)
    watched.complaints.clear()


def test_who_may_not_see_people_sees_masked_names(served: Served, watched: Watched) -> None:
    served.reader = Reader("vera", sees_people=False)
    page = watched.open(f"{served.address}/leads/{HANAKO}?lang=en")
    expect(page.get_by_role("heading", name="h•••@a•••")).to_be_visible()
    assert "acme" not in page.locator("main").inner_text().lower()
    page = watched.open(f"{served.address}/leads?q=acme&lang=en")
    expect(page.get_by_text("You can search by number only.")).to_be_visible()


def test_response_times_are_compared_by_rep_campaign_and_hour(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/response-times?lang=en")
    # The funnel of this database has answers too: the median of all is not that of Anna and her colleagues.
    expect(page.locator("article, .figure").first).to_contain_text("Median until contact")
    page.get_by_text("Show the numbers").click()
    anna = page.get_by_role("row").filter(has_text="Anna Arai").first
    expect(anna).to_contain_text("35 min")
    far = page.get_by_role("row").filter(has_text="moved on 2 times")
    expect(far).to_contain_text("came after hours")
    page.get_by_role("button", name="By campaign").click()
    expect(page.get_by_role("heading", name="Far longer, or far shorter")).to_be_visible()
    expect(page.get_by_text("Time until contact, by campaign").first).to_be_visible()
    assert "by=by_campaign" in page.url
    page.get_by_role("button", name="7 days", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="moved on 2 times")).to_have_count(0)
