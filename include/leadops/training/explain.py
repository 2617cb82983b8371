"""Which feature gives a lead how many points of the model."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Part:
    """What one feature adds; the first part of all is what the average lead has."""

    feature: str
    points: int


@dataclass(frozen=True)
class ModelExplanation:
    """What the model says of a lead, and why; parts and what was written off sum to its model points."""

    model_id: int
    as_of: datetime  # UTC
    probability: float  # that it reaches the goal within the horizon
    points: int  # the sum of the parts
    parts: list[Part]  # the average lead first, then the features, the largest effect first
    written_off: int  # points that were taken back because the MA refused them


def explain_model(connection: Connection, lead_id: int) -> ModelExplanation | None:
    """Return what the model's newest run said of the lead; None when it said nothing."""
    row = connection.execute(load_sql("leadops.training", "explain_model"), {"lead_id": lead_id}).fetchone()
    if row is None:
        return None
    model_id, as_of, probability, points, parts, names, written_off = row
    average, *rest = parts
    listed = sorted(zip(names, rest, strict=True), key=lambda part: (-abs(part[1]), part[0]))
    return ModelExplanation(
        model_id=model_id,
        as_of=as_of,
        probability=probability,
        points=points,
        parts=[Part("the average lead", average), *(Part(name, value) for name, value in listed)],
        written_off=written_off,
    )
