"""What a lead does before it is an MQL, or never becomes one: acts with times, pages and properties."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from leadops_sandbox.past.company import CAMPAIGNS, ZONE, Calendar, Campaign, name_campaign

SITE = "https://www.example.com"

_GOOD = {
    "industry": ("software", "manufacturing", "finance", "logistics", "healthcare"),
    "employees": (40, 120, 250, 400, 800, 1_500, 5_000),
    "title": ("Marketing Manager", "IT Director", "Head of Sales", "CTO", "Operations Manager", "Engineer"),
    "country": ("JP", "JP", "JP", "SG", "US"),
}
_OTHER = {
    "industry": ("education", "retail", "government", "hospitality", "software"),
    "employees": (1, 5, 12, 30, 60),
    "title": ("Assistant", "Engineer", "Consultant", "Owner", "Analyst"),
    "country": ("JP", "IN", "DE", "BR"),
}
#: How many of a hundred leads are of each habit.
HABITS = ("buyer", "reader", "passer-by", "student", "job seeker")
SHARES = (38, 32, 22, 4, 4)
FIRST_WORDS = (
    "Aoba",
    "Fuji",
    "Hana",
    "Kaze",
    "Mori",
    "Nami",
    "Sora",
    "Taiyo",
    "Umi",
    "Yuki",
    "Kita",
    "Minami",
)
SECOND_WORDS = (
    "Chemical",
    "Foods",
    "Freight",
    "Instruments",
    "Labs",
    "Motors",
    "Networks",
    "Optics",
    "Print",
    "Tools",
)


class Act(NamedTuple):
    """One event of a lead; `kind` says by which rule it counts (empty: by none)."""

    at: datetime
    event: str
    kind: str
    page: str = "/"
    properties: Mapping[str, Any] = MappingProxyType({})
    came_by: Campaign | None = None  # what brought the visit


@dataclass(frozen=True)
class Lead:
    """A lead of the simulated company."""

    number: int
    day: int  # of the first contact
    habit: str
    campaign: Campaign
    traits: dict[str, Any]
    acts: tuple[Act, ...] = field(default=())

    @property
    def crm_id(self) -> str:
        """Its id in the CRM."""
        return f"MU-{self.number:05d}"

    @property
    def email(self) -> str:
        """Its address, in the domain of its company."""
        return f"contact{self.number}@{self.traits['company'].lower().replace(' ', '-')}.example"

    @property
    def campaign_name(self) -> str:
        """What its campaign was called when it came."""
        return name_campaign(self.campaign, self.day)


def meet_lead(seed: int, number: int, *, day: int, campaign: Campaign, calendar: Calendar) -> Lead:
    """Return lead `number`, who comes on `day` by `campaign`, with all acts of its first weeks."""
    rng = Random(f"{seed}:lead:{number}")
    habit = rng.choices(HABITS, SHARES)[0]
    traits: dict[str, Any] = {
        name: rng.choice(values) for name, values in (_GOOD if habit == "buyer" else _OTHER).items()
    }
    if habit == "student":
        traits |= {"title": "Student", "employees": 1, "industry": "education"}
    traits["company"] = f"{rng.choice(FIRST_WORDS)} {rng.choice(SECOND_WORDS)} {rng.randint(1, 12)}"
    lead = Lead(number, day, habit, campaign, traits)
    days = _choose_days(rng, habit)
    acts = [
        act
        for visit, offset in enumerate(days)
        for act in _visit(rng, lead, visit, _open(rng, calendar, day + offset))
    ]
    acts += _scan_mails(rng, lead, _open(rng, calendar, day + rng.randint(1, 10)))
    return Lead(number, day, habit, campaign, traits, tuple(sorted(acts, key=lambda act: act.at)))


def _choose_days(rng: Random, habit: str) -> list[int]:
    """Return on which days after the first contact a lead comes."""
    number = {"buyer": rng.randint(1, 5), "reader": rng.randint(1, 4)}.get(habit, 1)
    return sorted({0, *(min(1 + int(rng.expovariate(1 / 5)), 24) for _ in range(number - 1))})


def _open(rng: Random, calendar: Calendar, day: int) -> datetime:
    """Return when a visit of that day begins: mostly by day."""
    hour = rng.choices(range(24), (1,) * 8 + (5, 8, 9, 8, 5, 8, 9, 9, 8, 6, 4, 4, 4, 3, 2, 1))[0]
    start = time(hour, rng.randrange(60), rng.randrange(60))
    return datetime.combine(calendar.date_of(day), start, ZONE)


def _visit(rng: Random, lead: Lead, visit: int, at: datetime) -> Iterator[Act]:
    """Yield the acts of one visit; the first says who the lead is."""
    came_by: Campaign | None = lead.campaign
    if visit:
        came_by = (
            rng.choices(CAMPAIGNS, [each.share for each in CAMPAIGNS])[0] if rng.random() < 0.5 else None
        )
    steps = list(_tell(rng, lead, visit, came_by.channel if came_by else ""))
    if visit == 0:
        steps.insert(0, ("identify", "", "/", dict(lead.traits)))
    for event, kind, page, properties in steps:
        yield Act(at, event, kind, page, properties, came_by)
        at += timedelta(seconds=rng.randint(15, 150))


def _scan_mails(rng: Random, lead: Lead, at: datetime) -> list[Act]:
    """Return what the mail gateway of one company in nine does with a newsletter: all links at once."""
    if int(lead.traits["company"].split()[-1]) % 9:
        return []
    mail = {"mail_id": f"newsletter-{at:%Y-%m-%d}", "delivered_at": at.isoformat()}
    links = ("/product", "/cases/maker", "/blog/sla")
    return [
        Act(
            at + timedelta(milliseconds=rng.randint(200, 800)),
            "mail_click",
            "",
            "/mail",
            mail | {"link": f"{SITE}{link}"},
        )
        for link in links
    ]


Step = tuple[str, str, str, dict[str, Any]]


def _tell(rng: Random, lead: Lead, visit: int, channel: str) -> Iterator[Step]:
    if channel in ("paid search", "paid_social"):
        yield "ad_click", "ad_click", "/lp/automation", {"placement": channel}
    if channel == "email":
        mail = {"mail_id": f"newsletter-{lead.day + visit}-{lead.number % 7}", "link": f"{SITE}/cases/maker"}
        yield "mail_click", "mail_click", "/mail", mail
    yield "page_view", "top_page", "/", {}
    match lead.habit:
        case "buyer":
            yield from _buy(rng, lead, visit)
        case "reader":
            yield "page_view", "", "/blog/scoring", {}
            if rng.random() < 0.3:
                percent = rng.choice((25, 50, 100))
                yield (
                    "video_progress",
                    "half_a_video" if percent >= 50 else "",
                    "/videos/tour",
                    {"percent": percent},
                )
            if lead.campaign.channel == "event":
                yield "webinar_attend", "webinar_attend", "/webinars/scoring", {"minutes": rng.randint(5, 60)}
        case "job seeker":
            yield "page_view", "careers_page", "/careers", {}
        case _:
            yield "page_view", "inner_page", "/product", {}


def _buy(rng: Random, lead: Lead, visit: int) -> Iterator[Step]:
    yield "page_view", "inner_page", "/product", {}
    if rng.random() < 0.35:
        yield "search", "brand_search", "/search", {"query": "leadops pricing"}
    if rng.random() < 0.4:
        yield "view_comparison", "view_comparison", "/compare/tools", {"dwell_seconds": rng.randint(60, 400)}
    for _ in range(rng.choices((0, 1, 2), (0.35, 0.45, 0.2))[0]):
        yield "view_pricing", "view_pricing", "/pricing-plans", {"plan": rng.choice(("team", "enterprise"))}
    if rng.random() < 0.3:
        yield "request_document", "request_document", "/documents/guide", {"document": "buyers-guide"}
    if visit == 0 and rng.random() < 0.35:
        yield "submit_form", "submit_form", "/contact", {"form": "contact", **lead.traits}
    if lead.campaign.channel == "event" and rng.random() < 0.4:
        yield "webinar_register", "webinar_register", "/webinars/scoring", {"webinar": "scoring"}
