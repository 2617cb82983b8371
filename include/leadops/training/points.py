"""Brings the points of every active lead in line with the model in effect: only differences are written.

The points of a lead are split over the features of the model, so that the parts sum to the points.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries
from leadops.scoring.ledger import ModelTarget, append_model_points, lock_ledger, stage_model_targets
from leadops.training.calibration import Calibration
from leadops.training.champion import find_champion
from leadops.training.features import read_matrix
from leadops.training.model import Model, load_model
from leadops.training.model_gate import ModelLimits, ScoringModel, choose_model
from leadops.training.observations import fill_active_leads
from leadops.training.training_settings import PointsScale, TrainingSettings

queries = Queries(__file__)

#: Logits nearer than this are taken for one: the slope between them is then the steepness at the place.
SAME = 1e-9


@dataclass(frozen=True)
class PointsResult:
    """What one run of the model's points did."""

    model_id: int | None  # the model in effect; None: there is none, nothing was done
    leads: int = 0  # active leads
    rows: int = 0  # ledger rows written
    points: int = 0  # their sum
    ml_scores: int = 0  # set_fields effects put into the outbox


def write_model_points(
    connection: Connection, *, now: datetime, settings: TrainingSettings, limits: ModelLimits | None = None
) -> PointsResult:
    """Bring the points of the model in effect in line with what is known of each lead at `now` (UTC).

    Leads with an event in the last `active_days` have points; others lose them. Each chunk of leads is one
    transaction, which holds the ledger only while it writes. A second run with the same `now` writes nothing,
    nor does a run for an earlier `now` once a later one has begun. Raises TransientError when another writer
    holds the ledger for too long.

    With `limits` another model, or another scale of its points, is weighed first. While that waits
    for a human, the model that gave points before goes on.
    """
    with connection.transaction():
        if (model_id := find_champion(connection)) is None:
            return PointsResult(model_id=None)
        if limits:
            chosen = choose_model(
                connection,
                ScoringModel(model_id, settings.points),
                predict=partial(_predict_all, connection, model_id, settings, now=now),
                limits=limits,
                now=now,
            )
            if chosen is None:
                return PointsResult(model_id=None)
            model_id = chosen.model_id
            settings = settings.model_copy(update={"points": chosen.scale})
        model = load_model(connection, model_id)
        queries.run(connection, "begin_points", now=now)
    leads = rows = points = ml_scores = after = 0
    while (up_to := _find_range(connection, after=after, chunk=settings.writing.chunk_leads)) is not None:
        with connection.transaction():
            leads += _predict_range(connection, model, settings, after=after, up_to=up_to, now=now)
            lock_ledger(connection)
            if queries.value(connection, "is_superseded", now=now):
                break
            written = append_model_points(connection, after=after, up_to=up_to, model_id=model_id, now=now)
            rows, points = rows + written.rows, points + written.points
            step = settings.writing.ml_score_step
            queries.run(connection, "upsert_predictions", model_id=model_id, now=now, step=step)
            ml_scores += queries.run(connection, "enqueue_ml_scores", lane=Lane.BACKFILL, now=now)
            queries.run(connection, "delete_predictions", after=after, up_to=up_to)
        after = up_to
    return PointsResult(model_id=model_id, leads=leads, rows=rows, points=points, ml_scores=ml_scores)


def _predict_all(
    connection: Connection, model_id: int, settings: TrainingSettings, *, now: datetime
) -> Iterator[tuple[int, int]]:
    """Yield the points that the model would give each active lead; within the caller's transaction."""
    model = load_model(connection, model_id)
    after, chunk = 0, settings.writing.chunk_leads
    while (up_to := queries.value(connection, "find_range", after=after, chunk=chunk)) is not None:
        if fill_active_leads(connection, now=now, settings=settings, after=after, up_to=up_to):
            matrix = read_matrix(connection, features=model.features, profile_events=model.profile_events)
            logits = model.intercept + model.contributions(matrix).sum(axis=1)
            points = points_of(model.calibration.apply(logits), settings.points)
            yield from zip(matrix.lead_ids.tolist(), points.tolist(), strict=True)
        after = up_to


def _predict_range(
    connection: Connection,
    model: Model,
    settings: TrainingSettings,
    *,
    after: int,
    up_to: int,
    now: datetime,
) -> int:
    """Stage the predictions for the active leads of a range; return how many these are."""
    found = fill_active_leads(connection, now=now, settings=settings, after=after, up_to=up_to)
    queries.run(connection, "create_new_predictions")
    queries.run(connection, "clear_new_predictions")
    if not found:
        stage_model_targets(connection, ())
        return 0
    matrix = read_matrix(connection, features=model.features, profile_events=model.profile_events)
    contributions = model.contributions(matrix)
    logits = model.intercept + contributions.sum(axis=1)
    probabilities = model.calibration.apply(logits)
    parts = split_points(contributions, model.intercept, model.calibration, settings.points)
    lead_ids, chances = matrix.lead_ids.tolist(), probabilities.tolist()
    points = points_of(probabilities, settings.points).tolist()
    predictions = zip(lead_ids, chances, points, np.asarray(parts).tolist(), strict=True)
    queries.copy(connection, "copy_new_predictions", predictions)
    queries.run(connection, "analyze_new_predictions")
    stage_model_targets(connection, map(ModelTarget, lead_ids, points, chances))
    return len(matrix)


def _find_range(connection: Connection, *, after: int, chunk: int) -> int | None:
    """Return the last id of the next `chunk` leads, or None; leaves no transaction open."""
    with connection.transaction():
        last: int | None = queries.value(connection, "find_range", after=after, chunk=chunk)
    return last


def points_of(probabilities: NDArray[np.float64], scale: PointsScale) -> NDArray[np.int32]:
    """Return the points of each probability: scale × probability, rounded half up, within the bounds."""
    return np.floor(_exact(probabilities, scale) + 0.5).astype(np.int32)


def split_points(
    contributions: NDArray[np.float64], intercept: float, calibration: Calibration, scale: PointsScale
) -> NDArray[np.int32]:
    """Return rows × (1 + features): the points of the average lead, and what each feature adds to them.

    Points g(z) depend on the logit z = intercept + Σ contributions alone. On the straight way from the
    average lead's logit z₀ to the lead's, each feature adds its contribution × (g(z) − g(z₀)) / (z − z₀):
    the prices of Aumann and Shapley (1974), which sum to g(z) − g(z₀). Whole points by largest remainder, so
    that each row sums to the lead's points exactly; of equal remainders the earlier feature's counts.
    """
    logits = intercept + contributions.sum(axis=1)
    start = np.full(1, intercept)
    average = _exact(calibration.apply(start), scale)
    exact = _exact(calibration.apply(logits), scale)
    distance = logits - intercept
    is_far = np.abs(distance) > SAME
    flat = scale.scale * calibration.steepness(start)
    slope = np.where(is_far, (exact - average) / np.where(is_far, distance, 1.0), flat)
    shares = np.concatenate(
        [np.broadcast_to(average, (len(logits), 1)), contributions * slope[:, None]], axis=1
    )
    whole: NDArray[np.int32] = np.floor(shares).astype(np.int32)
    total = np.floor(exact + 0.5).astype(np.int32)
    # Between −½ and 1 + features of them are to be given; rounding may leave one to be taken.
    missing = total - whole.sum(axis=1)
    rank = np.argsort(np.argsort(-(shares - whole), axis=1, kind="stable"), axis=1, kind="stable")
    whole += rank < missing[:, None]
    whole -= rank >= whole.shape[1] + np.minimum(missing, 0)[:, None]
    return whole


def _exact(probabilities: NDArray[np.float64], scale: PointsScale) -> NDArray[np.float64]:
    return np.clip(scale.scale * probabilities, scale.lowest, scale.highest)
