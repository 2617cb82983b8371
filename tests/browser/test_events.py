import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from leadops.events.event_contract import Event
from tests.browser.sites import Site
from tests.browser.visitors import Visitor
from tests.waiting import wait_until


def test_a_page_view_fits_the_contract(visitor: Visitor) -> None:
    tab = visitor.open("/products/one?secret=1#part", referer="https://www.search.example/find?q=private")
    visitor.call(tab, "consent", True)
    wait_until(lambda: visitor.events() and not visitor.queue(tab))
    ((sent,),) = [json.loads(call.post_data or "") for call in visitor.calls]
    event = Event.model_validate(sent)
    assert event.event == "page_view"
    assert abs(datetime.now(UTC) - event.ts) < timedelta(seconds=60)
    assert event.anonymous_id == visitor.call(tab, "id")
    assert event.properties == {"referrer": "https://www.search.example/find"}
    assert sent["context"] == {
        "page": "/products/one",
        "site": f"{visitor.host}:{visitor.site.port}",
        "consent": True,
        "person": False,
    }


def test_a_hand_at_work_is_one_boolean_for_the_visit(visitor: Visitor) -> None:
    """A pointer, key, touch or wheel of a person counts; what a script makes of them does not."""
    tab = visitor.agree()
    tab.evaluate(
        "for (const kind of ['pointermove', 'pointerdown', 'keydown', 'wheel'])"
        " dispatchEvent(new Event(kind)); scrollTo(0, 50); leadops.track('by_script')"
    )
    tab.mouse.move(5, 5)
    tab.mouse.move(20, 30)
    tab.evaluate("leadops.track('by_hand')")
    tab = visitor.open("/", tab=tab)  # the next page of the same visit
    visitor.properties("page_view", 2)
    wait_until(lambda: not visitor.queue(tab))
    signs = [(event["event"], event["payload"]["context"]["person"]) for event in visitor.events()]
    assert signs == [("page_view", False), ("by_script", False), ("by_hand", True), ("page_view", True)]


@pytest.mark.parametrize(
    ("selector", "event", "properties"),
    [
        ("#prices", "view_pricing", {"link": "/pricing"}),
        ("#guide", "request_document", {"document": "/documents/guide.pdf"}),
        ("#compare b", "view_comparison", {"dwell_seconds": "75"}),
    ],
)
def test_a_click_is_told_once(
    visitor: Visitor, selector: str, event: str, properties: dict[str, str]
) -> None:
    tab = visitor.agree()
    tab.click(selector)
    assert visitor.properties(event) == [properties]
    tab = visitor.open("/", tab=tab)
    visitor.properties("page_view", 2)
    wait_until(lambda: not visitor.queue(tab))
    assert len(visitor.named(event)) == 1


def test_a_click_elsewhere_is_not_told(visitor: Visitor) -> None:
    tab = visitor.agree()
    tab.click("#prices", button="right")
    tab.click("#away")
    visitor.properties("page_view", 2)
    assert {one["event"] for one in visitor.events()} == {"page_view"}


@pytest.mark.parametrize(
    ("address", "properties"),
    [
        ("/search?q=LEADOPS%20pricing", {"query": "LEADOPS pricing", "product": "leadops"}),
        ("/search?s=weather", {"query": "weather"}),
        ("/?utm_source=g&utm_term=lead+ops", {"query": "lead ops", "product": "lead ops", "engine": "g"}),
        ("/search?q=" + "%F0%9F%98%80" * 300, {"query": "\U0001f600" * 200}),
    ],
)
def test_a_search_tells_the_products_name(visitor: Visitor, address: str, properties: dict[str, str]) -> None:
    visitor.agree(address)
    assert visitor.properties("search") == [properties]


def test_the_campaign_stays_for_the_visit(visitor: Visitor) -> None:
    tab = visitor.agree("/?utm_source=ad&utm_medium=cpc&utm_campaign=summer&utm_other=x&utm_content=")
    visitor.open("/about", tab=tab)
    visitor.properties("page_view", 2)
    visitor.open("/?utm_source=mail", tab=tab)
    visitor.properties("page_view", 3)
    tab.evaluate(
        """() => {
            const visit = JSON.parse(localStorage["leadops.visit"]);
            localStorage["leadops.visit"] = JSON.stringify({ ...visit, until: Date.now() - 1 });
        }"""
    )
    visitor.open("/about", tab=tab)
    visitor.properties("page_view", 4)
    campaign = {"source": "ad", "medium": "cpc", "campaign": "summer"}
    told = [one["payload"]["context"].get("utm") for one in visitor.events()]
    assert told == [campaign, campaign, {"source": "mail"}, None]


def play(visitor: Visitor, site: Site, file: str, name: str, *, start: float = 0) -> Page:
    """Open a page with a film and return its tab when the film has been played to its end."""
    site.add("/media", body=f'<video id="v" muted src="{file}" {name}></video>')
    tab = visitor.agree("/media")
    tab.evaluate("v.readyState || new Promise((done) => v.addEventListener('loadedmetadata', done))")
    tab.evaluate(
        """(start) => {
            v.currentTime = start;
            v.playbackRate = 16;
            v.play();
            return new Promise((done) => (v.onended = done));
        }""",
        start,
    )
    return tab


def test_a_video_tells_how_much_of_it_was_played(visitor: Visitor, site: Site) -> None:
    play(visitor, site, "/clip.wav", 'data-leadops-video="tour"')
    last = {"video": "tour", "percent": 100}
    wait_until(lambda: last in visitor.properties("video_progress"))
    percents = [one["percent"] for one in visitor.properties("video_progress")]
    assert set(percents) <= {25, 50, 75, 100}
    assert percents == sorted(set(percents))


def test_what_was_skipped_was_not_played(visitor: Visitor, site: Site) -> None:
    tab = play(visitor, site, "/clip.wav", 'data-leadops-video="tour"', start=7)
    visitor.call(tab, "video", "frame", 50)
    assert visitor.properties("video_progress") == [{"video": "frame", "percent": 50}]


def test_a_webinar_tells_its_minutes(visitor: Visitor, site: Site) -> None:
    tab = play(visitor, site, "/hour.wav", 'data-leadops-webinar="scoring"')
    visitor.call(tab, "webinar", "frame", 30)
    assert visitor.properties("webinar_attend", 2) == [
        {"webinar": "scoring", "minutes": 1},
        {"webinar": "frame", "minutes": 30},
    ]


def test_coming_back_to_a_page_is_a_view(visitor: Visitor) -> None:
    tab = visitor.agree()
    visitor.open("/about", tab=tab)
    visitor.properties("page_view", 2)
    tab.go_back()
    visitor.properties("page_view", 3)
