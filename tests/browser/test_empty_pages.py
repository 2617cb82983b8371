"""Every page before anything happened, in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from leadops.dashboard.pages import PAGES, read_texts
from leadops.dashboard.reader import Reader
from tests.browser.lead_ops import ADMIN, serve_pages
from tests.browser.test_lead_ops import START, Served, Watched, find_violations, watched
from tests.cluster import database_of
from tests.conftest import PostgresServer

__all__ = ["watched"]

NAMES = list(dict.fromkeys(page.name for page in PAGES))
VIEWER = Reader("vera", sees_people=False)


@pytest.fixture(scope="module")
def nothing(postgres: PostgresServer) -> Iterator[Served]:
    """The pages of a company of which nothing is known."""
    served = Served()
    with (
        database_of(postgres, "lead_ops_nothing") as url,
        serve_pages(url, clock=lambda: START, reader=lambda: served.reader) as address,
    ):
        served.address = address
        yield served


@pytest.mark.parametrize(("language", "reader"), [("en", VIEWER), ("ja", ADMIN)], ids=["viewer", "admin"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_without_anything_to_show_says_so(
    nothing: Served, watched: Watched, name: str, language: str, reader: Reader
) -> None:
    nothing.reader = reader
    page = watched.open(f"{nothing.address_of(name)}?lang={language}")
    expect(page.locator("h1")).to_have_text(read_texts(name)[language]["heading"], use_inner_text=True)
    if name == "lead":  # there is no such lead, and the browser itself says in its console that it was a 404
        expect(page.locator("main .failed")).to_have_count(1)
        assert all("404" in complaint for complaint in watched.complaints)
        watched.complaints.clear()
    else:
        assert page.locator("main .failed").count() == 0
    assert find_placeholders(page) == []
    assert find_violations(page) == []


def find_placeholders(page: Page) -> list[str]:
    """What a reader sees of words that are missing or of numbers that are none."""
    text = page.locator("body").inner_text()
    return [word for word in ("NaN", "undefined", "null", "{", "Infinity", "∞", "[object") if word in text]
