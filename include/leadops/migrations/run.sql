-- name: create_schema
create schema if not exists leadops;

-- name: create_migrations
create table if not exists leadops.migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
);

-- name: list_applied
select
    name,
    sha256
from leadops.migrations
order by name;

-- name: record_migration
insert into leadops.migrations (name, sha256)
values (%(name)s, %(sha256)s);
