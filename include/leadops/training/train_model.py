"""Trains one model: encodings, penalty, signs, fit, calibration, measures; from a matrix to numbers.

The mature leads are split by the time of their MQL.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from leadops.errors import PermanentError
from leadops.training.calibration import Calibration
from leadops.training.drift import describe_distribution
from leadops.training.encode import (
    Encoding,
    Standardisation,
    column_names,
    learn_encodings,
    learn_standard,
    standardise,
)
from leadops.training.fit import calibrate, fit_logistic
from leadops.training.matrix import Matrix
from leadops.training.measures import measure
from leadops.training.model import Model
from leadops.training.model_selection import DroppedFeature, choose_penalty, find_wrong_signs
from leadops.training.training_settings import TrainingSettings

LIBRARIES = ("leadops", "numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class TimeSplit:
    """Rows of a matrix by time, oldest first."""

    training: slice
    calibration: slice
    test: slice


@dataclass(frozen=True)
class TrainedModel:
    """A model, and the features that were dropped from it."""

    model: Model
    dropped: list[DroppedFeature]


def train_model(matrix: Matrix, parts: TimeSplit, *, settings: TrainingSettings) -> TrainedModel:
    """Train on the oldest leads, calibrate on later ones, measure on the newest; rows in order of time."""
    training = matrix.take(parts.training)
    encodings = learn_encodings(training, settings)
    standard = learn_standard(training, encodings)
    columns = standardise(training, encodings, standard, dtype=np.float32)
    coefficients, intercept, kept, penalty, dropped = _fit(columns, training.reached, encodings, settings)
    names = np.array(column_names(encodings))
    encodings = [encodings[number] for number in _features_of(encodings, kept)]
    standard = Standardisation(standard.mean[kept], standard.deviation[kept])
    bare = Model(
        encodings=encodings,
        columns=[str(name) for name in names[kept]],
        mean=[float(each) for each in standard.mean],
        deviation=[float(each) for each in standard.deviation],
        coefficients=[float(each) for each in coefficients],
        intercept=intercept,
        calibration=Calibration(kind="sigmoid"),
        profile_events=settings.profile_events,
        goal=list(settings.goal),
        horizon_days=settings.horizon_days,
        reference=describe_distribution(training, [encoding.name for encoding in encodings]),
        data=describe_data(matrix, parts) | {"penalty": penalty},
        settings_hash=hash_settings(settings),
        versions={name: version(name) for name in LIBRARIES},
    )
    later = matrix.take(parts.calibration)
    calibration = calibrate(bare.logits(later), later.reached, kind=settings.calibration)
    model = bare.model_copy(update={"calibration": calibration})
    newest = matrix.take(parts.test)
    capacity = settings.weekly_capacity * settings.windows.test_weeks
    measures = measure(model.predict(newest), newest.reached, capacity=capacity)
    return TrainedModel(model.model_copy(update={"measures": measures}), dropped)


def _fit(
    columns: NDArray[np.floating],
    reached: NDArray[np.int8],
    encodings: list[Encoding],
    settings: TrainingSettings,
) -> tuple[NDArray[np.float64], float, NDArray[np.intp], float, list[DroppedFeature]]:
    """Fit until every sign is right; return coefficients, intercept, columns kept, penalty, dropped.

    The strongest wrong feature goes first, one at a time. Signs are checked on the newest training leads,
    then on all.
    """
    recent = slice(max(0, len(reached) - settings.search_leads), None)
    if len(np.unique(reached[recent])) < 2:
        recent = slice(0, None)
    kept = np.arange(columns.shape[1])
    left = list(encodings)
    dropped: list[DroppedFeature] = []
    penalty = choose_penalty(columns[recent], reached[recent], settings.regularisation)
    while left:
        for rows in (recent, slice(0, None)):
            # All columns are passed as they are: a copy of a million rows is not free.
            chosen = columns[rows] if len(kept) == columns.shape[1] else columns[rows][:, kept]
            regression = fit_logistic(chosen, reached[rows], penalty=penalty)
            coefficients = regression.coef_[0].astype(np.float64)
            if wrong := find_wrong_signs(left, coefficients):
                break
        else:
            return coefficients, float(regression.intercept_[0]), kept, penalty, dropped
        number, fault = wrong[0]
        start = sum(len(encoding.columns) for encoding in left[:number])
        kept = np.delete(kept, np.arange(start, start + len(left[number].columns)))
        del left[number]
        dropped.append(fault)
    raise NothingLeftError(dropped)


class NothingLeftError(PermanentError):
    """No feature is left: each was uninformative or had the wrong sign; `dropped` lists the latter."""

    def __init__(self, dropped: list[DroppedFeature]) -> None:
        super().__init__("no feature is left to train on")
        self.dropped = dropped


def _features_of(encodings: list[Encoding], kept: NDArray[np.intp]) -> list[int]:
    """Return the places of the encodings whose columns were kept."""
    owners = np.repeat(np.arange(len(encodings)), [len(encoding.columns) for encoding in encodings])
    return [int(number) for number in np.unique(owners[kept])]


def describe_data(matrix: Matrix, parts: TimeSplit) -> dict[str, object]:
    """Return a description of the data: the hash of all of it, and each part's leads and times."""
    described: dict[str, object] = {"hash": matrix.digest()}
    for name in ("training", "calibration", "test"):
        part = matrix.take(getattr(parts, name))
        described[name] = {
            "leads": len(part),
            "reached": int(part.reached.sum()),
            "from": _iso(part.at[0]),
            "to": _iso(part.at[-1]),
        }
    return described


def hash_settings(settings: TrainingSettings) -> str:
    """Return the SHA-256 (hex) of the settings that decide a model."""
    decisive = settings.model_dump(mode="json", exclude={"points", "writing"})
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


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
