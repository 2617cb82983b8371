"""The visits of a web site, from a seed: a pure stream, the same every time, noise included."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

from leadops_sandbox.traffic.identities import EVENT
from leadops_sandbox.traffic.people import PEOPLE, Person, person
from leadops_sandbox.traffic.rhythm import busyness
from leadops_sandbox.traffic.stories import MAIL_PAGE, Step, tell_visit

Sort = Literal["valid", "duplicate", "invalid", "bot"]

#: The noise: of how many events in one each happens.
DUPLICATES, LATE, INVALID = 0.015, 0.02, 0.004
#: The share of visits that are a machine's.
BOTS = 0.01
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
CAMPAIGNS = ("spring-launch", "brand-search", "webinar-june", "newsletter-12")


@dataclass(frozen=True, slots=True)
class Sending:
    """One event on its way: when it is sent, and whether it is good, a repeat, broken or a machine's."""

    send_at: datetime
    sort: Sort
    event: dict[str, Any]
    signs: bool = False  # an identify that the site's server signs


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; its sendings are in the order in which things happened, not in that of sending."""

    at: datetime
    sendings: tuple[Sending, ...]


def visits(seed: int, *, start: datetime, rate: float = 60.0, zone: str = "Asia/Tokyo") -> Iterator[Visit]:
    """Yield visits without end from `start` on, in the order of their beginning.

    `rate` is the mean number of events a minute over a week in `zone`. Deterministic: the same seed, start
    and rate give the same stream to the byte.
    """
    rng = Random(f"{seed}:{start.isoformat()}")
    at = start.astimezone(UTC)
    label = f"{seed}-{at:%Y%m%d%H%M%S%f}"
    number = 0
    while True:
        # The square draws more from the front: some people come back often, most do not.
        who = person(seed, int(PEOPLE * rng.random() ** 2))
        sendings = tuple(_walk(rng, who, at=at, name=f"{label}-{number}"))
        if sendings:
            yield Visit(at, sendings)
        gap = rng.expovariate(1.0) * len(sendings) / (rate * busyness(at, zone=zone))
        at += timedelta(minutes=gap)
        number += 1


def _walk(rng: Random, who: Person, *, at: datetime, name: str) -> Iterator[Sending]:
    is_bot = rng.random() < BOTS
    agent = CRAWLER if is_bot else rng.choice(BROWSERS)
    utm = {"source": "ad", "medium": "cpc", "campaign": rng.choice(CAMPAIGNS)} if rng.random() < 0.4 else None
    for number, step in enumerate(tell_visit(rng, who)):
        if is_bot and step.page == MAIL_PAGE:
            continue  # crawlers get no mails
        event = _event(step, who, at=at, event_id=f"{name}-{number}")
        event["context"] |= {"user_agent": agent} | ({"utm": utm} if utm else {})
        send_at = at + timedelta(seconds=rng.uniform(20, 150) if rng.random() < LATE else 0)
        signs = who.signs and step.event == EVENT
        # A machine's event stays whole: broken as well, it could be refused for either reason.
        if rng.random() < INVALID and not is_bot:
            yield Sending(send_at, "invalid", _break(rng, event, at), signs)
        else:
            yield Sending(send_at, "bot" if is_bot else "valid", event, signs)
            if rng.random() < DUPLICATES and not is_bot:
                yield Sending(send_at + timedelta(seconds=rng.uniform(1, 60)), "duplicate", event, signs)
        at += timedelta(seconds=rng.uniform(3, 25))


def _event(step: Step, who: Person, *, at: datetime, event_id: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event_id": event_id,
        "event": step.event,
        "ts": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "anonymous_id": who.anonymous_id,
        "properties": step.properties,
        "context": {"page": step.page, "consent": True},
    }
    if step.known:
        event |= {"user_id": who.user_id, "email": who.email}
    return event


def _break(rng: Random, event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return `event` as a broken sender would send it."""
    ahead = (at + timedelta(hours=9)).isoformat()  # local time written as if it were UTC
    faults: tuple[dict[str, Any], ...] = (
        {"ts": "yesterday"},
        {"ts": ahead},
        {"event": ""},
        {"email": "nobody"},
    )
    return event | rng.choice(faults)
