"""A visitor: a browser profile of its own, and what the gateway has taken of it."""

import json
from typing import Any

import psycopg
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.browser.sites import Site
from tests.waiting import wait_until


class Visitor:
    """One person at one browser, on the host `host` that nobody else visits."""

    def __init__(self, context: BrowserContext, site: Site, host: str, database_url: str) -> None:
        self.context, self.site, self.host, self.database_url = context, site, host, database_url
        self.calls: list[Request] = []
        self.complaints: list[str] = []
        context.on("request", self._note_call)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("console", self._note_complaint)

    def open(self, path: str = "/", *, tab: Page | None = None, **how: Any) -> Page:
        """Go to `path` of the site, in a new tab if none is given."""
        tab = tab or self.context.new_page()
        tab.goto(f"http://{self.host}:{self.site.port}{path}", **how)
        return tab

    def agree(self, path: str = "/") -> Page:
        """Open a page and agree; return the tab when the page view is in the database and acknowledged."""
        tab = self.open(path)
        self.call(tab, "consent", True)
        wait_until(lambda: self.named("page_view") and not self.queue(tab))
        return tab

    def call(self, tab: Page, name: str, *arguments: Any) -> Any:
        """Call leadops.<name> in `tab`."""
        return tab.evaluate("([name, given]) => leadops[name](...given)", [name, list(arguments)])

    def queue(self, tab: Page) -> list[str]:
        """Return the keys of the events that wait in the browser."""
        return tab.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('leadops.q.')).sort()")

    def stored(self, tab: Page) -> tuple[list[str], list[str]]:
        """Return the names of all that is stored: cookies, and keys of localStorage."""
        cookies = [str(cookie.get("name")) for cookie in self.context.cookies()]
        return cookies, tab.evaluate("Object.keys(localStorage)")

    def events(self) -> list[dict[str, Any]]:
        """Return the events of this visitor that the gateway has taken, in the order of their times."""
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(
                "select event_id, event, ts, anonymous_id, user_id, email, payload from cdp.events"
                " where payload -> 'context' ->> 'site' = %s order by ts, seq",
                [f"{self.host}:{self.site.port}"],
            ).fetchall()
        names = ("event_id", "event", "ts", "anonymous_id", "user_id", "email", "payload")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def named(self, event: str) -> list[dict[str, Any]]:
        """Return those of one name."""
        return [one for one in self.events() if one["event"] == event]

    def properties(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Return the properties of `count` events of one name, once so many have come."""
        found = wait_until(lambda: [one for one in [self.named(event)] if len(one) >= count])[0]
        return [one["payload"]["properties"] for one in found]

    def sent(self) -> list[str]:
        """Return the event_ids in the calls made so far, again where they were sent again."""
        return [event["event_id"] for call in self.calls for event in json.loads(call.post_data or "[]")]

    def _note_complaint(self, line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            self.complaints.append(line.text)

    def _note_call(self, request: Request) -> None:
        if request.url.endswith("/collect"):
            self.calls.append(request)
