"""The model of a mapping file: which column of an export is what, for each kind of it."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from leadops.history.time_source import TimeSource
from leadops.history.value_source import RowCells, ValueSource
from leadops.settings import Settings
from leadops.tabular.cells import cell_text
from leadops.tabular.file_format import FileFormat

Stage = Literal["mql", "sal", "sql", "won", "lost"]


class CellCondition(Settings):
    """Whether a cell holds one of some words."""

    column: str
    equals: list[str] = Field(min_length=1)

    @field_validator("equals", mode="before")
    @classmethod
    def _as_text(cls, words: object) -> object:
        each = words if isinstance(words, list) else [words]
        return [str(word) if isinstance(word, int | float) else word for word in each]

    def holds(self, cells: RowCells) -> bool:
        """Return whether the cell is one of the words."""
        cell = cells.get(self.column)
        return cell is not None and cell_text(cell) in self.equals


class AttributeSource(ValueSource):
    """A fact of a lead; `known_at` says when it was known, which no value can say of itself."""

    known_at: Literal["created", "after_contact"] | TimeSource


class LeadReference(Settings):
    """Which lead a row is about: the id it has in the export, its address, or both."""

    crm_id: ValueSource | None = None
    email: ValueSource | None = None

    @model_validator(mode="after")
    def _check(self) -> "LeadReference":
        if not self.crm_id and not self.email:
            raise ValueError("give crm_id, email or both: without one a row names no lead")
        return self


class StageSource(Settings):
    """One transition that a row may hold: none where `when` does not hold, or the stage or time is null."""

    stage: Stage | ValueSource
    at: TimeSource
    when: CellCondition | None = None
    reference: ValueSource | None = None  # what the export calls the deal, so that two on one day stay two
    campaign: ValueSource | None = None  # else the lead's
    source: ValueSource | None = None  # else the lead's
    value: ValueSource | None = None  # of a won deal
    currency: ValueSource | None = None  # of the value, ISO 4217; else the company's
    rep_id: ValueSource | None = None  # who in sales it was
    recorded_at: TimeSource | None = None  # when the exporting system learned of it; else this import
    total: ValueSource | None = None  # of an MQL: its points by these rules of scoring, of all kinds


class ImportMapping(Settings):
    """What all mapping files have."""

    file: FileFormat = FileFormat()
    nulls: list[str] = Field(
        default_factory=lambda: [""]
    )  # cells that say nothing, such as "Select"; an empty one always does

    @property
    def columns(self) -> list[str]:
        """Every column that it reads, each once."""
        return sorted(set(_find_columns(self)))

    def cells(self, values: dict[str, Any], number: int) -> RowCells:
        """Return the cells of row `number`."""
        return RowCells(values, nulls=frozenset([*self.nulls, ""]), number=number)


class LeadsMapping(ImportMapping):
    """Of `leadops import leads`."""

    lead: LeadReference
    in_crm: bool = (
        True  # the ids are the connected CRM's own: it has these leads, and its activities are theirs
    )
    created_at: TimeSource  # the first contact
    campaign: ValueSource | None = None
    source: ValueSource | None = None
    opted_out: ValueSource | None = None  # whether the person wants no marketing mail; no says nothing
    opted_out_at: TimeSource | None = None  # when they said so; else this import
    attributes: dict[str, AttributeSource] = Field(default_factory=dict)

    @field_validator("opted_out")
    @classmethod
    def _is_yes_or_no(cls, source: ValueSource | None) -> ValueSource | None:
        return source.model_copy(update={"type": "boolean"}) if source else None


class TransitionsMapping(ImportMapping):
    """Of `leadops import transitions`."""

    lead: LeadReference
    transitions: list[StageSource] = Field(min_length=1)


class ActivitiesMapping(ImportMapping):
    """Of `leadops import activities`; the leads are those of the connected CRM."""

    crm_id: ValueSource  # the lead's id in the CRM
    activity_id: ValueSource | None = None  # else made from the row's content
    kind: ValueSource  # call, mail, meeting or status
    status: ValueSource | None = None
    rep_id: ValueSource | None = None
    occurred_at: TimeSource
    details: dict[str, ValueSource] = Field(default_factory=dict)


class CostsMapping(ImportMapping):
    """Of `leadops import costs`."""

    month: TimeSource  # any day of the month
    category: ValueSource
    amount: ValueSource | None = None
    currency: ValueSource | None = None  # of the amount, ISO 4217; else the company's
    hours: ValueSource | None = None  # of salespeople, for the category sales_hours
    campaign: ValueSource | None = None
    note: ValueSource | None = None
    reference: ValueSource | None = None  # what the export calls the cost; else made from the row's content


class RatesMapping(ImportMapping):
    """Of `leadops import rates`: one unit of `base` was worth `rate` units of `currency`."""

    month: TimeSource  # any day of the month
    base: ValueSource
    currency: ValueSource
    rate: ValueSource


class ThresholdsMapping(ImportMapping):
    """Of `leadops import thresholds`: changes of the threshold before leadops' own."""

    effective_at: TimeSource  # from when the values were in force
    total: ValueSource | None = None  # points that a lead needed; null: those of kpi.yaml
    sla_minutes: ValueSource | None = None  # until the first contact; null: those of sla.yaml
    decided_by: ValueSource  # automatic or approved
    reason: ValueSource


MAPPINGS: dict[str, type[ImportMapping]] = {
    "leads": LeadsMapping,
    "transitions": TransitionsMapping,
    "activities": ActivitiesMapping,
    "costs": CostsMapping,
    "rates": RatesMapping,
    "thresholds": ThresholdsMapping,
}


def _find_columns(part: object) -> list[str]:
    """Return the columns that `part` of a mapping and its parts read."""
    if isinstance(part, dict):
        return [column for each in part.values() for column in _find_columns(each)]
    if isinstance(part, list):
        return [column for each in part for column in _find_columns(each)]
    if not isinstance(part, Settings):
        return []
    own = list(part.columns) if isinstance(part, ValueSource | TimeSource) else []
    if isinstance(part, CellCondition):
        own = [part.column]
    return own + [column for name in type(part).model_fields for column in _find_columns(getattr(part, name))]
