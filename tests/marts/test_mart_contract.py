"""The marts are what their contract says, and a change that would break a reader has a name."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from leadops.db import Connection
from leadops.marts.describe_marts import describe_marts
from leadops.marts.mart_contract import (
    CONTRACT_FILE,
    RELEASED_FILE,
    History,
    find_breaking_changes,
    parse_contract,
    read_contract,
)
from tests.table_walls import PROJECT

CONTRACT = read_contract()
#: Relations of the schema that nobody but leadops reads.
INTERNAL = {"inbox", "versions", "present_rows"}
COLUMNS = """
select tables.relname, attributes.attname, format_type(attributes.atttypid, attributes.atttypmod)
from pg_class as tables
inner join pg_attribute as attributes on tables.oid = attributes.attrelid
where
    tables.relnamespace = 'mart'::regnamespace and tables.relkind in ('r', 'v', 'm') and attributes.attnum > 0
order by tables.relname, attributes.attnum
"""


@pytest.fixture
def columns(connection: Connection) -> dict[str, dict[str, str]]:
    """The columns of each relation of the schema with their types, in order."""
    found: dict[str, dict[str, str]] = {}
    for table, column, data_type in connection.execute(COLUMNS).fetchall():
        found.setdefault(table, {})[column] = data_type
    return found


def test_the_relations_of_the_schema_are_those_of_the_contract(columns: dict[str, dict[str, str]]) -> None:
    published = {relation for mart in CONTRACT.marts.values() for relation in mart.relations}
    assert set(columns) == published | INTERNAL


@pytest.mark.parametrize("name", CONTRACT.marts)
def test_a_mart_has_the_columns_and_types_of_its_contract(
    columns: dict[str, dict[str, str]], name: str
) -> None:
    said = {column.name: column.data_type for column in CONTRACT.marts[name].columns}
    assert list(columns[name].items()) == list(said.items())


@pytest.mark.parametrize("name", CONTRACT.marts)
def test_a_mart_says_when_it_happened_and_since_when_it_is_known(name: str) -> None:
    mart = CONTRACT.marts[name]
    required = {column.name for column in mart.columns if not column.may_be_null}
    assert {mart.config.event_time, mart.config.loaded_at_field, *mart.meta.key} <= required
    assert (mart.config.event_time, mart.config.loaded_at_field) == ("happened_at", "known_at")


def test_versions_have_the_columns_of_their_mart(columns: dict[str, dict[str, str]]) -> None:
    own = {"change_number": "bigint", "version": "integer", "is_deleted": "boolean"}
    versions = [mart.relations for mart in CONTRACT.marts.values() if mart.meta.history is History.VERSIONS]
    assert len(versions) > 1
    for view, of_versions in versions:
        assert list(columns[of_versions].items()) == list({**own, **columns[view]}.items())


def test_the_page_is_made_from_the_contract() -> None:
    page = (PROJECT / "docs" / "marts.md").read_text(encoding="utf-8")
    assert page == describe_marts(CONTRACT), "`make schema` writes docs/marts.md again"


# What a change breaks -------------------------------------------------------------------------------------


def test_nothing_breaks_for_readers_of_the_last_release() -> None:
    assert find_breaking_changes(read_contract(RELEASED_FILE), CONTRACT) == [], (
        "publish the change as another mart, NAME_v2, and name it in `replaced_by` of the old one"
    )


def change(edit: Callable[[dict[str, Any]], object]) -> list[str]:
    """What breaks if `edit` changes the marts, given by name; columns are given by name too."""
    document = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    changed = copy.deepcopy(document)
    tables = {
        table["name"]: {**table, "columns": {column["name"]: column for column in table["columns"]}}
        for table in changed["sources"][0]["tables"]
    }
    edit(tables)
    changed["sources"][0]["tables"] = [
        {**table, "columns": list(table["columns"].values())} for table in tables.values()
    ]
    return find_breaking_changes(parse_contract(document), parse_contract(changed))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda marts: marts.pop("ledger"),
            ["ledger is gone: keep it for a release, with `replaced_by` of its meta"],
        ),
        (lambda marts: marts["leads"]["columns"].pop("campaign"), ["leads.campaign is gone"]),
        (
            lambda marts: marts["ledger"]["columns"]["points"].update(data_type="bigint"),
            ["ledger.points is bigint, which was integer"],
        ),
        (
            lambda marts: marts["ledger"]["columns"]["lead_id"].pop("data_tests"),
            ["ledger.lead_id is no longer not_null"],
        ),
        (
            lambda marts: marts["ledger"]["columns"]["ledger_id"].update(data_tests=["not_null"]),
            ["ledger.ledger_id is no longer unique"],
        ),
        (
            lambda marts: marts["leads"]["config"]["meta"].update(key=["person_id"], grain="a person"),
            [
                "leads has the key person_id, which was lead_id",
                "leads has the grain 'a person', which was 'a lead'",
            ],
        ),
        (
            lambda marts: marts["leads"]["config"]["meta"].update(personal=True),
            ["leads is personal now, so its readers may no longer read it"],
        ),
        (
            lambda marts: marts["leads"]["config"]["meta"].update(history="live"),
            ["leads has the history live, which was versions"],
        ),
    ],
)
def test_a_breaking_change_has_a_name(edit: Callable[[dict[str, Any]], object], expected: list[str]) -> None:
    assert change(edit) == expected


@pytest.mark.parametrize(
    "edit",
    [
        lambda marts: marts["leads"].update(description="Other words"),
        lambda marts: marts["leads"]["columns"].update(
            grade={"name": "grade", "data_type": "text", "description": "New"}
        ),
        lambda marts: marts["leads"]["columns"]["campaign"].update(data_tests=["not_null"]),
        lambda marts: marts.update(leads_v2={**marts["leads"], "name": "leads_v2"}),
    ],
)
def test_what_adds_breaks_nothing(edit: Callable[[dict[str, Any]], object]) -> None:
    assert change(edit) == []


def test_a_mart_may_go_once_a_release_has_named_the_next_one() -> None:
    document = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    tables = document["sources"][0]["tables"]
    tables[0]["config"]["meta"]["replaced_by"] = "ledger_v2"
    former = parse_contract(document)
    assert find_breaking_changes(CONTRACT, former) == []
    tables.pop(0)
    assert find_breaking_changes(former, parse_contract(document)) == []
