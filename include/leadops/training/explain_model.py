"""How many points each feature of the model gives a lead."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="champion")


@dataclass(frozen=True)
class FeaturePoints:
    """The points that one feature adds; the first entry is what the average lead has."""

    feature: str
    points: int


@dataclass(frozen=True)
class ModelExplanation:
    """The model's prediction for a lead, and why; parts and write-offs sum to its model points."""

    model_id: int
    as_of: datetime  # UTC
    probability: float  # of reaching the goal within the horizon
    points: int  # the sum of the parts
    parts: list[FeaturePoints]  # the average lead first, then the features, the largest effect first
    written_off: int  # points that were taken back because the MA refused them


@dataclass(frozen=True)
class PredictionRow:
    """A row of training.predictions with the names of its parts after the first."""

    model_id: int
    as_of: datetime
    probability: float
    points: int
    parts: list[int]
    names: list[str]
    written_off: int


def explain_model(connection: Connection, lead_id: int) -> ModelExplanation | None:
    """Return the newest prediction for the lead; None when there is none."""
    row = queries.first(connection, "explain_model", PredictionRow, lead_id=lead_id)
    if row is None:
        return None
    average, *rest = row.parts
    listed = sorted(zip(row.names, rest, strict=True), key=lambda part: (-abs(part[1]), part[0]))
    return ModelExplanation(
        model_id=row.model_id,
        as_of=row.as_of,
        probability=row.probability,
        points=row.points,
        parts=[FeaturePoints("the average lead", average), *(FeaturePoints(*part) for part in listed)],
        written_off=row.written_off,
    )
