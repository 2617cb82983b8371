"""Gives every active lead the points of the model in effect: only differences are written."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from leadops.db import Connection, load_sql
from leadops.scoring.ledger import lock_ledger
from leadops.training.champion import find_champion
from leadops.training.features import create_tables, read_matrix
from leadops.training.model import Model, load_model
from leadops.training.parts import points_of, split_points
from leadops.training.training_settings import TrainingSettings


@dataclass(frozen=True)
class PointsWritten:
    """What one run of the model's points did."""

    model_id: int | None  # the model in effect; None: there is none, nothing was done
    leads: int = 0  # active leads
    rows: int = 0  # ledger rows written
    points: int = 0  # their sum
    told: int = 0  # ml_score effects put into the outbox


def write_model_points(connection: Connection, *, now: datetime, settings: TrainingSettings) -> PointsWritten:
    """Bring the points of the model in effect in line with what is known of each lead at `now` (UTC).

    Leads with an event in the last `active_days` have points; others lose them. Each chunk of leads is one
    transaction, which holds the ledger only while it writes; a second run with the same `now` writes nothing,
    nor does one for an earlier `now` than another was begun for. Raises TransientError when another writer
    holds the ledger for too long.
    """
    with connection.transaction():
        if (model_id := find_champion(connection)) is None:
            return PointsWritten(model_id=None)
        model = load_model(connection, model_id)
        connection.execute(load_sql("leadops.training", "begin_points"), {"now": now})
    leads = rows = points = told = after = 0
    chunk = settings.writing.chunk_leads
    while (up_to := _find_range(connection, after=after, chunk=chunk)) is not None:
        values: dict[str, Any] = {
            "after": after,
            "up_to": up_to,
            "now": now,
            "active": timedelta(days=settings.writing.active_days),
            "model_id": model_id,
            "step": settings.writing.told_step,
        }
        with connection.transaction():
            leads += _fill_wanted(connection, model, settings, values)
            lock_ledger(connection)
            if _is_outrun(connection, now):
                break
            written = _one(connection, "append_points", values)
            rows, points = rows + int(written[0]), points + int(written[1])
            told += connection.execute(load_sql("leadops.training", "keep_predictions"), values).rowcount
            connection.execute(load_sql("leadops.training", "drop_predictions"), values)
        after = up_to
    return PointsWritten(model_id=model_id, leads=leads, rows=rows, points=points, told=told)


def _fill_wanted(
    connection: Connection, model: Model, settings: TrainingSettings, values: dict[str, Any]
) -> int:
    """Fill `wanted` with what the model says of the active leads of a range; return how many these are."""
    create_tables(connection)
    connection.execute(load_sql("leadops.training", "create_wanted"))
    connection.execute("truncate wanted")
    if not connection.execute(load_sql("leadops.training", "fill_active"), values).rowcount:
        return 0
    matrix = read_matrix(connection, features=model.features, told_by=model.told_by)
    contributions = model.contributions(matrix)
    logits = model.intercept + contributions.sum(axis=1)
    probabilities = model.calibration.apply(logits)
    parts = split_points(contributions, model.intercept, model.calibration, settings.points)
    wanted = zip(
        matrix.lead_ids.tolist(),
        probabilities.tolist(),
        points_of(probabilities, settings.points).tolist(),
        np.asarray(parts).tolist(),
        strict=True,
    )
    with (
        connection.cursor() as cursor,
        cursor.copy("copy wanted (lead_id, probability, points, parts) from stdin") as copy,
    ):
        for row in wanted:
            copy.write_row(row)
    connection.execute("analyze wanted")
    return len(matrix)


def _find_range(connection: Connection, *, after: int, chunk: int) -> int | None:
    """Return the last id of the next `chunk` leads, or None; leaves no transaction open."""
    with connection.transaction():
        found = _one(connection, "find_range", {"after": after, "chunk": chunk})[0]
    return None if found is None else int(found)


def _is_outrun(connection: Connection, now: datetime) -> bool:
    """Return whether a run for a later moment was begun: what it says or will say stands."""
    row = connection.execute("select as_of > %s from training.progress", [now]).fetchone()
    return row is not None and bool(row[0])


def _one(connection: Connection, name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(load_sql("leadops.training", name), values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return row
