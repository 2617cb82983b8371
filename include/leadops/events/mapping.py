"""How the columns of somebody's file become the fields of an event: the model of a mapping file."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from leadops.errors import PermanentError
from leadops.settings import Settings

_COLUMN = re.compile(r"\{([^{}]+)\}")
_YES, _NO = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}


class BadRow(PermanentError):
    """A row that the mapping cannot make an event of; the text says why."""


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name} is no time zone; write for example Asia/Tokyo or UTC") from error
    return name


class Value(Settings):
    """Where a value comes from: exactly one of `column`, `template` ({column} is replaced), `constant`."""

    column: str | None = None
    template: str | None = None
    constant: Any = None
    values: dict[str, str] | None = None  # what stands in the file: what to send
    type: Literal["integer", "number", "boolean", "json"] | None = None  # as it is where not given

    @model_validator(mode="after")
    def _check(self) -> "Value":
        if sum(each is not None for each in (self.column, self.template, self.constant)) != 1:
            raise ValueError("give exactly one of column, template and constant")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column else _COLUMN.findall(self.template or "")

    def read(self, row: dict[str, Any]) -> Any:
        """Return the value in `row`, None where a cell that it needs is empty; raise BadRow."""
        if self.constant is not None:
            return self.constant
        cells = {column: row.get(column) for column in self.columns}
        if any(cell is None for cell in cells.values()):
            return None
        if self.template is not None:
            found: Any = _COLUMN.sub(lambda match: str(cells[match[1]]), self.template)
        else:
            found = cells[self.columns[0]]
        if self.values is not None:
            if str(found) not in self.values:
                raise BadRow(f"{self.columns[0]}: the mapping has no value for {str(found)[:40]!r}")
            found = self.values[str(found)]
        return _convert(found, self.type, self.columns)


class Time(Settings):
    """Where the time comes from: `time_format` is iso, unix (seconds), unix_ms or a strptime pattern."""

    column: str
    time_format: str = "iso"
    zone: Annotated[str, AfterValidator(_check_zone)] | None = None  # for times that name none

    def read(self, row: dict[str, Any]) -> str | None:
        """Return the time in `row` as RFC 3339 in UTC, None where the cell is empty; raise BadRow."""
        cell = row.get(self.column)
        if cell is None:
            return None
        try:
            return self._parse(cell).astimezone(UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            raise BadRow(f"{self.column}: {str(cell)[:40]!r} is no time ({self.time_format})") from None

    def _parse(self, cell: Any) -> datetime:
        if self.time_format in ("unix", "unix_ms"):
            return datetime.fromtimestamp(float(cell) / (1 if self.time_format == "unix" else 1000), UTC)
        if self.time_format == "iso":
            time = datetime.fromisoformat(str(cell))
        else:
            time = datetime.strptime(str(cell), self.time_format)  # noqa: DTZ007 - the zone follows
        if time.tzinfo:
            return time
        if not self.zone:
            raise BadRow(f"{self.column}: the time has no zone; give `zone` in the mapping")
        return time.replace(tzinfo=ZoneInfo(self.zone))


class Mapping(Settings):
    """A mapping file; keys of `context` may be dotted, such as utm.campaign."""

    history: bool = False  # the events are past ones: their age is no fault
    event_id: Value | None = None
    event: Value
    ts: Time
    anonymous_id: Value | None = None
    user_id: Value | None = None
    email: Value | None = None
    properties: dict[str, Value] = Field(default_factory=dict)
    context: dict[str, Value] = Field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """Every column that it reads."""
        named = [self.event_id, self.event, self.anonymous_id, self.user_id, self.email]
        parts = [*(each for each in named if each), *self.properties.values(), *self.context.values()]
        return {column for each in parts for column in each.columns} | {self.ts.column}

    def make_event(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the event in `row` (no empty cells in it), without an event_id where there is none."""
        event: dict[str, Any] = {"event": self.event.read(row), "ts": self.ts.read(row)}
        for name in ("event_id", "anonymous_id", "user_id", "email"):
            value: Value | None = getattr(self, name)
            if value and (found := value.read(row)) is not None:
                event[name] = str(found)
        event["properties"] = _read_all(self.properties, row)
        event["context"] = nest(_read_all(self.context, row))
        return event


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """Return `flat` with dotted keys as objects in one another; raise BadRow where two of them disagree."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *way, last = key.split(".")
        node = nested
        for step in way:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise BadRow(f"{key}: {step} is a value and an object at once")
        node[last] = value
    return nested


def _read_all(sources: dict[str, Value], row: dict[str, Any]) -> dict[str, Any]:
    found = {name: value.read(row) for name, value in sources.items()}
    return {name: value for name, value in found.items() if value is not None}


def _convert(value: Any, kind: str | None, columns: list[str]) -> Any:
    if kind is None:
        return value
    try:
        if kind == "integer":
            return int(value)
        if kind == "number":
            number = float(value)
            return number if math.isfinite(number) else int(value)
        if kind == "boolean":
            return {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}[str(value).lower()]
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, KeyError, OverflowError):
        raise BadRow(f"{', '.join(columns)}: {str(value)[:40]!r} is no {kind}") from None
