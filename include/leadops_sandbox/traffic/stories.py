"""What each kind of visitor does in one visit: event names, properties and pages."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from leadops_sandbox.traffic.people import Person

#: Where what happens in a mail happens.
MAIL_PAGE = "/mail"
#: How long a webinar is.
WEBINAR_MINUTES = 60


class Step(NamedTuple):
    """One thing a visitor does; `known` when they say who they are with it."""

    event: str
    page: str
    properties: dict[str, Any]
    known: bool = False


def tell_visit(rng: Random, who: Person) -> list[Step]:
    """Return what `who` does in one visit, in order."""
    match who.habit:
        case "buyer":
            return list(_buy(rng, who))
        case "reader":
            return list(_read(rng))
        case "job_seeker":
            return [
                Step("page_view", "/", {}),
                _search(rng, ("recruit", "careers", "salary")),
                _view("/careers"),
            ]
        case "leaver":
            return [
                Step("mail_open", MAIL_PAGE, {}, known=True),
                Step("unsubscribe", MAIL_PAGE, {}, known=True),
            ]
        case _:
            return list(_browse(rng, who))


def _buy(rng: Random, who: Person) -> Iterator[Step]:
    """Someone with a need: compares, looks at prices, asks for the document, leaves a card."""
    if rng.random() < 0.5:
        yield Step("ad_click", "/lp/automation", {"placement": rng.choice(("search", "social"))})
    yield _view("/")
    yield _search(rng, ("leadops", "leadops pricing", "lead scoring tool"))
    yield Step("view_comparison", "/compare/tools", {"dwell_seconds": rng.randint(40, 400)})
    yield Step("view_pricing", "/pricing", {"plan": rng.choice(("team", "business", "enterprise"))})
    yield Step("submit_form", "/contact", {"form": "contact", **who.traits}, known=True)
    yield Step("request_document", "/documents/guide", {"document": "buyers-guide"}, known=True)
    if rng.random() < 0.4:
        yield Step("view_pricing", "/pricing", {"plan": "enterprise"}, known=True)
    if rng.random() < 0.3:
        yield Step("webinar_register", "/webinars/scoring", {"webinar": "scoring"}, known=True)


def _read(rng: Random) -> Iterator[Step]:
    """Someone on the mailing list: reads, watches, rarely more."""
    yield Step("mail_open", MAIL_PAGE, {"mail": "newsletter"}, known=True)
    if rng.random() < 0.4:
        yield Step("mail_click", MAIL_PAGE, {"mail": "newsletter"}, known=True)
        yield _view(rng.choice(("/blog/sla", "/blog/scoring", "/cases/maker")))
    if rng.random() < 0.25:
        yield Step("video_progress", "/videos/tour", {"percent": rng.choice((25, 50, 75, 100))})
    if rng.random() < 0.1:
        minutes = rng.randint(5, WEBINAR_MINUTES)
        watched = {"minutes": minutes, "percent": 100 * minutes // WEBINAR_MINUTES}
        yield Step("webinar_attend", "/webinars/scoring", watched, known=True)


def _browse(rng: Random, who: Person) -> Iterator[Step]:
    """Someone passing by; one in five leaves an address."""
    yield _view("/")
    for _ in range(rng.randint(0, 4)):
        yield _view(rng.choice(("/features", "/blog/sla", "/cases/maker", "/about", "/blog/scoring")))
    if rng.random() < 0.15:
        yield _search(rng, ("api", "integration", "sla", "price"))
    if rng.random() < 0.1:
        yield Step("view_pricing", "/pricing", {"plan": "team"})
    if rng.random() < 0.2:
        yield Step("identify", "/signup", dict(who.traits), known=True)


def _view(page: str) -> Step:
    return Step("page_view", page, {})


def _search(rng: Random, queries: tuple[str, ...]) -> Step:
    return Step("search", "/search", {"query": rng.choice(queries)})
