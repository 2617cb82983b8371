"""A model as numbers: kept as JSON, applied with NumPy alone."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from pydantic import Field

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries
from leadops.settings import Settings
from leadops.training.calibration import Calibration
from leadops.training.encode import Encoding, Standardisation, column_names, standardise
from leadops.training.matrix import Matrix
from leadops.training.training_settings import Feature

queries = Queries(__file__, topic="champion")

#: Rows that are standardised at a time: bounds the memory.
CHUNK = 200_000


class Model(Settings):
    """All numbers that a prediction needs; the JSON of training.models.body."""

    format: int = 1
    encodings: list[Encoding]
    columns: list[str]
    mean: list[float]  # of each column over the training leads
    deviation: list[float]
    coefficients: list[float]  # of the standardised columns
    intercept: float
    calibration: Calibration
    profile_events: list[str]  # events whose properties are facts about the person
    goal: list[str]
    horizon_days: int
    reference: dict[str, Any]  # distribution of the training leads, to measure drift against
    data: dict[str, Any]  # hash, counts and times of what it was trained on
    settings_hash: str
    versions: dict[str, str]  # of the libraries that fitted it
    measures: dict[str, Any] = Field(default_factory=dict)  # on the test weeks

    @property
    def features(self) -> dict[str, Feature]:
        """Return its features by name."""
        return {encoding.name: encoding.feature for encoding in self.encodings}

    def logits(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return the uncalibrated log odds of each row; `matrix` has at least the columns of `features`."""
        standard = Standardisation(np.array(self.mean), np.array(self.deviation))
        result = np.empty(len(matrix))
        for start in range(0, len(matrix), CHUNK):
            rows = slice(start, start + CHUNK)
            columns = standardise(matrix.take(rows), self.encodings, standard)
            result[rows] = columns @ np.array(self.coefficients) + self.intercept
        return result

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return the calibrated probability of each row that it reaches the goal within the horizon."""
        return self.calibration.apply(self.logits(matrix))

    def contributions(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return rows × features: what each feature adds to the logit of the average training lead."""
        standard = Standardisation(np.array(self.mean), np.array(self.deviation))
        weighted = standardise(matrix, self.encodings, standard) * np.array(self.coefficients)
        widths = [len(encoding.columns) for encoding in self.encodings]
        starts = np.cumsum([0, *widths[:-1]])
        return np.add.reduceat(weighted, starts, axis=1)

    def body(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self.model_dump(mode="json")

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the numbers that decide predictions."""
        text = json.dumps(self.model_dump(mode="json", exclude={"measures"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def load(body: dict[str, Any]) -> Model:
    """Return the model of a JSON object; raise PermanentError where this version cannot read it."""
    if body.get("format") != 1:
        raise PermanentError("a model of another format; retrain it with this version")
    model = Model.model_validate(body)
    sizes = {len(model.columns), len(model.mean), len(model.deviation), len(model.coefficients)}
    if sizes != {len(column_names(model.encodings))}:
        raise PermanentError("a model whose columns and coefficients do not fit; retrain it")
    return model


def predict(body: dict[str, Any], matrix: Matrix) -> NDArray[np.float64]:
    """Return the probability of each row by the model of a JSON object."""
    return load(body).predict(matrix)


def load_model(connection: Connection, model_id: int) -> Model:
    """Return the model `model_id`; raise PermanentError when there is none."""
    body = queries.value(connection, "read_model", model_id=model_id)
    if body is None:
        raise PermanentError(f"there is no model {model_id}; see leadops model list")
    return load(body)


def insert_model(connection: Connection, model: Model, *, day: date, now: datetime) -> int:
    """Insert `model` in the caller's transaction, unless the same numbers are there; return its id."""
    model_id: int = queries.value(
        connection, "insert_model", day=day, hash=model.digest(), body=Jsonb(model.body()), now=now
    )
    return model_id
