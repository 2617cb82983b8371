"""After the first release migrations are new files, which a system in use can take."""

import pytest

from leadops.migrations.migration_files import MigrationFile, read_migrations
from tests.migrations.next_version import CONTRACT, EXPAND
from tests.migrations.upgrade_rules import find_breaches

#: The last file of the first release: until then the files change with the tables.
LAST_OF_THE_FIRST = "0025_nurture.sql"


def check(text: str) -> list[str]:
    return list(find_breaches(MigrationFile("0100_x.sql", text)))


def test_each_migration_after_the_first_release_keeps_the_rules() -> None:
    later = [file for file in read_migrations() if file.name > LAST_OF_THE_FIRST]
    assert {file.name: list(find_breaches(file)) for file in later} == {file.name: [] for file in later}


@pytest.mark.parametrize(
    "text",
    [
        *EXPAND.values(),
        *CONTRACT.values(),
        "create table cdp.hints (a int primary key); create index on cdp.hints (a);",
        "alter table cdp.events add column a text, add column b integer not null default 0;",
        "alter table cdp.events add constraint c check (a > 0) not valid;",
        "alter table cdp.events validate constraint c;",
        "-- needs: 0099_x.sql\nalter table cdp.events alter column a set not null;",
        "update cdp.events set a = 1;",
        "alter table cdp.events add column a text default 'x'::text;",
        "alter table cdp.events alter column a set default 1;",
        "-- needs: 0099_x.sql\ndrop index cdp.events_hint;",
        "-- outside a transaction\nreindex index concurrently cdp.events_hint;",
        "create table cdp.hints (a int generated always as identity, b int unique, c int check (c > 0));",
        "vacuum (analyze) cdp.events;",
    ],
)
def test_what_a_system_in_use_can_take(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("drop table cdp.events;", "drops a table"),
        ("drop function cdp.rank_proof(text);", "drops a function"),
        ("alter table cdp.events drop column a;", "drops a column"),
        ("alter table cdp.events rename column a to b;", "renames"),
        ("alter table cdp.events rename to b;", "renames"),
        ("alter table cdp.events alter column a type bigint;", "changes a type"),
        ("alter table cdp.events alter column a set not null;", "forbids nulls"),
        ("alter table cdp.events add column a int not null;", "does not fill"),
        ("alter table cdp.events add column a uuid default gen_random_uuid();", "computes a default"),
        ("create index on cdp.events (a);", "say concurrently"),
        ("create index concurrently on cdp.events (a);", "belong together"),
        ("alter table cdp.events add constraint c check (a > 0);", "say not valid"),
        ("alter table cdp.events add unique (a);", "using index"),
        ("alter table cdp.events drop constraint c;", "drops a constraint"),
        ("alter table cdp.events alter column a drop default;", "drops a default"),
        ("alter table cdp.events set schema old;", "another schema"),
        ("drop index cdp.events_hint;", "drops an index"),
        ("alter table cdp.events add column a timestamptz default clock_timestamp()::date;", "a default"),
        ("alter table cdp.events add column a int unique;", "using index"),
        ("alter table cdp.events add column a int check (a > 0);", "checks every row"),
        ("alter table cdp.events add column a int references cdp.hints;", "checks every row"),
        ("alter table cdp.events add column a int generated always as (1) stored;", "writes every row"),
        ("alter table cdp.events add column a int generated always as identity;", "writes every row"),
        ("alter table cdp.events set unlogged;", "writes every row"),
        ("vacuum full cdp.events;", "writes every row"),
        ("cluster cdp.events using events_hint;", "writes every row"),
        ("reindex table cdp.events;", "say concurrently"),
        ("truncate cdp.events;", "truncates"),
        ("lock table cdp.events;", "locks a table"),
        ("do $$ begin execute 'drop table cdp.events'; end $$;", "no rule can see"),
        ("alter table cdp.events add column a int; update cdp.events set a = 1;", "file of its own"),
    ],
)
def test_what_would_stop_it_is_refused(text: str, what: str) -> None:
    (found,) = check(text)
    assert what in found
