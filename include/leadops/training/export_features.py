"""Exports what the model learns from as Parquet, for a model that is trained elsewhere."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.db import Connection, snapshot
from leadops.errors import PermanentError
from leadops.training.features import read_matrix
from leadops.training.matrix import MISSING, FeatureColumn, Matrix
from leadops.training.observations import fill_active_leads, fill_mature_leads
from leadops.training.target_leakage import FeatureRefusal, find_late, find_too_good
from leadops.training.train_model import split_by_time
from leadops.training.training_settings import TrainingSettings

#: Columns before the features.
KEYS = ("lead_id", "cycle", "moment", "part", "goal_reached")
RARE_VALUE = "(rare)"


@dataclass(frozen=True)
class FeatureExport:
    """What an export holds."""

    mature: int  # rows of mature MQLs
    active: int  # rows of leads to score for points
    refused: list[FeatureRefusal]  # features with target leakage, left out


def export_features(
    connection: Connection, path: Path, *, day: date, settings: TrainingSettings, company: Company
) -> FeatureExport:
    """Write the features as they were known by the end of `day` in the company's zone to `path`.

    One row a mature MQL (part training, calibration or test) and one an active lead at the end of the day
    (part active, cycle 0). goal_reached is null in the parts test and active, so that no model can learn from
    the weeks on which it is compared. A category's value that fewer than min_count leads have becomes
    "(rare)", so that no name or address leaves the database. Changes nothing in the database. Raises
    PermanentError where there are too few leads, or the file cannot be written.
    """
    import pandas

    if clash := sorted(set(KEYS) & set(settings.features)):
        raise PermanentError(f"training.yaml: the feature {clash[0]} has the name of a key; rename it")
    until = local_midnight(day + timedelta(days=1), company.zone)
    events = settings.profile_events
    with snapshot(connection):
        fill_mature_leads(connection, until=until, settings=settings)
        mature = read_matrix(connection, features=settings.features, profile_events=events)
        refused = find_late(connection, settings.features, settings=settings.target_leakage)
        refused += find_too_good(mature, settings=settings.target_leakage)
        fill_active_leads(connection, now=until, settings=settings)
        active = read_matrix(connection, features=settings.features, profile_events=events)
    split = split_by_time(mature, newest=until - timedelta(days=settings.horizon_days), settings=settings)
    if isinstance(split, str):
        raise PermanentError(f"too few leads for a new model: {split}")
    part = np.full(len(mature), "training", dtype=object)
    part[split.calibration] = "calibration"
    part[split.test] = "test"
    leaked = {refusal.feature for refusal in refused}
    kept = [name for name in settings.features if name not in leaked]
    frames = [_frame(mature, part, kept, settings.min_count)]
    if len(active):
        frames.append(_frame(active, np.full(len(active), "active", object), kept, settings.min_count))
    try:
        pandas.concat(frames).to_parquet(path, index=False)
    except OSError as error:
        raise PermanentError(f"{path}: cannot be written: {error.strerror}") from error
    return FeatureExport(len(mature), len(active), refused)


def _frame(matrix: Matrix, part: Any, features: list[str], min_count: int) -> Any:
    """Return the rows as a pandas DataFrame."""
    import pandas

    reached = pandas.array(matrix.reached.astype(bool), dtype="boolean")
    reached[np.isin(part, ("test", "active"))] = pandas.NA
    moments = pandas.to_datetime(np.round(matrix.at * 1e6).astype(np.int64), unit="us", utc=True)
    keys = dict(zip(KEYS, (matrix.lead_ids, matrix.cycles, moments, part, reached), strict=True))
    return pandas.DataFrame(keys | {name: _values(matrix.columns[name], min_count) for name in features})


def _values(column: FeatureColumn, min_count: int) -> Any:
    """Return numbers with NaN, or words with None, where nothing is known."""
    import pandas

    if column.numbers is not None:
        return column.numbers
    assert column.codes is not None  # noqa: S101 - a column has codes or numbers
    counts = np.bincount(column.codes - MISSING, minlength=len(column.words) + 2)
    words = [
        word if count >= min_count else RARE_VALUE
        for word, count in zip(column.words, counts[2:], strict=True)
    ]
    return pandas.array(
        np.array([None, RARE_VALUE, *words], dtype=object)[column.codes - MISSING], dtype="string"
    )
