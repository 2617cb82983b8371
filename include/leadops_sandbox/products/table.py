"""A product's table: its settings and its faults, read from the YAML beside its code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field


class CallFault(BaseModel):
    """An answer that a whole call gets in place of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int
    #: The JSON body; null: an empty one.
    body: Any = None
    headers: dict[str, str] = Field(default_factory=dict)
    #: Whether Retry-After says what the fault's `retry_after` says.
    retry_after: bool = False


class RowFault(BaseModel):
    """What one row of a batch is answered in place of being written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    message: str
    fields: list[str] = Field(default_factory=list)


class Table(BaseModel):
    """One product's settings and faults, each fault under the name that `POST /_faults` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: dict[str, Any]
    calls: dict[str, CallFault]
    rows: dict[str, RowFault] = Field(default_factory=dict)
    #: Odd behaviour that the routes know by name, each with one line that says what it does.
    manners: dict[str, str] = Field(default_factory=dict)
    #: The ids of what was made in it for programmes, by programme and step: settings that its user needs.
    steps: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """The names of all its faults."""
        return frozenset({*self.calls, *self.rows, *self.manners})


class FieldDef(BaseModel):
    """One field of the product's leads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "number", "boolean", "datetime", "enumeration", "owner"] = "string"
    #: Whether at most one lead has a value of it, so that leads can be found by it.
    unique: bool = False
    read_only: bool = False
    #: How many characters it holds.
    length: int = 255
    #: The values that an enumeration takes.
    options: list[str] = Field(default_factory=list)
    #: The world's name of the field, where it has another one.
    world: str | None = None


class ProductSettings(BaseModel):
    """What every product's settings have; each product adds its own. The YAML holds every value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: The lead's field that leadops sets the score in, and the one that names the lead by leadops' id.
    score_field: str
    id_field: str
    #: The lead's field whose change begins the automation of a step, and the one that says that the person
    #: wants no mail; null: the product has none.
    enrolment_field: str | None = None
    opt_out_field: str | None = None
    #: For how long a change is not in the feed, and which share of changes comes later still.
    feed_lag_seconds: float = Field(ge=0)
    feed_late_share: float = Field(ge=0, le=1)
    feed_late_seconds: float = Field(ge=0)
    #: The fields of a lead; a write to another one is refused, as the product does.
    fields: dict[str, FieldDef]
    #: The product's word for each of the world's lead statuses.
    statuses: dict[Literal["new", "taken", "bant", "won", "lost"], str]


def read_table(path: Path) -> Table:
    """Return the table in the YAML file `path`; raise pydantic's ValidationError when it is wrong."""
    return Table.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def fill_in(template: Any, values: Mapping[str, str]) -> Any:
    """Return `template` with each text "$name" replaced by `values["name"]`, at any depth."""
    if isinstance(template, dict):
        return {key: fill_in(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_in(value, values) for value in template]
    if isinstance(template, str) and template.startswith("$"):
        return values.get(template[1:], template)
    return template
