"""The tasks of the quarterly DAGs: draw and post the response times, freeze the KPI contract."""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from leadops.company import Company
from leadops.configuration import Config
from leadops.lifecycle.frozen_quarters import freeze_quarter
from leadops.lifecycle.quarter import find_quarter, read_quarter
from leadops.orchestration.connections import SlackChat, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import interval, is_backfill, now
from leadops.reports.post_report import post_report
from leadops.reports.report_period import parse_period

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: A scheduled run freezes only a quarter that began so recently: an installation in mid-quarter, whose
#: kpi.yaml is perhaps not written yet, does not freeze the one that came with it.
FRESH = timedelta(days=7)

#: The last task of each DAG.
REPORT_LEAVES = ("post",)
FREEZE_LEAVES = ("freeze",)


def draw(context: Context) -> Counts:
    """Draw the response times of the run's quarter, or of the days in its Params; keep file and record."""
    config = Config.from_environment()
    from leadops.reports.make_report import make_report  # loads matplotlib

    given, company = context["params"], config.company
    period = parse_period(
        quarter=given.get("quarter"),
        since=given.get("from"),
        until=given.get("to"),
        today=_today(context, company),
    )
    with open_database("draw") as connection:
        made = make_report(
            connection,
            period=period,
            settings=config.reports,
            company=company,
            policy=config.sla,
            now=now(),
        )
    log.info("%s: %s MQLs, kept as %s", period, made.mqls, made.file)
    return {"report_id": made.report_id, "mqls": made.mqls, "file": str(made.file)}


def post(context: Context) -> Counts:
    """Post the report that `draw` made, unless it has been; a Slack that does not answer fails the task."""
    config = Config.from_environment()
    drawn = context["task_instance"].xcom_pull(task_ids="draw")
    settings, company = config.alerts, config.company
    with open_database("post") as connection:
        outcome = post_report(
            connection,
            SlackChat(settings),
            drawn["report_id"],
            language=company.language,
            again=bool(context["params"].get("again")),
            clock=now,
        )
        note_success(context, connection, leaves=REPORT_LEAVES)
    log.info(
        {
            "posted": "posted",
            "found": "it was in Slack already: an earlier run had posted it and could not note it",
            "already": "it was posted before",
            "outdated": "it was posted before with other figures; run the DAG with `again` to post it anew",
            "nothing": "no MQL in these days: nothing was posted",
        }[outcome]
    )
    return {"outcome": outcome}


def freeze(context: Context) -> Counts:
    """Freeze the KPI contract of the quarter in which the run's interval ends, or of its Params."""
    config = Config.from_environment()
    company, wanted = config.company, context["params"].get("quarter")
    today = _today(context, company)
    quarter = read_quarter(wanted) if wanted else find_quarter(today)
    late = now().astimezone(company.zone).date() - quarter.first_day > FRESH
    with open_database("freeze") as connection:
        if late and not wanted and _is_scheduled(context):
            log.warning(
                "%s began on %s and is not frozen by a run this late; by hand: leadops freeze-quarter %s",
                *(quarter, quarter.first_day, quarter),
            )
            note_success(context, connection, leaves=FREEZE_LEAVES)
            return {"quarter": str(quarter), "frozen": False}
        frozen = freeze_quarter(
            connection,
            contract=config.kpi,
            company=company,
            quarter=quarter,
            now=now(),
        )
        note_success(context, connection, leaves=FREEZE_LEAVES)
    log.info(
        "%s: KPI version %s, sha256 %s, revision %s%s",
        *(quarter, ", ".join(frozen.versions), frozen.digest[:12], frozen.revision),
        "" if frozen.is_new else f"; frozen on {frozen.frozen_at:%Y-%m-%d} already, nothing was changed",
    )
    return {"quarter": str(quarter), "frozen": True, "revision": frozen.revision, "is_new": frozen.is_new}


def _today(context: Context, company: Company) -> date:
    return interval(context)[1].astimezone(company.zone).date()


def _is_scheduled(context: Context) -> bool:
    run_type = str(context["dag_run"].run_type).rsplit(".", 1)[-1].lower()
    return run_type == "scheduled" and not is_backfill(context)
