"""What the model looks at, how it is trained, and what it may move: the model of config/training.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from leadops.settings import Settings

Names = Annotated[list[str], Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Feature(Settings):
    """One thing that may be known of a lead; exactly one of count, recency, told and attribute is given."""

    count: list[str] | None = None  # event names, empty: any; how many of them
    recency: list[str] | None = None  # event names, empty: any; days since the last of them
    told: Names | None = None  # property names of the events told_by, the first one present counts
    attribute: Annotated[str, Field(min_length=1)] | None = None  # name in history.attributes
    days: Annotated[int, Field(ge=1)] | None = (
        None  # of count: only events of so many days before; null: ever
    )
    kind: Literal["number", "category"] = "number"  # of told and attribute
    log: bool = False  # of numbers: ln(1 + x) of their size, the sign kept
    sign: Literal["positive", "negative", "any"] = "any"  # of numbers: which way it can only move the chance

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [
            name for name in ("count", "recency", "told", "attribute") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError("give exactly one of count, recency, told and attribute")
        if self.days is not None and self.count is None:
            raise ValueError("days belongs to count")
        if self.kind == "category" and (self.log or self.sign != "any" or not (self.told or self.attribute)):
            raise ValueError("a category is told or an attribute, and has neither log nor sign")
        return self


class Windows(Settings):
    """How the ripe leads are divided by time, oldest first: training, calibration, test."""

    history_days: int = Field(ge=1)  # MQLs older than this are left out
    calibration_weeks: int = Field(ge=1)
    test_weeks: int = Field(ge=1)  # the newest ripe weeks


class Least(Settings):
    """How many leads with and without the goal each part needs; with fewer there is no model."""

    training: int = Field(ge=2)
    calibration: int = Field(ge=2)
    test: int = Field(ge=2)


class Leaks(Settings):
    """When a feature is taken to have seen the future."""

    auc: float = Field(gt=0.5, le=1)  # one column alone ranks better than this: beyond belief
    confidence: float = Field(gt=0.5, lt=1)  # how sure that must be
    late_share: Share  # an attribute of which more than this share became known after the MQL


class Contest(Settings):
    """When a new model takes over."""

    confidence: float = Field(gt=0.5, lt=1)  # of the interval that must lie above 0
    resamples: int = Field(ge=100)
    seed: int


class Scale(Settings):
    """Probability to points: points = scale × probability, rounded, within the bounds."""

    scale: int = Field(ge=1)
    lowest: int
    highest: int

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(f"lowest {self.lowest} is over highest {self.highest}")
        return self


class Writing(Settings):
    """For whom points are written, and when the MA is told the probability."""

    active_days: int = Field(ge=1)  # leads with an event in so many days have points of the model
    told_step: Share  # ml_score is sent when it moved by at least this
    chunk_leads: int = Field(ge=1)  # leads a transaction


class TrainingSettings(Settings):
    """config/training.yaml."""

    goal: Annotated[list[Literal["sal", "sql", "won"]], Field(min_length=1)]
    horizon_days: int = Field(ge=1)  # days in which the goal must be reached
    told_by: Names  # events whose properties are facts about the person
    features: Annotated[dict[str, Feature], Field(min_length=1)]
    least_count: int = Field(ge=1)  # leads with a category or a missing value, to count by itself
    most_categories: int = Field(ge=1)  # of one feature; the rest is one category together
    windows: Windows
    least: Least
    #: Inverse strength of the L2 penalty on standardised columns; of several the best on later leads.
    regularisation: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)]
    search_leads: int = Field(ge=100)  # newest training leads on which C and signs are tried
    calibration: Literal["sigmoid", "isotonic"]
    leaks: Leaks
    contest: Contest
    weekly_capacity: int = Field(ge=1)  # leads that sales can work a week, for the lift
    drift: float = Field(gt=0)  # population stability index from which a feature has drifted
    points: Scale
    writing: Writing
