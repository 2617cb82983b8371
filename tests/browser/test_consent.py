import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.sites import Site
from tests.browser.visitors import Visitor
from tests.waiting import wait_until

Visit = Callable[..., Visitor]


def use(visitor: Visitor, tab: Page) -> None:
    """Do everything that would tell something."""
    tab.click("#compare")
    for name, *given in [
        ("page",),
        ("search", "leadops"),
        ("pricing",),
        ("document", "guide"),
        ("video", "tour", 50),
        ("webinar", "scoring", 5),
        ("identify", {"user_id": "u-1", "email": "ann@buyers.example"}),
        ("track", "anything"),
        ("reset",),
    ]:
        assert not visitor.call(tab, name, *given)


def test_before_it_nothing_is_sent_and_nothing_stored(visitor: Visitor) -> None:
    tab = visitor.open("/?utm_source=ad&utm_term=leadops&q=leadops")
    use(visitor, tab)
    assert visitor.stored(tab) == ([], [])
    tab = visitor.open("/pricing", tab=tab)  # what a page that goes away would send
    assert visitor.stored(tab) == ([], [])
    visitor.call(tab, "consent", True)
    wait_until(lambda: visitor.events() and not visitor.queue(tab))
    assert [(one["event"], one["payload"]["context"]["page"]) for one in visitor.events()] == [
        ("page_view", "/pricing")
    ]
    assert len(visitor.calls) == 1


def test_it_is_remembered_for_its_time(visitor: Visitor) -> None:
    tab = visitor.agree()
    (cookie,) = visitor.context.cookies()
    assert cookie["value"] == visitor.call(tab, "id") == visitor.events()[0]["anonymous_id"]
    assert 394 < (cookie["expires"] - time.time()) / 86400 < 396
    assert (cookie["sameSite"], cookie["domain"]) == ("Lax", visitor.host)
    visitor.open("/about", tab=tab)
    visitor.call(tab, "consent", True)  # as a banner does on every page
    visitor.properties("page_view", 2)
    wait_until(lambda: not visitor.queue(tab))
    assert len(visitor.events()) == 2
    assert visitor.context.cookies()[0]["expires"] == cookie["expires"]


def test_withdrawing_stops_and_clears(visitor: Visitor) -> None:
    tab = visitor.agree("/?utm_source=ad")
    before = visitor.call(tab, "id")
    visitor.call(tab, "identify", {"user_id": "u-1"})
    visitor.context.set_offline(True)
    visitor.call(tab, "search", "never to be told")
    visitor.call(tab, "consent", False)
    assert visitor.stored(tab) == ([], [])
    visitor.context.set_offline(False)
    use(visitor, tab)
    assert visitor.stored(tab) == ([], [])
    visitor.call(tab, "consent", True)
    visitor.properties("page_view", 2)
    assert visitor.call(tab, "id") != before
    assert visitor.named("search") == []


def test_withdrawing_in_one_tab_stops_the_other(visitor: Visitor) -> None:
    one = visitor.agree()
    other = visitor.open("/about")
    visitor.properties("page_view", 2)
    visitor.call(one, "consent", False)
    use(visitor, other)
    other.close(run_before_unload=True)
    assert visitor.stored(one) == ([], [])
    assert {event["event"] for event in visitor.events()} == {"page_view"}


def test_where_the_time_is_over_the_rest_goes_too(visitor: Visitor) -> None:
    tab = visitor.agree("/?utm_source=ad")
    visitor.call(tab, "identify", {"user_id": "u-1"})
    visitor.context.set_offline(True)
    visitor.call(tab, "search", "never to be told")
    tab.evaluate("document.cookie = 'leadops_id=; Max-Age=0; Path=/'")
    visitor.context.set_offline(False)
    tab = visitor.open("/", tab=tab)
    assert visitor.stored(tab) == ([], [])
    assert visitor.named("search") == []


def test_presumed_consent_can_be_refused_for_good(visitor: Visitor, site: Site) -> None:
    site.add("/presumed", tag='data-consent="granted"')
    tab = visitor.open("/presumed")
    visitor.properties("page_view")
    visitor.call(tab, "consent", False)
    visitor.open("/presumed", tab=tab)
    assert visitor.call(tab, "id") is None
    assert visitor.stored(tab) == (["leadops_id"], [])
    assert visitor.context.cookies()[0]["value"] == "no"
    visitor.call(tab, "consent", True)
    visitor.properties("page_view", 2)


def test_consent_is_not_presumed_against_the_browsers_word(visitor: Visitor, site: Site) -> None:
    site.add("/presumed", tag='data-consent="granted"')
    visitor.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    tab = visitor.open("/presumed")
    assert visitor.call(tab, "id") is None
    visitor.call(tab, "consent", True)
    visitor.properties("page_view")
