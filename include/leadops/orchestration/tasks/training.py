"""The tasks of retrain_thresholds about the model; what needs numpy is imported by the task that needs it."""

import logging
from dataclasses import asdict

from leadops.errors import TransientError
from leadops.funnel.built_days import read_built_days
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun

log = logging.getLogger(__name__)


def check_funnel(run: TaskRun) -> Counts:
    """Wait until the funnel of the day is built: raise TransientError before, so that the task is retried."""
    with run.open_database() as connection:
        built = read_built_days(connection, first=run.day, last=run.day)
    if run.day not in built:
        raise TransientError(f"the funnel of {run.day} is not built yet; see the DAG refresh_funnel")
    return {"day": run.day.isoformat()}


def retrain(run: TaskRun) -> Counts:
    """Train the model on the outcomes of earlier leads; it takes over only if it is better.

    A refused feature does not stop the run: `check_alerts` announces it in Slack.
    """
    from leadops.training.retrain import retrain as retrain_model

    with run.open_database() as connection:
        result = retrain_model(
            connection,
            day=run.day,
            settings=run.config.training,
            company=run.config.company,
            now=run.clock(),
        )
    for refusal in result.refused:
        log.warning("%s is refused: %s", refusal.feature, refusal.reason)
    log.info("%s: %s", result.outcome, result.reason)
    return {
        "day": result.day.isoformat(),
        "outcome": result.outcome,
        "leads": result.leads,
        "refused": [refusal.feature for refusal in result.refused],
    }


def points(run: TaskRun) -> Counts:
    """Give each active lead the points of the model in effect."""
    from leadops.training.model_gate import ModelLimits
    from leadops.training.points import write_model_points

    config = run.config
    limits = ModelLimits(config.changes, config.kpi, config.scoring.grades)
    with run.open_database() as connection:
        result = write_model_points(connection, now=run.clock(), settings=config.training, limits=limits)
    return asdict(result)
