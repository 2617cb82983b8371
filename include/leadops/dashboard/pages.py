"""The HTML of the pages: one shell for all of them, which its ES module fills."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from leadops.dashboard.made_up_mark import shows_made_up
from leadops.dashboard.reader import ReaderDep
from leadops.dashboard.static_files import TEXTS
from leadops.dashboard.wiring import Dashboard, DashboardDep
from leadops.errors import LeadopsError

LANGUAGES = ("en", "ja")


@dataclass(frozen=True)
class PageShell:
    """A page: static/pages/NAME.js fills it with the words of texts/NAME.json.

    `parent` is the page that the navigation marks; a page without a place in it names another.
    `has_charts`: it draws charts as soon as it has its numbers.
    """

    name: str
    path: str
    parent: str = ""
    has_charts: bool = False


#: Every page, in the order of the navigation.
PAGES = (
    PageShell("now", "/", has_charts=True),
    PageShell("funnel", "/funnel", has_charts=True),
    PageShell("funnel_rows", "/funnel/rows", parent="funnel"),
    PageShell("response_times", "/response-times", has_charts=True),
    PageShell("leads", "/leads"),
    PageShell("lead", "/leads/{lead_id}", parent="leads"),
    PageShell("threshold", "/threshold", has_charts=True),
    PageShell("credits", "/credits", has_charts=True),
    PageShell("delivery", "/delivery"),
    # Airflow shows these on the pages of its DAGs and runs; the navigation has no place for them.
    PageShell("runs", "/runs/{dag_id}", parent="runs"),
    PageShell("runs", "/runs/{dag_id}/{run_id:path}", parent="runs"),
)

#: Modules that every page needs: the browser fetches them at once, not one after the other.
SHARED_MODULES = ("fetch_json", "words", "states", "theme", "format", "shell")
#: Modules of the pages with charts: numbers that have come would wait for them.
CHART_MODULES = ("charts", "table", "vendor/echarts.min")

_LOGO = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 4h18l-7 8.5V20l-4-2.5v-5z"/></svg>'
_TEMPLATE = """<!doctype html>
<html lang="en" data-page="{name}" data-root="{root}" data-files="{files}" data-zone="{zone}"
 data-currency="{currency}" data-airflow="{airflow}" data-people="{people}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Lead ops</title>
<link rel="icon" type="image/svg+xml" href="{files}/favicon.svg">
<script src="{files}/first_paint.js"></script>
<link rel="stylesheet" href="{files}/dashboard.css">
{preloads}
<script type="module" src="{files}/pages/{name}.js"></script>
</head>
<body>
<a class="skip" href="#main">{skip}</a>
<header class="bar">
<a class="brand" href="{root}/">{logo}Lead ops</a>
<nav aria-label="Lead ops"><ul>{links}</ul></nav>
<div class="tools" id="tools"></div>
</header>
{banner}
<main id="main" tabindex="-1"><h1>{heading}</h1><noscript><p>{noscript}</p></noscript></main>
</body>
</html>
"""


@cache
def read_texts(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the words of a page by language."""
    texts: dict[str, dict[str, str]] = json.loads((TEXTS / f"{name}.json").read_text(encoding="utf-8"))
    return texts


def render_page(
    page: PageShell, *, root: str, files: str, people: bool, company: Mapping[str, str], airflow_url: str
) -> str:
    """Return the HTML of a page.

    `root` is the path under which the app is mounted, `files` that of its files. Words
    stand in it in every language; the style sheet shows those of the chosen one.
    """
    links = "".join(
        f'<li><a href="{escape(root + shown.path)}"{_mark(shown, page)}>{_say(shown.name, "title")}</a></li>'
        for shown in PAGES
        if not shown.parent
    )
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{escape(files)}/{module}.js">'
        for module in (*SHARED_MODULES, *(CHART_MODULES if page.has_charts else ()))
    )
    return _TEMPLATE.format(
        name=escape(page.name),
        root=escape(root),
        files=escape(files),
        zone=escape(company["zone"]),
        currency=escape(company["currency"]),
        airflow=escape(airflow_url),
        people="yes" if people else "no",
        title=escape(read_texts(page.name)["en"]["title"]),
        heading=_say(page.name, "heading"),
        banner=f'<p class="banner">{_say("shell", "made_up")}</p>' if shows_made_up.get() else "",
        skip=_say("shell", "skip"),
        noscript=_say("shell", "noscript"),
        links=links,
        logo=_LOGO,
        preloads=preloads,
    )


def _mark(shown: PageShell, page: PageShell) -> str:
    return ' aria-current="page"' if shown.name in (page.name, page.parent) else ""


def _say(name: str, key: str) -> str:
    texts = read_texts(name)
    return "".join(
        f'<span class="say-{language}" lang="{language}">{escape(texts[language][key])}</span>'
        for language in LANGUAGES
    )


def add_pages(app: FastAPI, *, files: str) -> None:
    """Let `app` serve the HTML of every page; `files` is the path of the folder with its files."""
    for page in PAGES:
        app.add_api_route(
            page.path, _make_route(page, files), include_in_schema=False, response_class=HTMLResponse
        )


def _make_route(page: PageShell, files: str) -> Any:
    def show_page(request: Request, reader: ReaderDep, dashboard: DashboardDep) -> HTMLResponse:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        return HTMLResponse(
            render_page(
                page,
                root=root,
                files=root + files,
                people=reader.sees_people,
                company=_describe_company(dashboard),
                airflow_url=dashboard.airflow_url,
            )
        )

    return show_page


def _describe_company(dashboard: Dashboard) -> Mapping[str, str]:
    """Return zone and currency; the page itself shows what is wrong with the settings."""
    try:
        company = dashboard.read_config().company
    except LeadopsError:
        return {"zone": "UTC", "currency": "XXX"}
    return {"zone": company.timezone, "currency": company.currency}
