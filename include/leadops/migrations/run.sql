-- name: create_schema
create schema if not exists leadops;

-- name: create_migrations
create table if not exists leadops.migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
);

-- name: create_roles
create table if not exists leadops.roles (
    part text primary key check (part in ('tasks', 'gateway', 'reader', 'page')),
    role_name text not null unique check (char_length(role_name) <= 63)
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
