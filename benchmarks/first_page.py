"""The first page that somebody opens, in a real Chromium that has none of its files yet: when it is drawn."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from benchmarks.dashboard_world import BUSY_LEAD
from benchmarks.percentiles import percentile
from leadops.dashboard.pages import PAGES
from tests.browser.chromium import ARGUMENTS, find_chromium

#: The address of each page whose path has parameters; that of a run needs a run.
ADDRESSES = {"lead": f"/leads/{BUSY_LEAD}", "runs": "/runs/score_leads"}
#: Whether all is there that was on its way: the words, the numbers, and each chart with its picture.
DRAWN = """() => {
  const main = document.querySelector("main");
  if (!main?.querySelector(".page")?.childElementCount) return false;
  if (main.querySelector(".loading, [aria-busy=true]")) return false;
  if (main.querySelector(".failed")) throw new Error(main.innerText);
  const charts = [...main.querySelectorAll(".chart .canvas")];
  return charts.every((chart) => chart.querySelector("canvas")) && performance.now();
}"""


def time_first_pages(address: str, *, rounds: int) -> dict[str, float]:
    """Return the p95 (milliseconds) from the start of the navigation until each page is drawn.

    Each time in a profile of its own: nothing is in its cache.
    """
    names = dict.fromkeys(page.name for page in PAGES)
    paths = {page.name: page.path for page in reversed(PAGES)}
    with open_browser() as browser:
        return {
            name: percentile(
                [open_page(browser, address + ADDRESSES.get(name, paths[name])) for _ in range(rounds + 1)][
                    1:
                ],
                0.95,
            )
            for name in names
        }


def open_page(browser: Browser, address: str) -> float:
    """Return the milliseconds until the page at `address` is drawn. Raises playwright's Error if it fails."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    drawn = page.wait_for_function(DRAWN, polling="raf", timeout=60_000)
    milliseconds = float(drawn.json_value())
    context.close()
    return milliseconds


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield the system's Chromium, or else Playwright's own. Raises RuntimeError where there is none."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        if executable is None:
            raise RuntimeError(
                "no Chromium: apt-get install chromium, or .venv/bin/playwright install chromium"
            )
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        browser.close()
