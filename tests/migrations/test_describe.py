from pathlib import Path

import leadops
from leadops.db import Connection
from leadops.migrations.describe import describe_schema

SCHEMA = Path(leadops.__file__).parent / "schema.sql"


def test_schema_sql_is_what_the_migrations_make(connection: Connection) -> None:
    assert SCHEMA.read_text(encoding="utf-8") == describe_schema(connection), "run `make schema`"


def test_every_kind_of_object_is_described(connection: Connection) -> None:
    connection.execute("""
        create schema workshop;
        create table workshop.parts (
            part_id bigint generated always as identity primary key,
            kind text not null default 'new' check (kind in ('new', 'USED')),
            price numeric(8, 2) not null,
            twice numeric(9, 2) generated always as (price + price) stored,
            seen_at timestamptz,
            unique (kind, price)
        );
        create index parts_seen on workshop.parts (seen_at) where kind = 'USED';
        create view workshop.used_parts as select part_id from workshop.parts where kind = 'USED';
        create function workshop.note() returns trigger language plpgsql as 'begin return null; end';
        create trigger note after delete on workshop.parts for each row execute function workshop.note();
    """)
    described = describe_schema(connection)
    assert (
        described[described.index("create schema workshop") :]
        == """\
create schema workshop;

create table workshop.parts (
    part_id bigint generated always as identity,
    kind text not null default 'new',
    price numeric(8,2) not null,
    twice numeric(9,2) generated always as ((price + price)) stored,
    seen_at timestamptz,
    primary key (part_id),
    unique (kind, price),
    check (kind in ('new', 'USED'))
);
create index parts_seen on workshop.parts (seen_at) where (kind = 'USED');
create trigger note after delete on workshop.parts for each row execute function workshop.note();

-- view workshop.used_parts (part_id bigint)

-- function workshop.note() returns trigger
"""
    )
