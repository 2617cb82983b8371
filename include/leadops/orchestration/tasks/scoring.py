"""The tasks of score_leads: each takes what is pending, chunk by chunk; the next run takes the rest."""

import logging
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from leadops.alerts.links import form_pages_url
from leadops.identity.resolve import resolve_events
from leadops.lanes import Lane
from leadops.lifecycle.frozen_quarters import record_contract_changes
from leadops.lifecycle.qualify import qualify_leads
from leadops.orchestration.counts import Counts, run_chunks
from leadops.orchestration.run import TaskRun
from leadops.orchestration.stage_beside import at_work
from leadops.orchestration.tasks.delivery import push_to
from leadops.routing.assign_leads import assign_leads
from leadops.routing.notice_message import NoticeContext
from leadops.routing.notify_reps import notify_reps
from leadops.scoring.active_rules import name_source
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_interval
from leadops.sla.clocks import find_contact_dues
from leadops.subscribers import SUBSCRIBERS

log = logging.getLogger(__name__)

#: What qualify always counts; what a changed contract moved is counted only after a change.
STAGES = ("mql", "sal", "sql", "won", "lost")
#: A task stops between two chunks once this is over.
CHUNK_TIME = timedelta(seconds=45)


def resolve(run: TaskRun) -> Counts:
    """Find the lead behind every waiting event; a new email makes a lead.

    A backfill also queues the leads of its interval's events for scoring.
    """
    enqueued: Counts = {}
    with run.open_database() as connection:
        if run.is_backfill:
            with connection.transaction():
                leads = enqueue_interval(connection, start=run.start, end=run.end)
            enqueued = {"leads_enqueued": leads} if leads else {}
        counts = run_chunks(
            lambda: resolve_events(connection, now=run.clock(), settings=run.config.identity),
            clock=run.clock,
            limit=CHUNK_TIME,
        )
    return counts | enqueued


def score(run: TaskRun) -> Counts:
    """Write the points that the rules give, as differences from what the ledger has.

    Live work goes first, then the low lane (a changed rule, a backfill); a backfill does the low lane alone.
    """
    rules, zone = run.config.scoring, run.config.company.zone
    source = name_source(run.config.find_file("scoring"))
    lane = Lane.BACKFILL if run.is_backfill else None
    with run.open_database() as connection, at_work(connection, run):
        return run_chunks(
            lambda: score_leads(
                connection,
                rules=rules,
                zone=zone,
                now=run.clock(),
                lane=lane,
                source=source,
                machines=run.config.machines,
            ),
            clock=run.clock,
            limit=CHUNK_TIME,
        )


def qualify(run: TaskRun) -> Counts:
    """Record who became MQL, SAL, SQL, won or lost; bring new MQLs to the CRM."""
    contract, company, now = run.config.kpi, run.config.company, run.clock()
    with run.open_database() as connection:
        result = qualify_leads(
            connection, contract=contract, subscribers=SUBSCRIBERS, fold_case=company.fold_case, now=now
        )
        changed = record_contract_changes(connection, contract=contract, company=company, now=run.clock())
    for quarter, changes in changed.items():
        log.warning("kpi.yaml changes what was frozen for %s: %s", quarter, "; ".join(changes))
    counts = asdict(result)
    if result.reevaluated:
        log.warning(
            "the KPI contract has changed: %s leads were evaluated again, the stages of %s changed, %s still"
            " wait; leadops kpi changes lists the changes",
            *(result.reevaluated, result.moved, result.waiting),
        )
    else:
        counts = {name: number for name, number in counts.items() if number or name in STAGES}
    return counts | {"crm": push_to(run, "crm")}


def assign(run: TaskRun) -> Counts:
    """Give each new MQL an owner, empty the queues, let late leads move on; notify the owners.

    A Slack that is down does not fail the task.
    """
    rules, zone = run.config.routing, run.config.company.zone
    targets = ("crm", "bot") if rules.after_hours.bot else ("crm",)
    for target in targets:
        run.config.delivery.find_target(target)
    with run.open_database() as connection:
        counts = run_chunks(
            lambda: assign_leads(connection, rules=rules, zone=zone, now=run.clock()),
            clock=run.clock,
            limit=CHUNK_TIME,
        )
    counts |= {target: push_to(run, target) for target in targets}
    return counts | notify_owners(run)


def notify_owners(run: TaskRun) -> Counts:
    """Send salespeople the open Slack messages about their leads."""
    slack, alerts = run.config.routing.slack, run.alerts
    context = NoticeContext(
        slack,
        run.config.company,
        run.config.scoring.grades,
        run.config.scoring.labels(),
        find_due=partial(find_contact_dues, policy=run.config.sla),
        pages_url=form_pages_url(alerts),
    )
    if slack.channel:
        alerts = alerts.model_copy(update={"channel": slack.channel})
    with run.open_database() as connection:
        result = notify_reps(
            connection, run.open_chat(alerts), context=context, clock=run.clock, sleep=run.sleep
        )
    if result.problem:
        log.warning("%s; the next run notifies the salespeople", result.problem)
    return {"notified": result.sent, "dropped": result.dropped}
