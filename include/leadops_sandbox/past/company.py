"""The simulated company: its campaigns, its salespeople, and what was special about its half year."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops_sandbox.crm.reps import FIRST_REPS

#: Its days are those of this zone.
ZONE = ZoneInfo("Asia/Tokyo")
#: Half a year.
DAYS = 182
#: New leads on the first working day, how many more each day after it, and the share of a free day.
FIRST_LEADS, MORE_LEADS, FREE_SHARE = 20.0, 0.06, 0.35
#: On this day the webinar got another name; the campaign is the same.
RENAMED_ON = 75
#: Sales fell ill: in these days answers took long and little came of them.
BAD_WEEK = range(120, 127)
#: From the first day on the total was higher by the step, on the last it was taken back.
STRICT, STEP = range(60, 102), 5
#: A fair, with many leads at once.
FAIR = range(40, 44)


class Campaign(NamedTuple):
    """How leads come: `share` of all, how much more than others they want, and what a month costs in yen."""

    name: str
    channel: str
    share: float
    wish: float
    monthly_cost: int


CAMPAIGNS = (
    Campaign("brand-search", "paid search", 0.24, 0.5, 2_400_000),
    Campaign("spring-webinar", "event", 0.18, 0.2, 1_100_000),
    Campaign("monthly-newsletter", "email", 0.22, -0.1, 350_000),
    Campaign("partner-referral", "referral", 0.10, 0.9, 900_000),
    Campaign("social-retargeting", "paid_social", 0.20, -0.9, 1_900_000),
    Campaign("", "organic", 0.06, 0.1, 0),
)
FAIR_CAMPAIGN = Campaign("tokyo-expo", "event", 0.0, 0.3, 0)
#: The webinar's name since RENAMED_ON, and what the fair cost at once.
NEW_NAME, FAIR_COST = "automation-webinar", 3_800_000


class Rep(NamedTuple):
    """A salesperson: working minutes until the answer (median), share of the leads, days off, zone."""

    id: str
    median_minutes: float
    share: float
    away: range
    zone: ZoneInfo


_SPEED = {
    "rep-01": (18.0, 0.24, range(84, 98)),
    "rep-02": (35.0, 0.20, range(0)),
    "rep-03": (55.0, 0.18, range(150, 155)),
    "rep-04": (150.0, 0.14, range(30, 44)),
    "rep-05": (70.0, 0.10, range(112, 122)),
    "rep-06": (30.0, 0.14, range(0)),
}
REPS = tuple(Rep(rep["id"], *_SPEED[rep["id"]], ZoneInfo(rep["zone"])) for rep in FIRST_REPS)


@dataclass(frozen=True)
class Calendar:
    """The days of the half year, numbered from 0, in the company's zone."""

    last_day: date

    @property
    def first_day(self) -> date:
        """The day with number 0."""
        return self.last_day - timedelta(days=DAYS - 1)

    def date_of(self, day: int) -> date:
        """Return the date of day number `day`."""
        return self.first_day + timedelta(days=day)

    def number_of(self, day: date) -> int:
        """Return the number of a date; below 0 or from DAYS on, it is outside of the half year."""
        return (day - self.first_day).days

    def is_working_day(self, day: int) -> bool:
        """Return whether the office is open."""
        return self.date_of(day).weekday() < 5


def name_campaign(campaign: Campaign, day: int) -> str:
    """Return what `campaign` is called on that day."""
    return NEW_NAME if campaign.name == "spring-webinar" and day >= RENAMED_ON else campaign.name


def find_total(day: int) -> int:
    """Return the points that a lead needs in all on that day."""
    return LEAST_FIT + LEAST_BEHAVIOUR + (STEP if day in STRICT else 0)


#: What makes an MQL, by the contract that leadops ships.
LEAST_FIT, LEAST_BEHAVIOUR = 20, 40
