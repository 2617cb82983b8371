"""The KPI contract (config/kpi.yaml): what MQL, SAL, SQL, won and lost mean, by quarter."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, field_validator

from leadops.calendar.local_days import local_midnight
from leadops.company import InCompanyZone
from leadops.normalization.currencies import read_currency
from leadops.settings import Settings
from leadops.tabular.amounts import DecimalSign

AccountMeaning = Literal["count", "tell", "ignore"]


def _check_currency(code: str) -> str:
    if read_currency(code) != code:
        raise ValueError(f"{code!r} is not a currency of ISO 4217 such as EUR")
    return code


CurrencyCode = Annotated[str, AfterValidator(_check_currency)]


class AccountRule(Settings):
    """What the state of its account means for an MQL: it counts, only sales gets it, or it is none."""

    customer: AccountMeaning = "tell"
    open_deal: AccountMeaning = "tell"


class MqlRule(Settings):
    """Thresholds on raw sums of points; all must be reached."""

    fit: int  # points
    behaviour: int  # points
    total: int | None = None  # points, fit + behaviour + model; None: the sum does not matter
    again_behaviour: int = Field(default=20, ge=1)  # points, from events after the last cycle's end
    reasons: int = Field(default=5, ge=1)  # rules named in the evidence
    account: AccountRule = AccountRule()  # where another person of it is a customer or has an open deal
    claims: bool = False  # whether a lead of whom there are only claims can be MQL


class SalRule(Settings):
    """Taken by a rep and first contact tried, both within `within_hours` after the MQL."""

    taken: list[str] = Field(min_length=1)  # CRM statuses
    contact: list[str] = Field(min_length=1)  # kinds of activity
    contacted: list[str] = Field(default=[])  # CRM statuses that say so too
    within_hours: float = Field(gt=0)  # hours of the wall clock


class SqlRule(Settings):
    """A minimum number of the criteria, and a next meeting."""

    criteria: list[str] = Field(min_length=1)  # keys in an activity's details, or statuses
    at_least: int = Field(ge=1)
    next_meeting: list[str] = Field(default=[])  # keys in an activity's details


class KpiVersion(Settings):
    """One agreement, in force from midnight of `effective_from` until the next one."""

    version: str = Field(min_length=1)
    effective_from: date
    mql: MqlRule
    sal: SalRule
    sql: SqlRule
    won: list[str] = Field(min_length=1)  # CRM statuses
    lost: list[str] = Field(min_length=1)  # CRM statuses

    def flatten_rules(self) -> dict[str, Any]:
        """Return the rules for what sales did as one flat JSON-ready row, as SQL reads it."""
        return {
            "version": self.version,
            "taken": self.sal.taken,
            "contact": self.sal.contact,
            "contacted": self.sal.contacted,
            "within_hours": self.sal.within_hours,
            "criteria": self.sql.criteria,
            "at_least": self.sql.at_least,
            "next_meeting": self.sql.next_meeting,
            "won": self.won,
            "lost": self.lost,
        }


class DealValueSettings(Settings):
    """How the CRM writes what a won deal is worth."""

    details: list[str] = Field(min_length=1)  # keys in an activity's details, the first readable counts
    decimal: DecimalSign | None  # None: as the text itself shows
    currency_marks: list[str]
    currency: list[str]  # keys in an activity's details
    default_currency: CurrencyCode | None  # of values without one; None: the company's


class OtherWords(Settings):
    """Words of the CRM that mean nothing for the stages, so that nobody is asked about them."""

    statuses: list[str]
    kinds: list[str]  # of activity
    salespeople: list[str]  # ids; those whom the CRM lists are known anyway


class VersionSpan(NamedTuple):
    """A version with its span [since, until); None is open."""

    version: KpiVersion
    since: datetime | None
    until: datetime | None


class KpiContract(InCompanyZone):
    """config/kpi.yaml."""

    deal_value: DealValueSettings
    other_words: OtherWords
    versions: list[KpiVersion] = Field(min_length=1)

    @field_validator("versions")
    @classmethod
    def _in_order(cls, versions: list[KpiVersion]) -> list[KpiVersion]:
        starts = [version.effective_from for version in versions]
        if starts != sorted(set(starts)):
            raise ValueError("effective_from must rise from each version to the next")
        if len({version.version for version in versions}) < len(versions):
            raise ValueError("each version needs a name of its own")
        return versions

    def spans(self) -> list[VersionSpan]:
        """Return the versions with the time each is in force; the first covers all that was before it."""
        zone = self.zone
        starts = [local_midnight(v.effective_from, zone).astimezone(zone) for v in self.versions]
        since: list[datetime | None] = [None, *starts[1:]]
        until: list[datetime | None] = [*starts[1:], None]
        return [VersionSpan(*span) for span in zip(self.versions, since, until, strict=True)]

    def active_version(self, moment: datetime) -> KpiVersion:
        """Return the version in force at `moment`."""
        return [s.version for s in self.spans() if s.since is None or s.since <= moment][-1]

    def span_rows(self) -> list[dict[str, Any]]:
        """Return one flat JSON-ready row a version: its rules, and from when until when it is in force."""
        return [
            {
                **span.version.flatten_rules(),
                "since": span.since.isoformat() if span.since else "-infinity",
                "until": span.until.isoformat() if span.until else "infinity",
            }
            for span in self.spans()
        ]
