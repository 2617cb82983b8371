"""A real browser, the real gateway as a process, and a web site on another origin."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium, require_chromium
from tests.browser.gateways import GatewayProcess
from tests.browser.sites import Site
from tests.browser.visitors import Visitor
from tests.cluster import database_of
from tests.conftest import PostgresServer, free_port

#: A headless browser calls itself a bot, and is believed.
PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker takes all of these, so that browser and gateway start once."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: while Playwright is open, no other test can run an event loop.
    with sync_playwright() as playwright:
        executable = require_chromium(find_chromium(playwright.chromium.executable_path))
        opened = playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, f"--user-agent={PERSON}"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def events_url(postgres: PostgresServer) -> Iterator[str]:
    """The database of the one gateway; it grows, and each test asks for the events of its own host."""
    with database_of(postgres, "browser") as url:
        yield url


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A site that includes the script of a gateway that need not run yet."""
    served = Site(f"http://events.example:{free_port()}")
    served.add("/")
    yield served
    served.close()


@pytest.fixture(scope="session")
def gateway(
    site: Site, events_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """The gateway; pages of the site below shop.example may send to it."""
    config = tmp_path_factory.mktemp("browser") / "config"
    port, origin = int(site.gateway.rpartition(":")[2]), f"http://*.shop.example:{site.port}"
    process = GatewayProcess(events_url, config, port=port, origins=[origin])
    process.start()
    yield process
    process.kill()


@pytest.fixture
def lent_site(site: Site) -> Iterator[Site]:
    """The site, for a test that changes its pages and its policy."""
    before = (dict(site.pages), site.policy)
    yield site
    site.pages, site.policy = before


@pytest.fixture
def visit(
    browser: Browser, site: Site, gateway: GatewayProcess, events_url: str
) -> Iterator[Callable[..., Visitor]]:
    """Make visitors, each with a browser profile and a host of their own; no page of theirs may complain."""
    visitors: list[Visitor] = []

    def start(host: str = "", **options: Any) -> Visitor:
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        host = host or f"t{secrets.token_hex(6)}.shop.example"
        visitors.append(Visitor(context, site, host, events_url))
        return visitors[-1]

    yield start
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
