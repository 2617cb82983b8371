"""The tasks of refresh_funnel: each works a day out whole from what is on record by now."""

import logging
from collections.abc import Mapping
from typing import Any

from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.configuration import Config
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.quality_checks import check_days
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.orchestration.connections import open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import find_day, now

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: The last tasks of refresh_funnel.
FUNNEL_LEAVES = ("attribute", "economics")


def refresh(context: Context) -> Counts:
    """Count the run's local day, and earlier days that were touched since they were built."""
    config = Config.from_environment()
    day, settings = find_day(context, config.company), config.funnel
    with open_database("refresh") as connection:
        done = refresh_funnel(
            connection,
            day=day,
            company=config.company,
            settings=settings,
            contract=config.kpi,
            policy=config.sla,
            now=now(),
        )
    log.info(
        "%s: %s leads, %s MQL, %s SAL, %s SQL, %s won, %s lost; %s left out",
        *(day, done.leads, done.mqls, done.sals, done.sqls, done.wons, done.losts, done.left_out),
    )
    again = [dt.isoformat() for dt in done.again]
    if again:
        log.info("built again: %s", ", ".join(again))
    if done.waiting:
        log.warning(
            "%s of the earlier days still wait to be built again; the next run takes at most %s of them"
            " (dirty_days_at_most), leadops funnel refresh as many at once",
            *(done.waiting, settings.dirty_days_at_most),
        )
    return {
        "day": day.isoformat(),
        "mqls": done.mqls,
        "wons": done.wons,
        "again": again,
        "waiting": done.waiting,
    }


def gate() -> Counts:
    """Judge the days that were built; what looks wrong becomes an incident with the next watch."""
    config = Config.from_environment()
    with open_database("gate") as connection:
        done = check_days(
            connection,
            company=config.company,
            settings=config.funnel,
            policy=config.sla,
            now=now(),
        )
    log.info("%s days judged, %s findings", done.days, done.findings)
    if done.findings:
        log.info("they are listed by: leadops funnel findings --from %s --to %s", done.first, done.last)
    return {"days": done.days, "findings": done.findings}


def attribute(context: Context) -> Counts:
    """Share the conversions of the period that ends with the day among the touches that led to them."""
    config = Config.from_environment()
    day = find_day(context, config.company)
    with open_database("attribute") as connection:
        done = refresh_attribution(
            connection,
            day=day,
            settings=config.attribution,
            company=config.company,
            now=now(),
        )
        note_success(context, connection, leaves=FUNNEL_LEAVES)
    log.info(
        "%s to %s: %s conversions, %s touches, %s rows%s",
        *(done.since, day, done.conversions, done.touches, done.rows, f"; {done.note}" if done.note else ""),
    )
    return {"day": day.isoformat(), "conversions": done.conversions, "rows": done.rows}


def economics(context: Context) -> Counts:
    """Work out what the leads of each month cost and brought, as it looks at the end of the day."""
    config = Config.from_environment()
    day = find_day(context, config.company)
    with open_database("economics") as connection:
        done = refresh_economics(
            connection,
            day=day,
            settings=config.economics,
            company=config.company,
            now=now(),
        )
        note_success(context, connection, leaves=FUNNEL_LEAVES)
    log.info("%s: %s lines, %s deals won, %s left out", day, done.rows, done.won, done.left_out)
    return {"day": day.isoformat(), "rows": done.rows, "won": done.won}
