"""How the columns of a file become the fields of an event: the model of a mapping file."""

import json
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from leadops.company import ZoneName
from leadops.settings import Settings
from leadops.tabular.cells import CellSource, cell_text, convert_cell
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import BadRowError
from leadops.tabular.times import NoZoneError, parse_time

#: Beyond a double there is no JSON number that most readers understand.
LARGEST_NUMBER = Decimal(10) ** 308


class EventValue(CellSource):
    """Where a value comes from, which values of the file mean which, and its type."""

    values: dict[str, str] | None = None  # value in the file: value to send
    type: Literal["integer", "number", "boolean", "json"] | None = None  # None: as it is

    def read(self, row: dict[str, Any]) -> Any:
        """Return the value in `row`, None if a cell that it needs is empty; raise BadRowError."""
        if self.constant is not None:
            return self.constant
        value = self.fill(row.get)
        if value is None:
            return None
        if self.values is not None:
            if cell_text(value) not in self.values:
                raise BadRowError(f"{self.name}: the mapping has no value for", value)
            value = self.values[cell_text(value)]
        if self.type is None:
            return value
        if self.type != "json":
            return convert_cell(value, self.type, self.name, bound=LARGEST_NUMBER)
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise BadRowError(f"{self.name}: not JSON", value) from None


class EventTime(Settings):
    """Where the time comes from: `time_format` is iso, unix (seconds), unix_ms or a strptime pattern."""

    column: str
    time_format: str = "iso"
    zone: ZoneName | None = None  # for times that name none

    def read(self, row: dict[str, Any]) -> str | None:
        """Return the time in `row` as RFC 3339 in UTC, None if the cell is empty; raise BadRowError."""
        cell = row.get(self.column)
        if cell is None:
            return None
        zone = ZoneInfo(self.zone) if self.zone else None
        try:
            return parse_time(str(cell), self.time_format, zone=zone).isoformat()
        except NoZoneError:
            raise BadRowError(f"{self.column}: the time has no zone; give `zone` in the mapping") from None
        except ValueError:
            raise BadRowError(f"{self.column}: not a time in the format {self.time_format}", cell) from None


class EventMapping(Settings):
    """A mapping file; keys of `context` may be dotted, such as utm.campaign."""

    file: FileFormat = FileFormat()  # of a CSV
    history: bool = False  # the events are past ones: their age is not a fault
    event_id: EventValue | None = None
    event: EventValue
    ts: EventTime
    anonymous_id: EventValue | None = None
    user_id: EventValue | None = None
    email: EventValue | None = None
    properties: dict[str, EventValue] = Field(default_factory=dict)
    context: dict[str, EventValue] = Field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """Every column that it reads."""
        fields = [self.event_id, self.event, self.anonymous_id, self.user_id, self.email]
        sources = [*(field for field in fields if field), *self.properties.values(), *self.context.values()]
        return {column for source in sources for column in source.columns} | {self.ts.column}

    def make_event(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the event in `row` (no empty cells in it), without an event_id if the row has none."""
        event: dict[str, Any] = {"event": self.event.read(row), "ts": self.ts.read(row)}
        for name in ("event_id", "anonymous_id", "user_id", "email"):
            source: EventValue | None = getattr(self, name)
            if source and (value := source.read(row)) is not None:
                event[name] = str(value)
        event["properties"] = _read_all(self.properties, row)
        event["context"] = nest(_read_all(self.context, row))
        return event


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """Return `flat` with dotted keys as nested objects; raise BadRowError if two of them disagree."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *way, last = key.split(".")
        node = nested
        for step in way:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise BadRowError(f"{key}: {step} is both a value and an object")
        node[last] = value
    return nested


def _read_all(sources: dict[str, EventValue], row: dict[str, Any]) -> dict[str, Any]:
    values = {name: source.read(row) for name, source in sources.items()}
    return {name: value for name, value in values.items() if value is not None}
