import json
import time
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.gateways import GatewayProcess
from tests.browser.visitors import Visitor
from tests.waiting import wait_until

#: The most events that wait in a browser: docs/tracking.md.
MOST_KEPT = 200


def tell(visitor: Visitor, tab: Page, *queries: str) -> list[str]:
    """Search for each of `queries` and return the event_ids."""
    return tab.evaluate("(queries) => queries.map((query) => leadops.search(query))", list(queries))


def searched(visitor: Visitor) -> list[str]:
    return sorted(one["payload"]["properties"]["query"] for one in visitor.named("search"))


def wait_for_all(visitor: Visitor, tab: Page, queries: list[str]) -> None:
    """Wait until the browser has nothing left; then each of `queries` must be there once."""
    wait_until(lambda: not visitor.queue(tab))
    assert searched(visitor) == sorted(queries)


def test_offline_and_back(visitor: Visitor) -> None:
    tab = visitor.agree()
    visitor.context.set_offline(True)
    told = tell(visitor, tab, "one", "two")
    assert len(visitor.queue(tab)) == 2
    assert searched(visitor) == []
    visitor.context.set_offline(False)
    wait_for_all(visitor, tab, ["one", "two"])
    assert sorted(told) == sorted(one["event_id"] for one in visitor.named("search"))


def test_the_gateway_dies_and_comes_back(visitor: Visitor, gateway: GatewayProcess) -> None:
    tab = visitor.agree()
    gateway.kill()
    try:
        tell(visitor, tab, "one")
        wait_until(lambda: visitor.queue(tab) and len(visitor.calls) > 2)  # it has tried, and tries again
        tell(visitor, tab, "two")
    finally:
        gateway.start()
    wait_for_all(visitor, tab, ["one", "two"])


def test_a_tab_closed_with_a_full_queue_is_opened_again(visitor: Visitor) -> None:
    tab = visitor.agree()
    visitor.context.set_offline(True)
    tell(visitor, tab, *(f"old{number}" for number in range(30)))
    queries = [f"new{number}" for number in range(MOST_KEPT)]
    told = tell(visitor, tab, *queries)
    assert len(set(told)) == len(told)
    assert len(visitor.queue(tab)) == MOST_KEPT
    tab.close()
    visitor.context.set_offline(False)
    tab = visitor.open("/about")
    wait_until(lambda: not visitor.queue(tab))
    found = searched(visitor)
    assert set(found) <= set(queries)
    # The new page's view takes the place of one, unless the closing tab's beacon has brought that one.
    assert MOST_KEPT - 1 <= len(found) == len(set(found))
    assert len(visitor.named("page_view")) == 2
    assert max(len(json.loads(call.post_data or "")) for call in visitor.calls) <= 50


def test_two_tabs_lose_nothing_and_double_nothing(visitor: Visitor) -> None:
    one = visitor.agree()
    two = visitor.open("/about")
    visitor.properties("page_view", 2)
    visitor.context.set_offline(True)
    queries = []
    for number in range(20):
        for name, tab in (("a", one), ("b", two)):
            queries.append(f"{name}{number}")
            tell(visitor, tab, queries[-1])
    wait_until(lambda: visitor.queue(one) == visitor.queue(two))  # each tab learns of the other's events
    visitor.context.set_offline(False)  # both go for the same queue now
    wait_for_all(visitor, one, queries)
    wait_for_all(visitor, two, queries)
    assert {one["anonymous_id"] for one in visitor.events()} == {visitor.call(two, "id")}


def test_an_answer_that_got_lost_counts_once(visitor: Visitor, gateway: GatewayProcess) -> None:
    tab = visitor.agree()
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch(url=f"http://127.0.0.1:{gateway.port}/collect").status)
            route.abort()

    visitor.context.route("**/collect", lose)
    (event_id,) = tell(visitor, tab, "one")
    wait_for_all(visitor, tab, ["one"])
    assert lost == [202]
    assert Counter(visitor.sent())[event_id] == 2


def test_a_page_that_goes_away_sends_a_beacon(visitor: Visitor) -> None:
    tab = visitor.agree()
    tab.evaluate("() => { window.fetch = () => new Promise(() => {}); }")
    (event_id,) = tell(visitor, tab, "one")
    tab.goto("about:blank")
    wait_until(lambda: searched(visitor) == ["one"])
    tab = visitor.open("/", tab=tab)
    wait_for_all(visitor, tab, ["one"])
    assert event_id in visitor.sent()  # again, for nobody heard the first answer


@pytest.mark.parametrize("status", [400, 413])
def test_one_event_that_is_never_taken_holds_up_no_other(visitor: Visitor, status: int) -> None:
    tab = visitor.agree()
    allow = {"Access-Control-Allow-Origin": f"http://{visitor.host}:{visitor.site.port}"}

    def refuse(route: Route) -> None:
        if "spoilt" in (route.request.post_data or ""):  # not a word that an event_id's hex digits may spell
            route.fulfill(status=status, headers=allow)
        else:
            route.continue_()

    visitor.context.route("**/collect", refuse)
    queries = [f"q{number}" for number in range(9)]
    tell(visitor, tab, *queries[:4], "spoilt", *queries[4:])
    wait_for_all(visitor, tab, queries)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_it_waits_as_told(visitor: Visitor, status: int) -> None:
    tab = visitor.agree()
    allow = {
        "Access-Control-Allow-Origin": f"http://{visitor.host}:{visitor.site.port}",
        "Access-Control-Expose-Headers": "Retry-After",
    }
    times: list[float] = []

    def busy(route: Route) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            route.fulfill(status=status, headers=allow | {"Retry-After": "1"})
        else:
            route.continue_()

    visitor.context.route("**/collect", busy)
    tell(visitor, tab, "one")
    wait_until(lambda: visitor.queue(tab) and times)
    tell(visitor, tab, "two")  # which is no reason to come sooner
    wait_for_all(visitor, tab, ["one", "two"])
    assert times[1] - times[0] > 0.95


def test_what_is_too_old_to_be_believed_goes(visitor: Visitor) -> None:
    tab = visitor.agree()
    visitor.context.set_offline(True)
    tell(visitor, tab, "old", "new")
    tab.evaluate(
        """() => {
            const [key] = Object.keys(localStorage).filter((key) => localStorage[key].includes('"old"'));
            const then = (Date.now() - 73 * 3600e3).toString(36);
            localStorage[key.replace(/q\\.[^.]+/, "q." + then)] = localStorage[key];
            delete localStorage[key];
        }"""
    )
    visitor.context.set_offline(False)
    wait_for_all(visitor, tab, ["new"])


BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw Error(); }});"


def test_without_storage_it_works_while_the_page_lives(visitor: Visitor) -> None:
    visitor.context.add_init_script(BLOCKED)
    tab = visitor.open("/?utm_source=ad")
    visitor.call(tab, "consent", True)
    tell(visitor, tab, "one")
    visitor.properties("search")
    assert [one["payload"]["context"]["utm"] for one in visitor.events()] == [{"source": "ad"}] * 2


def test_where_storage_is_full_an_event_goes_by_beacon(visitor: Visitor) -> None:
    tab = visitor.agree()
    tab.evaluate(
        """() => {
            let piece = "x".repeat(1 << 20);
            while (piece) {
                try {
                    localStorage["own" + Object.keys(localStorage).length] = piece;
                } catch {
                    piece = piece.slice(0, piece.length >> 1);
                }
            }
        }"""
    )
    tell(visitor, tab, "one")
    assert visitor.properties("search") == [{"query": "one"}]


def test_without_cookies_nothing_is_sent(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.context.add_init_script("Object.defineProperty(document, 'cookie', {get: () => '', set() {}})")
    tab = visitor.open("/")
    visitor.call(tab, "consent", True)
    assert tell(visitor, tab, "one") == [None]
    assert visitor.stored(tab) == ([], [])
    assert visitor.calls == []
