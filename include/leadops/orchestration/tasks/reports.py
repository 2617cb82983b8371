"""The tasks of the quarterly DAGs: draw and post the response times, freeze the KPI contract."""

import logging
from datetime import timedelta

from leadops.lifecycle.frozen_quarters import freeze_quarter
from leadops.lifecycle.quarter import find_quarter, read_quarter
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import SCHEDULED, TaskRun
from leadops.reports.post_report import post_report
from leadops.reports.report_period import choose_period, parse_param_day

log = logging.getLogger(__name__)

#: A scheduled run freezes only a quarter that began this recently: an installation in mid-quarter, whose
#: kpi.yaml may not be written yet, does not freeze the shipped one.
FRESH = timedelta(days=7)

OUTCOMES = {
    "posted": "posted",
    "found": "it was in Slack already: an earlier run had posted it and could not record it",
    "already": "it was posted before",
    "outdated": "it was posted before with other figures; post it once more with `again`",
    "nothing": "no MQL in these days: nothing was posted",
}


def draw(run: TaskRun) -> Counts:
    """Draw the response times of the quarter, or of the days in the Params; keep the file and a record."""
    from leadops.reports.make_report import make_report  # loads matplotlib

    config = run.config
    period = choose_period(
        quarter=run.params.get("quarter"),
        first=parse_param_day(run.params.get("from")),
        last=parse_param_day(run.params.get("to")),
        today=run.end_date,
        year_starts=config.company.fiscal_year_starts,
    )
    with run.open_database() as connection:
        report = make_report(
            connection,
            period=period,
            settings=config.reports,
            company=config.company,
            policy=config.sla,
            now=run.clock(),
        )
    return {"report_id": report.report_id, "mqls": report.mqls, "file": str(report.file)}


def post(run: TaskRun, drawn: Counts) -> Counts:
    """Post the picture that `draw` returned, and its sentences, to Slack, once.

    A Slack that does not answer fails the task.
    """
    with run.open_database() as connection:
        outcome = post_report(
            connection,
            run.open_chat(run.config.alerts),
            drawn["report_id"],
            language=run.config.company.language,
            again=bool(run.params.get("again")),
            clock=run.clock,
        )
    log.info(OUTCOMES[outcome])
    return {"outcome": outcome}


def freeze(run: TaskRun) -> Counts:
    """Freeze the KPI contract of the quarter in which the interval ends, or of the Params."""
    company, asked = run.config.company, run.params.get("quarter")
    starts = company.fiscal_year_starts
    quarter = read_quarter(asked, starts=starts) if asked else find_quarter(run.end_date, starts=starts)
    is_late = run.clock().astimezone(company.zone).date() - quarter.first_day > FRESH
    if is_late and not asked and run.run_type == SCHEDULED:
        log.warning(
            "%s began on %s and is not frozen by a run this late; by hand: leadops freeze-quarter %s",
            *(quarter, quarter.first_day, quarter),
        )
        return {"quarter": str(quarter), "frozen": False}
    with run.open_database() as connection:
        frozen = freeze_quarter(
            connection, contract=run.config.kpi, company=company, quarter=quarter, now=run.clock()
        )
    log.info(
        "%s: KPI version %s, sha256 %s, revision %s%s",
        *(frozen.quarter, ", ".join(frozen.versions), frozen.digest[:12], frozen.revision),
        "" if frozen.is_new else f"; frozen on {frozen.frozen_at:%Y-%m-%d} already, nothing was changed",
    )
    return {"quarter": frozen.quarter, "frozen": True, "revision": frozen.revision, "is_new": frozen.is_new}
