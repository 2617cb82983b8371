"""The tasks of retrain_thresholds; what needs numpy is imported by the task that needs it."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from leadops.configuration import Config, collect_threshold_context
from leadops.errors import TransientError
from leadops.orchestration.connections import open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import find_day, now

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: The last task of retrain_thresholds.
LEAVES = ("apply",)

#: So long a human can answer: from half past three in the night to the afternoon of the same day.
ANSWER_WITHIN = timedelta(hours=12)


def check_funnel(context: Context) -> str:
    """Return the day once its funnel is built; raise TransientError before."""
    config = Config.from_environment()
    day = find_day(context, config.company)
    with open_database("check_funnel") as connection:
        row = connection.execute("select 1 from analytics.built_days where dt = %s", [day]).fetchone()
    if row is None:
        raise TransientError(f"the funnel of {day} is not built yet; see the DAG refresh_funnel")
    return day.isoformat()


def retrain(context: Context) -> Counts:
    """Train the model of the day; it takes over only where it is better.

    A refused feature does not stop the run: the next watch announces it in Slack.
    """
    config = Config.from_environment()
    from leadops.training.retrain import retrain as train

    with open_database("retrain") as connection:
        found = train(
            connection,
            day=find_day(context, config.company),
            settings=config.training,
            company=config.company,
            now=now(),
        )
    log.info("%s: %s: %s", found.day, found.outcome, found.reason)
    for each in found.refused:
        log.warning("%s is refused: %s", each.feature, each.reason)
    return {
        "day": found.day.isoformat(),
        "outcome": found.outcome,
        "leads": found.leads,
        "refused": [each.feature for each in found.refused],
    }


def points() -> Counts:
    """Give each active lead the points of the model in effect."""
    config = Config.from_environment()
    from leadops.training.points import write_model_points

    with open_database("points") as connection:
        done = write_model_points(connection, now=now(), settings=config.training)
    log.info("%s leads, %s ledger rows, %s points", done.leads, done.rows, done.points)
    return asdict(done)


def guard(context: Context) -> Counts:
    """Take the newest change of the threshold back where it proved bad."""
    from leadops.thresholds.rollback import evaluate_rollback

    config = Config.from_environment()
    day, settings = find_day(context, config.company), collect_threshold_context(config)
    with open_database("guard") as connection:
        found = evaluate_rollback(connection, day=day, context=settings, now=now())
    if found.reason:
        log.warning("the change of %s was rolled back: %s", found.watches, found.reason)
    return {"watches": found.watches and found.watches.isoformat(), "reason": found.reason}


def propose(context: Context) -> Counts:
    """Work out whether threshold and SLA target should change; nothing changes yet."""
    from leadops.thresholds.propose_threshold import propose_threshold

    config = Config.from_environment()
    day = find_day(context, config.company)
    with open_database("propose") as connection:
        found = propose_threshold(connection, day=day, context=collect_threshold_context(config), now=now())
    choice = found.choice
    log.info("%s: %s: %s", day, choice.plan, choice.reason)
    return {"day": day.isoformat(), "plan": choice.plan, "reason": choice.reason, "hash": found.hash}


def ask(context: Context) -> bool:
    """Say whether a human has to be asked, and note it: the next watch announces it in Slack, once."""
    from leadops.thresholds.apply_threshold import ask_human

    config = Config.from_environment()
    day, run_id = find_day(context, config.company), context["dag_run"].run_id
    with open_database("approve") as connection:
        return ask_human(connection, day=day, now=now(), run_id=run_id)


def note_answer(context: Context, event: Mapping[str, Any]) -> None:
    """Note what a human said, or that nobody did; without an approval all is done here."""
    from leadops.thresholds.apply_threshold import ApprovalAnswer, record_answer

    answer: ApprovalAnswer = "unanswered"
    if event.get("chosen_options") == ["Approve"]:
        answer = "approved"
    elif event.get("responded_by_user"):
        answer = "rejected"
    config = Config.from_environment()
    day = find_day(context, config.company)
    with open_database("approve") as connection:
        record_answer(connection, day=day, answer=answer)
        if answer != "approved":
            note_success(context, connection, leaves=("approve",))
    log.info("%s: %s", day, answer)


def apply(context: Context) -> Counts:
    """Put the proposal into force where it is to be; a second run changes nothing."""
    from leadops.thresholds.apply_threshold import apply_threshold

    config = Config.from_environment()
    day, settings = find_day(context, config.company), collect_threshold_context(config)
    with open_database("apply") as connection:
        row = apply_threshold(connection, day=day, context=settings, now=now())
        note_success(context, connection, leaves=LEAVES)
    log.info("%s: %s, total %s, first contact %s min", *(row.day, row.decided_by, row.value, row.sla_minutes))
    return {"day": row.day.isoformat(), "decided_by": row.decided_by, "value": row.value}
