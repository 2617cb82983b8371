"""GET /kpi: the numbers of management for a period, for whoever builds on them."""

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from leadops.dashboard.answers import answer_json
from leadops.dashboard.executive_view import PeriodFigures, read_executive_view
from leadops.dashboard.month_figures import MissingReason
from leadops.dashboard.periods import PeriodDep
from leadops.dashboard.wiring import ConnectionDep, DashboardDep

router = APIRouter(tags=["kpi"])


class KpiFigures(BaseModel):
    """The numbers of a period."""

    first: date = Field(alias="from", description="The first day, in the company's zone.")
    last: date = Field(alias="to", description="The last day, included.")
    days: int
    days_built: int = Field(description="Days of the period that are counted.")
    days_stale: int = Field(description="Of these, days that later rows touched: they are counted again.")
    leads: int
    mqls: int
    sals: int
    sqls: int
    sql_rate: float | None = Field(description="SQLs per MQL, each by its own day; null without an MQL.")
    won: int
    lost: int
    value: float = Field(description="Of the deals won, in `currency`.")
    won_without_value: int = Field(description="Deals without a readable value: `value` lacks them.")
    won_without_rate: int = Field(description="Deals in a currency without a rate: `value` lacks them.")
    mqls_apart: int = Field(description="MQLs of customers' accounts, which are counted nowhere else.")
    left_out: int = Field(description="Stages that cannot be so, or that a later outcome replaced.")
    cac: float | None = Field(description="Cost of a deal won in `cac_months`, in `currency`.")
    cac_months: list[str] = Field(description="The months that end in the period, or the last one before.")
    cac_reason: MissingReason | None = Field(description="Why there is no CAC.")
    payback_months: float | None = Field(description="Months until the cost of a deal is earned back.")
    payback_month: str | None = Field(description="Whose MQLs: of the newest month old enough to say.")
    payback_reason: MissingReason | None = Field(description="Why there is no payback.")


class KpiAnswer(KpiFigures):
    """The numbers of a period and of the one before it."""

    before: KpiFigures = Field(description="The same of the period of the same length right before.")
    currency: str
    timezone: str
    as_of: datetime


@router.get("/kpi", response_model=KpiAnswer)
def show_kpi(period: PeriodDep, dashboard: DashboardDep, connection: ConnectionDep) -> Response:
    """MQLs, SQLs, SQL rate, won deals, value, CAC and payback of a period, and of the period before it.

    The default is the last 30 whole days of the company's zone.
    """
    view = read_executive_view(connection, period)
    company = dashboard.read_config().company
    return answer_json(
        name_figures(view.now),
        as_of=dashboard.clock(),
        before=name_figures(view.before),
        currency=company.currency,
        timezone=company.timezone,
    )


def name_figures(figures: PeriodFigures) -> dict[str, Any]:
    """Return the figures of a period under the names of KpiFigures."""
    cac, payback = figures.cac, figures.payback
    return {
        "from": figures.first,
        "to": figures.last,
        "days": figures.days,
        "days_built": figures.days_built,
        "days_stale": figures.days_stale,
        "leads": figures.leads,
        "mqls": figures.mqls,
        "sals": figures.sals,
        "sqls": figures.sqls,
        "sql_rate": figures.sql_rate,
        "won": figures.wons,
        "lost": figures.losts,
        "value": figures.value,
        "won_without_value": figures.wons_without_value,
        "won_without_rate": figures.wons_without_rate,
        "mqls_apart": figures.mqls_apart,
        "left_out": figures.left_out,
        "cac": cac.value,
        "cac_months": [f"{month:%Y-%m}" for month in cac.months],
        "cac_reason": cac.reason,
        "payback_months": payback.value,
        "payback_month": f"{payback.months[0]:%Y-%m}" if payback.months else None,
        "payback_reason": payback.reason,
    }
