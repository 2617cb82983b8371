"""Every Lead ops page in a real Chromium: both languages, light and dark, on a phone and on a desk."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from leadops.dashboard.pages import PAGES, read_texts
from leadops.dashboard.reader import Reader
from leadops.db import connect
from tests.browser.lead_ops import ADMIN, PREFIX, serve_pages
from tests.cluster import database_of
from tests.conftest import PostgresServer
from tests.dashboard.funnel_world import fill_funnel
from tests.dashboard.lead_world import HANAKO, fill_lead
from tests.dashboard.now_world import fill_now
from tests.dashboard.operations_world import SCORING_RUN, fill_delivery, fill_runs, fill_threshold
from tests.dashboard.response_world import fill_responses

VENDOR = Path(__file__).parent / "vendor"

#: What fills the database for the pages: functions of a connection and the time; each commits. The funnel
#: builds its days, so what writes into them comes after it.
FILLERS = [fill_now, fill_funnel, fill_threshold, fill_delivery, fill_runs, fill_lead, fill_responses]
#: The address of each page whose path has parameters.
ADDRESSES: dict[str, str] = {
    "runs": f"/runs/score_leads/{quote(SCORING_RUN, safe='')}",
    "lead": f"/leads/{HANAKO}",
}

#: A look is a language, a theme and a width. Each page is tried in two that have nothing in common, and its
#: neighbours in the other pairs. LEADOPS_LOOKS=all: every page in all eight.
LOOK_PAIRS = (
    (("en", "light", 1440), ("ja", "dark", 360)),
    (("en", "dark", 360), ("ja", "light", 1440)),
    (("en", "light", 360), ("ja", "dark", 1440)),
    (("en", "dark", 1440), ("ja", "light", 360)),
)


def list_looks() -> list[tuple[str, str, str, int]]:
    """Return (page, language, theme, width) of each look that is tried."""
    names = list(dict.fromkeys(page.name for page in PAGES))
    if os.environ.get("LEADOPS_LOOKS") == "all":
        return [(name, *look) for name in names for pair in LOOK_PAIRS for look in pair]
    return [(name, *look) for place, name in enumerate(names) for look in LOOK_PAIRS[place % len(LOOK_PAIRS)]]


#: The clock of the pages; a test moves it on.
START = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


class Served:
    """The pages of one database, and what a test may change about them."""

    def __init__(self) -> None:
        self.address = ""
        self.now = START
        self.reader: Reader | None = ADMIN
        self.database_url = ""

    def address_of(self, name: str) -> str:
        path = next(page.path for page in PAGES if page.name == name)
        return self.address + ADDRESSES.get(name, path)


@pytest.fixture(scope="module")
def pages(postgres: PostgresServer) -> Iterator[Served]:
    served = Served()
    with database_of(postgres, "lead_ops_pages") as url:
        with connect(url) as connection:
            for fill in FILLERS:
                fill(connection, START)
        with serve_pages(url, clock=lambda: served.now, reader=lambda: served.reader) as address:
            served.address, served.database_url = address, url
            yield served


@pytest.fixture
def served(pages: Served) -> Iterator[Served]:
    """The pages, as they were before."""
    yield pages
    pages.now, pages.reader = START, ADMIN


class Watched:
    """A browser of one reader; what its console complained about."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def open(self, address: str) -> Page:
        page = self.context.new_page()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        expect(page.locator("main .loading")).to_have_count(0)
        return page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context()
    context.set_default_timeout(30_000)
    found = Watched(context)
    yield found
    context.close()
    assert found.complaints == []


def find_violations(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out: its rules, and where."""
    page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {violation['nodes'][0]['target']}"
        for violation in found["violations"]
    ]


def test_axe_is_the_file_of_its_release() -> None:
    version = json.loads((VENDOR / "VERSION.json").read_text(encoding="utf-8"))
    for name, digest in version["files"].items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(("name", "language", "theme", "width"), list_looks())
def test_every_page_can_be_read_by_everybody(
    browser: Browser, served: Served, name: str, language: str, theme: Any, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    watched = Watched(context)
    page = watched.open(f"{served.address_of(name)}?lang={language}")
    words = read_texts(name)[language]
    expect(page.locator("h1")).to_have_text(words["heading"], use_inner_text=True)
    # The page of a lead goes on with its number.
    expect(page).to_have_title(re.compile(rf"^{re.escape(words['title'])}( \d+)? · Lead ops$"))
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == [
        language,
        theme,
    ]
    assert page.locator("main .failed").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_violations(page) == []
    context.close()
    assert watched.complaints == []


def test_the_page_shows_the_numbers_of_the_answer(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/?lang=en")
    texts = page.locator("article.figure").all_inner_texts()
    assert [text.replace("\n", " ") for text in texts] == [
        "Event → points on time 40 sec usually 6 sec, alert above 5 min 2 items waiting",
        "Points → MA late 6 min usually 20 sec, alert above 5 min 3 items waiting",
        "Form → CRM slow 1 min 30 sec usually 2 sec, alert above 2 min 1 item waiting",
        "Feed of the CRM on time 3 min alert above 15 min how old the newest complete state is",
    ]
    first = page.locator("li.incident").first
    expect(first).to_contain_text("MA is 6 min behind")
    expect(first.get_by_role("link", name="Slack")).to_have_attribute(
        "href", "https://slack.example/archives/C0123456789/p1700000000123456"
    )
    page.get_by_text("Show the numbers").click()
    expect(page.get_by_role("row").filter(has_text="11:53")).to_contain_text("7")


def test_the_page_renews_itself_without_building_itself_again(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/?lang=en")
    page.evaluate("document.querySelectorAll('main *').forEach((node) => { node.wasThere = true; })")
    served.now = START + timedelta(minutes=1)
    expect(page.get_by_text("As of 12:01:00, Asia/Tokyo")).to_be_visible(timeout=60_000)
    expect(page.locator("article.figure").first).to_contain_text("1 min 40 sec")
    new = page.evaluate(
        "[...document.querySelectorAll('main *')].filter((node) => !node.wasThere)"
        ".filter((node) => !node.closest('details')).map((node) => node.outerHTML)"
    )
    assert new == []


def test_numbers_that_do_not_come_are_shown_as_old(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/?lang=en")
    served.reader = None
    expect(page.get_by_text("You are logged out.")).to_be_visible(timeout=60_000)
    expect(page.locator("article.figure").first).to_contain_text("40 sec")
    served.reader = ADMIN
    expect(page.get_by_text("You are logged out.")).to_be_hidden(timeout=60_000)
    # The browser itself says in its console that an answer was a 401.
    assert all("401" in complaint for complaint in watched.complaints)
    watched.complaints.clear()


def test_the_language_is_switched_and_remembered(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/")
    page.get_by_role("button", name="日本語").click()
    expect(page.locator("h1")).to_have_text(read_texts("now")["ja"]["heading"], use_inner_text=True)
    again = watched.open(f"{served.address}/")
    expect(again.locator("html")).to_have_attribute("lang", "ja")
    again.get_by_role("button", name="English").click()
    expect(again.locator("h1")).to_have_text(read_texts("now")["en"]["heading"], use_inner_text=True)


def test_theme_and_language_are_those_of_airflow_around_it(served: Served, watched: Watched) -> None:
    """Airflow frames the page, has its theme as a class of <html>, and keeps its language in the browser."""
    outer = watched.open(f"{served.address.removesuffix(PREFIX)}/")
    inner = outer.frame_locator("iframe").locator("html")
    expect(inner).to_have_attribute("data-theme", "light")
    outer.evaluate("document.documentElement.className = 'dark'")
    expect(inner).to_have_attribute("data-theme", "dark")
    outer.evaluate("localStorage.setItem('i18nextLng', 'ja')")
    outer.reload()
    expect(inner).to_have_attribute("lang", "ja")
    expect(inner).to_have_attribute("data-theme", "light")
    expect(inner.get_by_role("link", name="Airflow")).to_have_count(0)


def test_the_keyboard_reaches_the_content(served: Served, watched: Watched) -> None:
    page = watched.open(f"{served.address}/?lang=en")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith(f"{PREFIX}/?lang=en#main")


def test_who_works_by_keyboard_stays_at_the_control_that_they_used(served: Served, watched: Watched) -> None:
    """A page that draws a part again would send them back to its top."""
    for name, labels in {
        "funnel": ["90 days", "Source", "SQLs"],
        "response_times": ["90 days", "By hour"],
        "credits": ["Campaign"],
        "delivery": ["Refused events"],
    }.items():
        page = watched.open(f"{served.address_of(name)}?lang=en")
        for label in labels:
            alike = page.locator("main button").filter(has_text=re.compile(f"^{label}$"), visible=True)
            use_by_keyboard(page, alike.first)
            expect(alike.first, f"{label} of {name}").to_be_focused()
        if name == "credits":  # the month that was chosen is a link no more: its table has the focus
            use_by_keyboard(page, page.locator("main th a").first)
            expect(page.get_by_role("region", name="What leads cost and return")).to_be_focused()


def use_by_keyboard(page: Page, control: Locator) -> None:
    control.focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.locator("main [aria-busy]")).to_have_count(0)


def test_a_chart_is_drawn(served: Served, watched: Watched) -> None:
    """Its canvas has more than one colour."""
    page = watched.open(f"{served.address}/?lang=en")
    colours = page.evaluate(
        """() => {
          const canvas = document.querySelector('.chart canvas');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const found = new Set();
          for (let i = 0; i < data.length; i += 4) found.add(data.slice(i, i + 4).join());
          return found.size;
        }"""
    )
    assert colours > 5
