"""Splits the mature leads by the time of their MQL, and reports parts that are too small."""

from datetime import datetime, timedelta

import numpy as np

from leadops.training.matrix import Matrix
from leadops.training.train_model import TimeSplit
from leadops.training.training_settings import TrainingSettings


def split_by_time(matrix: Matrix, *, newest: datetime, settings: TrainingSettings) -> TimeSplit | str:
    """Return the parts, the test being the last weeks before `newest` (UTC), or in words what is too few.

    `newest` is the last moment at which an MQL could be mature; rows are in order of time.
    """
    weeks = settings.windows
    if not len(matrix):
        ages = f"{settings.horizon_days} (horizon_days) to {weeks.history_days} days (history_days)"
        return (
            f"no MQL is {ages} old and was on record by the end of the day;"
            " imported ones are on record from their import on"
        )
    test_from = newest - timedelta(weeks=weeks.test_weeks)
    calibration_from = test_from - timedelta(weeks=weeks.calibration_weeks)
    first, second = np.searchsorted(matrix.at, [calibration_from.timestamp(), test_from.timestamp()])
    parts = TimeSplit(slice(0, int(first)), slice(int(first), int(second)), slice(int(second), len(matrix)))
    short = []
    for name in ("training", "calibration", "test"):
        reached = matrix.reached[getattr(parts, name)]
        least, good = getattr(settings.min_leads, name), int(reached.sum())
        for kind, count in (("with", good), ("without", len(reached) - good)):
            if count < least:
                short.append(f"{name} has {count} leads {kind} the goal and needs {least}")
    return "; ".join(short) if short else parts
