from collections.abc import Callable

from tests.browser.sites import Site, read_guide
from tests.browser.visitors import Visitor
from tests.waiting import wait_until


def test_the_guides_page_works_under_the_guides_policy(visitor: Visitor, lent_site: Site) -> None:
    page, script, policy = read_guide(lent_site.gateway)
    lent_site.policy = policy
    lent_site.pages["/"] = ("text/html; charset=utf-8", page.encode())
    lent_site.pages["/site.js"] = ("text/javascript", script.encode())
    lent_site.pages["/tour.wav"] = lent_site.pages["/clip.wav"]
    tab = visitor.open()
    tab.click("#agree")
    visitor.properties("page_view")
    tab.click("button:has-text('Compare')")
    assert visitor.properties("view_comparison") == [{"article": "tools"}]
    detail = {"id": "u-1", "email": "ann@buyers.example", "title": "CTO"}
    tab.evaluate("(detail) => document.dispatchEvent(new CustomEvent('signed-in', {detail}))", detail)
    assert visitor.properties("identify") == [{"title": "CTO"}]
    tab.fill("[name=q]", "leadops prices")
    tab.press("[name=q]", "Enter")
    assert visitor.properties("search") == [{"query": "leadops prices", "product": "leadops"}]
    tab.click("text=Prices")
    assert visitor.properties("view_pricing") == [{"link": "/pricing"}]
    tab.click("#refuse")
    assert visitor.stored(tab) == ([], [])


def test_a_page_without_the_scripts_leave_still_works(visitor: Visitor, lent_site: Site) -> None:
    page, script, policy = read_guide("http://nobody.example:9")
    lent_site.policy = policy
    lent_site.pages["/"] = ("text/html; charset=utf-8", page.encode())
    lent_site.pages["/site.js"] = ("text/javascript", script.encode())
    tab = visitor.open()
    tab.click("#agree")
    assert tab.evaluate("typeof window.leadops") == "undefined"


def test_a_foreign_site_is_refused(visit: Callable[..., Visitor]) -> None:
    visitor = visit(host="www.foreign.example")
    tab = visitor.open()
    visitor.call(tab, "consent", True)
    refusal = wait_until(lambda: visitor.queue(tab) and visitor.calls)[0].response()
    assert refusal is None or refusal.status == 403
    visitor.open("/about", tab=tab)  # a beacon is sent without asking, and refused as well
    wait_until(lambda: visitor.queue(tab) and len(visitor.calls) > 1)
    assert visitor.events() == []


def test_included_twice_it_counts_once(visitor: Visitor, site: Site) -> None:
    second = f'<script defer src="{site.gateway}/leadops.js"></script>'
    site.add("/twice", body=second)
    tab = visitor.agree("/twice")
    visitor.open("/twice", tab=tab)
    visitor.properties("page_view", 2)
    wait_until(lambda: not visitor.queue(tab))
    assert len(visitor.events()) == 2


def test_the_site_cannot_break_it_by_accident(visitor: Visitor) -> None:
    tab = visitor.agree()
    assert tab.evaluate("try { leadops.track = null } catch {} typeof leadops.track") == "function"


def test_the_policy_of_all_these_pages_is_strict(visitor: Visitor, lent_site: Site) -> None:
    lent_site.add("/inline", body="<script>window.inline = 1</script>")
    tab = visitor.open("/inline")
    wait_until(lambda: tab.evaluate("typeof window.inline") == "undefined" and visitor.complaints)
    visitor.complaints.clear()
