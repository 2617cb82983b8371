"""What the model looks at, how it is trained, and what it may change: the model of config/training.yaml."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from leadops.settings import Settings

Names = Annotated[list[str], Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Feature(Settings):
    """One fact about a lead; exactly one of count, recency, properties and attribute is given."""

    renamed: ClassVar[dict[str, str]] = {"told": "properties"}

    count: list[str] | None = None  # event names, empty: any; how many of them
    recency: list[str] | None = None  # event names, empty: any; days since the last of them
    properties: Names | None = None  # of the profile_events; the first one present counts
    attribute: Annotated[str, Field(min_length=1)] | None = None  # name in history.attributes
    imported: int | None = None  # training.score_imports; set by import_scores.py only
    days: Annotated[int, Field(ge=1)] | None = None  # of count: only the last days before; null: ever
    kind: Literal["number", "category"] = "number"  # of properties and attribute
    log: bool = False  # of numbers: ln(1 + x) of their size, the sign kept
    sign: Literal["positive", "negative", "any"] = "any"  # of numbers: the only direction it may have

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [
            name
            for name in ("count", "recency", "properties", "attribute", "imported")
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError("give exactly one of count, recency, properties and attribute")
        if self.days is not None and self.count is None:
            raise ValueError("days belongs to count")
        if self.kind == "category" and (
            self.log or self.sign != "any" or not (self.properties or self.attribute)
        ):
            raise ValueError("a category comes from properties or attribute, and has neither log nor sign")
        return self


class TrainingWindows(Settings):
    """How the mature leads are split by time, oldest first: training, calibration, test."""

    history_days: int = Field(ge=1)  # older MQLs are left out
    calibration_weeks: int = Field(ge=1)
    test_weeks: int = Field(ge=1)  # the newest mature weeks


class MinimumLeads(Settings):
    """How many leads with and without the goal each part needs; with fewer there is no model."""

    training: int = Field(ge=2)
    calibration: int = Field(ge=2)
    test: int = Field(ge=2)


class LeakageSettings(Settings):
    """When a feature counts as target leakage."""

    auc: float = Field(gt=0.5, le=1)  # a single feature that ranks better than this is not credible
    confidence: float = Field(gt=0.5, lt=1)  # how certain that must be
    late_share: Share  # an attribute that became known after the MQL for more than this share


class ComparisonSettings(Settings):
    """When a challenger replaces the champion."""

    confidence: float = Field(gt=0.5, lt=1)  # of the interval that must lie above 0
    resamples: int = Field(ge=100)
    seed: int


class PointsScale(Settings):
    """Probability to points: points = scale × probability, rounded, within the bounds."""

    scale: int = Field(ge=1)
    lowest: int
    highest: int

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(f"lowest {self.lowest} is over highest {self.highest}")
        return self


class WritingSettings(Settings):
    """Which leads get points, and when the MA gets a new probability."""

    renamed: ClassVar[dict[str, str]] = {"told_step": "ml_score_step"}

    active_days: int = Field(ge=1)  # leads with an event in this many days have points of the model
    ml_score_step: Share  # ml_score is sent when it moved by at least this
    chunk_leads: int = Field(ge=1)  # leads a transaction


class TrainingSettings(Settings):
    """config/training.yaml."""

    renamed: ClassVar[dict[str, str]] = {
        "told_by": "profile_events",
        "least_count": "min_count",
        "most_categories": "max_categories",
        "least": "min_leads",
        "leaks": "target_leakage",
        "contest": "comparison",
    }

    goal: Annotated[list[Literal["sal", "sql", "won"]], Field(min_length=1)]
    horizon_days: int = Field(ge=1)  # days in which the goal must be reached
    profile_events: Names  # events whose properties are facts about the person
    features: Annotated[dict[str, Feature], Field(min_length=1)]
    min_count: int = Field(ge=1)  # leads with a category, or with a missing value, to get a column
    max_categories: int = Field(ge=1)  # of one feature; the rest share one column
    windows: TrainingWindows
    min_leads: MinimumLeads
    #: Inverse strength of the L2 penalty on standardised columns; of several the best on later leads.
    regularisation: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
    search_leads: int = Field(ge=100)  # newest training leads on which C and signs are tried
    calibration: Literal["sigmoid", "isotonic"]
    target_leakage: LeakageSettings
    comparison: ComparisonSettings
    weekly_capacity: int = Field(ge=1)  # leads that sales can work a week, for the lift
    drift: float = Field(gt=0)  # population stability index from which a feature has drifted
    points: PointsScale
    writing: WritingSettings
