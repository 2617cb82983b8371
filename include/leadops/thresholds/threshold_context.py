"""All settings that the daily threshold depends on, and the days it is computed for."""

from dataclasses import dataclass
from datetime import date, datetime

from leadops.calendar.local_days import ONE_DAY, last_whole_day, local_midnight
from leadops.changes.change_settings import ChangeSettings
from leadops.company import Company
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.routing.routing_rules import RoutingRules
from leadops.scoring.grades import Grades
from leadops.sla.sla_policy import SlaPolicy
from leadops.thresholds.threshold_settings import ThresholdSettings


@dataclass(frozen=True)
class ThresholdContext:
    """All settings that the choice depends on."""

    thresholds: ThresholdSettings
    kpi: KpiContract
    sla: SlaPolicy
    routing: RoutingRules
    company: Company
    limits: ChangeSettings
    grades: Grades


def end_of(day: date, company: Company) -> datetime:
    """Return the moment at which the local `day` is over."""
    return local_midnight(day + ONE_DAY, company.zone).astimezone(company.zone)


def is_last_day(day: date, *, now: datetime, company: Company) -> bool:
    """Say whether `day` is the last local day that is over."""
    return day == last_whole_day(now, company.zone)
