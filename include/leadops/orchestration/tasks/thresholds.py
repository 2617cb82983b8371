"""The tasks of retrain_thresholds about the threshold; each imports what it needs of numpy itself."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from leadops.configuration import collect_threshold_context
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun

if TYPE_CHECKING:
    from leadops.thresholds.apply_threshold import ApprovalAnswer

log = logging.getLogger(__name__)

#: How long a human can answer: from half past three in the night to the afternoon of the same day.
ANSWER_WITHIN = timedelta(hours=12)


def evaluate_rollback(run: TaskRun) -> Counts:
    """Revert the changes since which leads wait longer or become SQL less often."""
    from leadops.thresholds import rollback

    context = collect_threshold_context(run.config)
    with run.open_database() as connection:
        verdict = rollback.evaluate_rollback(connection, day=run.day, context=context, now=run.clock())
    if verdict.reason:
        days = ", ".join(map(str, verdict.reverted))
        log.warning("the change of %s was rolled back: %s", days, verdict.reason)
    return {"watches": verdict.watches and verdict.watches.isoformat(), "reason": verdict.reason}


def propose(run: TaskRun) -> Counts:
    """Decide whether threshold and SLA target should change, and why; nothing changes yet."""
    from leadops.thresholds.propose_threshold import propose_threshold

    context = collect_threshold_context(run.config)
    with run.open_database() as connection:
        proposal = propose_threshold(connection, day=run.day, context=context, now=run.clock())
    choice = proposal.choice
    return {"day": run.day.isoformat(), "plan": choice.plan, "reason": choice.reason, "hash": proposal.hash}


def ask(run: TaskRun) -> bool:
    """Say whether a human has to be asked, and record it; `check_alerts` announces it in Slack, once."""
    from leadops.thresholds.apply_threshold import ask_human

    with run.open_database() as connection:
        return ask_human(connection, day=run.day, now=run.clock(), run_id=run.run_id)


def note_answer(run: TaskRun, answer: "ApprovalAnswer") -> None:
    """Record the human's answer to the day's proposal, or that there was none."""
    from leadops.thresholds.apply_threshold import record_answer

    with run.open_database() as connection:
        record_answer(connection, day=run.day, answer=answer)
    log.info("%s: %s", run.day, answer)


def apply(run: TaskRun) -> Counts:
    """Activate the proposal if it is due; a second run changes nothing."""
    from leadops.thresholds.apply_threshold import apply_threshold

    context = collect_threshold_context(run.config)
    with run.open_database() as connection:
        row = apply_threshold(connection, day=run.day, context=context, now=run.clock())
    log.info("%s: %s, total %s, first contact %s min", *(row.day, row.decided_by, row.value, row.sla_minutes))
    return {"day": row.day.isoformat(), "decided_by": row.decided_by, "value": row.value}
