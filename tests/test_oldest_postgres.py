"""Our SQL uses nothing that came after PostgreSQL 15, the oldest that works; tests run on a newer one."""

import pytest

from leadops.queries import read_statements

from .later_sql import find_later
from .table_walls import ROOT, read_migrations, sql_strings


def read_statement_files() -> dict[str, str]:
    return {
        f"{path.relative_to(ROOT)}:{name}": text
        for path in sorted(ROOT.rglob("*.sql"))
        if path.read_text(encoding="utf-8").startswith("-- name:")
        for name, text in read_statements(path.read_text(encoding="utf-8")).items()
    }


def read_strings() -> dict[str, str]:
    return {
        f"{path.relative_to(ROOT)}:{line}": text
        for path in sorted(ROOT.rglob("*.py"))
        for line, text in sql_strings(path.read_text(encoding="utf-8"))
    }


def test_statements_and_migrations_use_nothing_that_came_later() -> None:
    scripts = read_statement_files() | read_strings() | read_migrations(ROOT / "migrations")
    assert len(scripts) > 1000
    found = {place: later for place, script in scripts.items() if (later := find_later(script))}
    assert found == {}


@pytest.mark.parametrize(
    ("script", "later"),
    [
        ("select any_value(a) from t", "function any_value 1"),
        ("select uuidv7()", "function uuidv7 0"),
        ("select random(1, 6)", "function random 2"),
        ("select system_user", "function system_user 0"),
        ("select now() at local", "function timezone 1"),
        ("select array_sort(array[2, 1])", "function array_sort 1"),
        ("select * from (select 1)", "a subquery without a name"),
        ("select a is json from t", "JsonIsPredicate"),
        ("select json_object('a': 1)", "JsonObjectConstructor"),
        ("select json_value(a, '$.b') from t", "JsonFuncExpr"),
        ("select json_scalar(1)", "JsonScalarExpr"),
        ("select b from json_table('[]', '$' columns (b int path '$')) as t", "JsonTable"),
        ("update t set a = 1 returning old.a", "returning old"),
        ("merge into t using s on true when matched then delete returning *", "merge … returning"),
        (
            "merge into t using s on true when not matched by source then delete",
            "merge … when not matched by source",
        ),
        ("create table t (a int, b int generated always as (a) virtual)", "a virtual column"),
        ("create table t (a int, b int generated always as (a))", "a virtual column"),
        ("create table t (a int check (a > 0) not enforced)", "not enforced"),
        ("create table t (a int, b tstzrange, unique (a, b without overlaps))", "a key over time"),
        ("alter table t add constraint c not null a", "a constraint `not null`"),
        ("alter table t alter column a set expression as (1)", "set expression"),
        ("create statistics on a, b from t", "statistics without a name"),
        ("copy t from stdin (on_error ignore)", "copy … on_error"),
        ("select 10_000", "the number 10_000"),
        ("select last_idx_scan from pg_stat_user_indexes", "column last_idx_scan"),
        ("select * from pg_stat_io", "table pg_stat_io"),
        (
            "create function f() returns int language plpgsql as $$ begin return random(1, %(a)s); end $$",
            "function random 2",
        ),
        ("create function f() returns uuid language sql as $$ select uuidv7() $$", "function uuidv7 0"),
    ],
)
def test_what_came_later_is_found(script: str, later: str) -> None:
    assert find_later(script) == {later}


@pytest.mark.parametrize(
    "script",
    [
        "select random(), now() at time zone 'UTC', 1000, '10_000', a_1 from (select 1) as t",
        "select last_idx_scan from delivery.scans",
        "merge into t using s on true when matched then update set a = 1 when not matched then do nothing",
        "create table t (a int primary key check (a > 0), b int generated always as (a) stored, unique (b))",
        "update t set a = 1 returning t.a, a + 1",
        "update t set a = 1 from s as old returning old.a",
        "select json_build_object('a', 1), jsonb_path_query('[]', '$')",
    ],
)
def test_what_15_has_is_left_alone(script: str) -> None:
    assert find_later(script) == set()
