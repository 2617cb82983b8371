from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.config.load_config import load_file
from leadops.errors import ConfigError
from leadops.history.import_mapping import MAPPINGS, LeadsMapping
from leadops.history.time_source import TimeSource
from leadops.history.value_source import RowCells, ValueSource
from leadops.tabular.file_row import BadRowError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
MAPPING_FILES = sorted((Path(__file__).parents[2] / "docs" / "mappings").glob("*.yaml"))


def cells(**values: Any) -> RowCells:
    return RowCells(values, nulls=frozenset(["", "Select"]), number=2)


@pytest.mark.parametrize(
    ("value", "cell", "found"),
    [
        ({"column": "a"}, " x ", "x"),
        ({"column": "a"}, "Select", None),
        ({"column": "a"}, '="00123"', "00123"),
        ({"column": "a"}, 5.0, "5"),
        ({"column": "a"}, float("nan"), None),
        ({"column": "a", "type": "number"}, "1.50", 1.5),
        ({"column": "a", "type": "integer"}, "7", 7),
        ({"column": "a", "type": "number", "decimal": ","}, "1.200,50", 1200.5),
        ({"column": "a", "type": "number", "decimal": "."}, "1,200.50", 1200.5),
        ({"column": "a", "type": "number", "decimal": ","}, "1 200\u202f300,5", 1200300.5),
        ({"column": "a", "decimal": ","}, "１．２００，５０", "1200.50"),
        ({"column": "a", "decimal": ","}, "7", "7"),
        ({"column": "a", "decimal": ",", "values": {"many": 9}}, "many", "9"),
        ({"column": "a", "decimal": ",", "values": {"many": 9}, "others": "null"}, "few", None),
        # What says nothing is no value, unless the mapping names it.
        ({"column": "a"}, "　", None),
        ({"column": "a"}, "N/A", None),
        ({"column": "a", "type": "number"}, "-", None),
        ({"column": "a", "type": "number"}, "NaN", None),
        ({"column": "a", "values": {"N/A": "won"}}, "N/A", "won"),
        ({"row_number": "fair-"}, "", "fair-2"),
        ({"column": "a", "type": "boolean"}, "Yes", True),
        ({"column": "a", "values": {"1": "won", "0": None}}, "1", "won"),
        ({"column": "a", "values": {"1": "won", "0": None}}, "0", None),
        ({"column": "a", "values": {"1": "won"}, "others": "null"}, "5", None),
        ({"column": "a", "values": {"1": "won"}, "others": "keep"}, "5", "5"),
        ({"template": "crm-{a}"}, 7, "crm-7"),
        ({"template": "crm-{a}"}, "", None),
        ({"constant": "import"}, "", "import"),
    ],
)
def test_a_cell_becomes_a_value(value: dict[str, Any], cell: Any, found: Any) -> None:
    assert ValueSource.model_validate(value).read(cells(a=cell)) == found


@pytest.mark.parametrize(
    ("value", "cell", "reason"),
    [
        (
            {"column": "a", "values": {"1": "won"}},
            "5",
            "a: the mapping has no value for",
        ),
        ({"column": "a", "type": "boolean"}, "perhaps", "a: not a boolean (yes or no)"),
        ({"column": "a", "type": "integer"}, "1.5", "a: not an integer"),
        ({"column": "a", "type": "number"}, "Infinity", "a: a number that cannot be stored"),
        ({"column": "a", "type": "number"}, "1e400", "a: a number that cannot be stored"),
        (
            {"column": "a", "type": "number", "decimal": ","},
            "1234.50",
            "a: not a number with decimal ',' and groups of three",
        ),
        ({"column": "a", "decimal": ","}, "1.5", "a: not a number with decimal ',' and groups of three"),
        ({"column": "a"}, "=cmd|' /C calc'!A0", "a: is a formula; export values in its place"),
        ({"column": "a"}, "nul\0", "a: holds a NUL character"),
        ({"column": "a"}, "\udce9", "a: is not in the file's encoding; set file.encoding"),
        ({"column": "a"}, "x" * 10_001, "a: is longer than 10000 characters"),
        ({"column": "a"}, b"bytes", "a: is not text, a number or a time"),
    ],
)
def test_a_cell_that_is_no_value(value: dict[str, Any], cell: Any, reason: str) -> None:
    with pytest.raises(BadRowError) as caught:
        ValueSource.model_validate(value).read(cells(a=cell))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("moment", "cell", "found"),
    [
        ("a", "2018-02-01T09:30:00Z", "2018-02-01T09:30:00+00:00"),
        ("a", "2018-02-01", "2018-01-31T15:00:00+00:00"),
        ({"column": "a", "format": "%d-%m-%Y"}, "01-02-2018", "2018-01-31T15:00:00+00:00"),
        (
            {"column": "a", "format": ["%d.%m.%Y", "iso"], "zone": "UTC"},
            "2018-02-01",
            "2018-02-01T00:00:00+00:00",
        ),
        ({"column": "a", "format": "unix"}, "1517477400", "2018-02-01T09:30:00+00:00"),
        ({"column": "a", "format": "unix_ms"}, 1517477400000, "2018-02-01T09:30:00+00:00"),
        ({"column": "a", "format": "excel", "zone": "UTC"}, "43132.5", "2018-02-01T12:00:00+00:00"),
        ("a", datetime(2018, 2, 1, 9), "2018-02-01T00:00:00+00:00"),  # noqa: DTZ001 - as Parquet has it
        ({"constant": "2018-02-01"}, "", "2018-01-31T15:00:00+00:00"),
        (
            {
                "derived": {
                    "row_number": True,
                    "first": 1,
                    "start": "2018-02-01T00:00:00Z",
                    "step_minutes": 10,
                }
            },
            "",
            "2018-02-01T00:10:00+00:00",
        ),
        (
            {"derived": {"column": "a", "first": 5, "start": "2018-02-01T00:00:00Z", "step_minutes": 10}},
            "11",
            "2018-02-01T01:00:00+00:00",
        ),
    ],
)
def test_a_time(moment: Any, cell: Any, found: str) -> None:
    read = TimeSource.model_validate(moment).read(cells(a=cell), zone=TOKYO, now=NOW)
    assert read is not None
    assert read.isoformat() == found


def test_an_empty_time_is_none() -> None:
    assert TimeSource.model_validate("a").read(cells(a="Select"), zone=TOKYO, now=NOW) is None


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("created_at: made", ":1: lead: Field required"),
        ("lead: {}\ncreated_at: made", ":1: lead: Value error, give crm_id, email or both"),
        (
            "lead: {crm_id: id}\ncreated_at: {column: a, format: dd-mm-yyyy}",
            ":2: .*'dd-mm-yyyy' does not say the day",
        ),
        (
            "lead: {crm_id: id}\ncreated_at: {column: a, format: '%d-%m-%Y %Q'}",
            ":2: .*is not a pattern of strptime",
        ),
        ("lead: {crm_id: id}\ncreated_at: {column: a, zone: Tokyo}", ":2: .*not an IANA time zone"),
        ("lead: {crm_id: id}\ncreated_at: {}", ":2: .*give exactly one of column, constant and derived"),
        ("lead: {crm_id: id}\ncreated_at: a\nsauce: b", ":3: sauce: Extra inputs"),
        (
            "lead: {crm_id: id}\ncreated_at: a\nfile: {encoding: klingon}",
            ":3: .*is not an encoding; write",
        ),
        (
            "lead: {crm_id: {column: a, constant: b}}\ncreated_at: a",
            ":1: .*give exactly one of column, template",
        ),
        (
            "lead: {crm_id: id}\ncreated_at: a\nattributes: {size: {column: b}}",
            ":3: .*known_at: Field required",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(lines)
    with pytest.raises(ConfigError, match=words):
        load_file(path, LeadsMapping)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("olist_leads", "leads"),
        ("olist_mqls", "transitions"),
        ("olist_deals", "transitions"),
        ("xeducation_leads", "leads"),
        ("xeducation_transitions", "transitions"),
        ("crm_activities", "activities"),
        ("costs", "costs"),
    ],
)
def test_the_mappings_of_the_docs_are_valid(name: str, kind: str) -> None:
    path = next(file for file in MAPPING_FILES if file.stem == name)
    assert load_file(path, MAPPINGS[kind]).columns
