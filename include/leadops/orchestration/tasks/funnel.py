"""The tasks of refresh_funnel: each computes a whole day from what is on record by now."""

import logging

from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.quality_checks import check_days
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.marts.publish_changes import publish_changes
from leadops.nurture.measure_lift import choose_totals, measure_lift
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun

log = logging.getLogger(__name__)


def refresh(run: TaskRun) -> Counts:
    """Publish what changed, and count the day and earlier days that changed since they were built."""
    config, settings = run.config, run.config.funnel
    with run.open_database() as connection:
        published = publish_changes(connection, now=run.clock())
        result = refresh_funnel(
            connection,
            day=run.day,
            company=config.company,
            settings=settings,
            contract=config.kpi,
            policy=config.sla,
            now=run.clock(),
        )
    if result.waiting:
        log.warning(
            "%s of the earlier days still wait to be built again; the next run takes at most %s of them"
            " (dirty_days_at_most), leadops funnel refresh as many at once",
            *(result.waiting, settings.dirty_days_at_most),
        )
    return {
        "day": run.day.isoformat(),
        "mqls": result.mqls,
        "wons": result.wons,
        "again": [day.isoformat() for day in result.again],
        "waiting": result.waiting,
        "published": published,
    }


def check_quality(run: TaskRun) -> Counts:
    """Find impossible orders, gaps and sudden changes in the days that were built."""
    config = run.config
    with run.open_database() as connection:
        result = check_days(
            connection,
            company=config.company,
            settings=config.funnel,
            policy=config.sla,
            now=run.clock(),
        )
    if result.findings:
        log.info("they are listed by: leadops funnel findings --from %s --to %s", result.first, result.last)
    return {"days": result.days, "findings": result.findings}


def attribute(run: TaskRun) -> Counts:
    """Share the conversions among the touches that led to them, by seven models."""
    with run.open_database() as connection:
        result = refresh_attribution(
            connection,
            day=run.day,
            settings=run.config.attribution,
            company=run.config.company,
            now=run.clock(),
        )
    if result.note:
        log.info("no numbers: %s", result.note)
    return {"day": run.day.isoformat(), "conversions": result.conversions, "rows": result.rows}


def economics(run: TaskRun) -> Counts:
    """Compute what the leads of each month cost and returned."""
    with run.open_database() as connection:
        result = refresh_economics(
            connection,
            day=run.day,
            settings=run.config.economics,
            company=run.config.company,
            now=run.clock(),
        )
    return {"day": run.day.isoformat(), "rows": result.rows, "won": result.won}


def lift(run: TaskRun) -> Counts:
    """Compare the members of each nurture programme with those held out."""
    with run.open_database() as connection:
        rows = measure_lift(
            connection,
            day=run.day,
            settings=run.config.nurture.lift,
            company=run.config.company,
            now=run.clock(),
        )
    totals = list(choose_totals(rows))
    return {
        "day": run.day.isoformat(),
        "programmes": len(totals),
        "members": sum(row.members for row in totals),
        "held_out": sum(row.held_out for row in totals),
    }
