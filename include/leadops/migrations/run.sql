-- name: create_schema
create schema if not exists leadops;

-- name: create_migrations
create table if not exists leadops.migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    needs text
);

-- name: create_roles
create table if not exists leadops.roles (
    part text primary key check (part in ('tasks', 'gateway', 'reader', 'page', 'people')),
    role_name text not null unique check (char_length(role_name) <= 63)
);

-- name: create_rights
-- What the parts of this version need, and of the one before.
create table if not exists leadops.rights (
    is_former boolean primary key,
    rights jsonb not null
);

-- name: list_applied
select
    name,
    sha256,
    needs
from leadops.migrations
order by name;

-- name: record_migration
insert into leadops.migrations (name, sha256, needs)
values (%(name)s, %(sha256)s, %(needs)s);

-- name: limit
-- Until the transaction ends.
select
    set_config('lock_timeout', %(locks)s, true),
    set_config('statement_timeout', %(statements)s, true);

-- name: lift_limits
select
    set_config('lock_timeout', '0', false),
    set_config('statement_timeout', '0', false);

-- name: reset_limits
reset all;
