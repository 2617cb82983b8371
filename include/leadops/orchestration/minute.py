"""The tasks of score_leads: each does its stage's work chunk by chunk and says in one line what was done."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from leadops.configuration import Config
from leadops.db import Connection
from leadops.delivery.purge import purge_settled
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.identity.resolve import resolve_events
from leadops.lanes import Lane
from leadops.lifecycle.frozen_quarters import record_contract_changes
from leadops.lifecycle.qualify import qualify_leads
from leadops.orchestration.connections import SlackChat, find_endpoint, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import interval, is_backfill, now
from leadops.routing.assign_leads import assign_leads
from leadops.routing.notify_reps import notify_reps
from leadops.scoring.active_rules import name_source
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_interval
from leadops.settings import database_url
from leadops.subscribers import SUBSCRIBERS

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: A push leaves off in time for the next minute's; what it did not send stays on record.
PUSH_TIME = timedelta(seconds=50)

#: Work goes on chunk by chunk until none is left or this is over; the next run takes up the rest.
CHUNK_TIME = timedelta(seconds=45)

#: The last tasks of score_leads.
LEAVES = ("push", "assign")


def resolve(context: Context) -> Counts:
    """Find the lead behind every waiting event; in a backfill also take up the events of its minutes."""
    config = Config.from_environment()
    settings = config.identity
    with open_database("resolve") as connection:
        taken_up = 0
        if is_backfill(context):
            start, end = interval(context)
            with connection.transaction():
                taken_up = enqueue_interval(connection, start=start, end=end)
        counts = _work_off(lambda: resolve_events(connection, now=now(), settings=settings))
    log.info(
        "resolved %(events)s events: %(new_leads)s new leads, %(leads_touched)s leads to score, "
        "%(waiting)s of nobody known yet",
        counts,
    )
    return counts | ({"leads_taken_up": taken_up} if taken_up else {})


def score(context: Context) -> Counts:
    """Bring the ledger and the scores in line with the rules: only differences are written.

    What happens now comes first, then the low lane (a changed rule, a backfill), of which a backfill takes
    care alone.
    """
    config = Config.from_environment()
    wanted = Lane.BACKFILL if is_backfill(context) else None
    rules, company = config.scoring, config.company
    source = name_source(config.find_file("scoring"))
    with open_database("score") as connection:
        counts = _work_off(
            lambda: score_leads(
                connection, rules=rules, zone=company.zone, now=now(), lane=wanted, source=source
            )
        )
    log.info(
        "scored %(leads)s leads: %(rows)s ledger rows (%(corrections)s corrections), %(points)s points",
        counts,
    )
    return counts


def push(context: Context) -> Counts:
    """Send new leads and score changes to the MA."""
    config = Config.from_environment()
    done = _push_to("ma", config)
    settings = config.delivery
    with open_database("push") as connection:
        purge_settled(connection, keep_days=settings.keep_days, now=now())
        note_success(context, connection, leaves=LEAVES)
    return done


def qualify() -> Counts:
    """Record who became MQL, SAL, SQL, won or lost, and bring new MQLs to the CRM."""
    config = Config.from_environment()
    contract = config.kpi
    with open_database("qualify") as connection:
        counts = asdict(qualify_leads(connection, contract=contract, subscribers=SUBSCRIBERS, now=now()))
        changed = record_contract_changes(connection, contract=contract, company=config.company, now=now())
    for quarter, changes in changed.items():
        log.warning("kpi.yaml changes what was frozen for %s: %s", quarter, "; ".join(changes))
    crm = _push_to("crm", config)
    log.info("new: %(mql)s MQL, %(sal)s SAL, %(sql)s SQL, %(won)s won, %(lost)s lost", counts)
    return counts | {"crm": crm}


def assign(context: Context) -> Counts:
    """Give each new MQL an owner, in the CRM too, and tell the owner. Slack down is no failure."""
    config = Config.from_environment()
    rules = config.routing
    targets = ("crm", "bot") if rules.after_hours.bot else ("crm",)
    for target in targets:
        config.delivery.find_target(target)
    with open_database("assign") as connection:
        counts = _work_off(lambda: assign_leads(connection, rules=rules, zone=config.company.zone, now=now()))
    log.info(
        "%(assigned)s leads got an owner (%(to_account_owner)s their account's), %(moved_on)s moved on, "
        "%(queued)s queued, %(closed)s closed",
        counts,
    )
    sent = {target: _push_to(target, config) for target in targets}
    with open_database("assign") as connection:
        notified = _notify_reps(connection, config)
        note_success(context, connection, leaves=LEAVES)
    return counts | sent | notified


def _notify_reps(connection: Connection, config: Config) -> Counts:
    rules, alerts = config.routing, config.alerts
    channel = {"channel": rules.slack.channel} if rules.slack.channel else {}
    result = notify_reps(
        connection,
        SlackChat(alerts.model_copy(update=channel)),
        settings=rules.slack,
        company=config.company,
        clock=now,
        sleep=time.sleep,
    )
    if result.problem:
        log.warning("%s; the next run notifies the salespeople", result.problem)
    return {"notified": result.sent, "dropped": result.dropped}


def _push_to(target: str, config: Config) -> Counts:
    started = now()
    done = push_target(
        database_url=database_url(),
        endpoint=find_endpoint(target),
        target=target,
        settings=config.delivery,
        clock=now,
        sleep=time.sleep,
        until=started + PUSH_TIME,
    )
    log.info(
        "%s took %s deltas and %s effects in %s calls; %s dead letters, %s calls to be made again%s",
        *(target, done.deltas, done.effects, done.calls, done.dead, done.failed),
        f": {done.problem}" if done.problem else "",
    )
    return _counts(done)


def _counts(done: PushReport) -> Counts:
    return {name: value for name, value in asdict(done).items() if name != "problem"}


def _work_off(work: Callable[[], Any]) -> Counts:
    """Call `work` until nothing remains or the time is over; return the sums of its counts."""
    until = now() + CHUNK_TIME
    sums: Counts = {}
    while True:
        done = asdict(work())
        remaining = done.pop("remaining")
        sums = {name: sums.get(name, 0) + value for name, value in done.items()}
        if not remaining or now() >= until:
            return sums
