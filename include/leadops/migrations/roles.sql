-- name: list_objects
-- The database, and every schema, table, view and sequence that is not PostgreSQL's own.
with schemas as (
    select
        oid,
        nspname
    from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
)

select
    'database' as kind,
    '' as schema,
    quote_ident(current_database()) as name
union all
select
    'schema' as kind,
    nspname as schema,
    quote_ident(nspname) as name
from schemas
union all
select
    case classes.relkind when 'S' then 'sequence' else 'table' end as kind,
    schemas.nspname as schema,
    format('%%I.%%I', schemas.nspname, classes.relname) as name
from pg_catalog.pg_class as classes
inner join schemas on classes.relnamespace = schemas.oid
where classes.relkind in ('r', 'p', 'v', 'm', 'S');

-- name: list_rights
-- What a role may do, whoever granted it: also as everybody, or as a member of another role.
with schemas as (
    select
        oid,
        nspname
    from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
)

select
    'database' as kind,
    '' as schema,
    quote_ident(current_database()) as name,
    asked.privilege
from unnest(array['connect', 'temporary', 'create']) as asked (privilege)
where has_database_privilege(%(role)s::name, current_database(), asked.privilege)
union all
select
    'schema' as kind,
    schemas.nspname as schema,
    quote_ident(schemas.nspname) as name,
    asked.privilege
from schemas
cross join unnest(array['usage', 'create']) as asked (privilege)
where
    has_schema_privilege(%(role)s::name, schemas.oid, asked.privilege)
    and (schemas.nspname <> 'public' or asked.privilege <> 'usage')
union all
select
    'table' as kind,
    schemas.nspname as schema,
    format('%%I.%%I', schemas.nspname, classes.relname) as name,
    asked.privilege
from pg_catalog.pg_class as classes
inner join schemas on classes.relnamespace = schemas.oid
cross join unnest(%(table_privileges)s::text[]) as asked (privilege)
where
    classes.relkind in ('r', 'p', 'v', 'm')
    and has_table_privilege(%(role)s::name, classes.oid, asked.privilege)
union all
select
    'sequence' as kind,
    schemas.nspname as schema,
    format('%%I.%%I', schemas.nspname, classes.relname) as name,
    asked.privilege
from pg_catalog.pg_class as classes
inner join schemas on classes.relnamespace = schemas.oid
cross join unnest(array['usage', 'select', 'update']) as asked (privilege)
where
    -- The planner may ask for a sequence's rights only where it is one.
    case when classes.relkind = 'S' then has_sequence_privilege(%(role)s::name, classes.oid, asked.privilege) end;

-- name: find_account
select
    roles.rolsuper as is_superuser,
    roles.rolcreaterole as may_create_roles,
    roles.rolcreatedb as may_create_databases,
    roles.rolbypassrls or roles.rolreplication as is_special,
    array(
        select things.kind || ' ' || things.name as label
        from (
            select
                'database' as kind,
                quote_ident(databases.datname) as name
            from pg_catalog.pg_database as databases
            where databases.datname = current_database() and databases.datdba = roles.oid
            union all
            select
                'schema' as kind,
                quote_ident(namespaces.nspname) as name
            from pg_catalog.pg_namespace as namespaces
            where namespaces.nspowner = roles.oid and namespaces.nspname !~ '^pg_'
            union all
            select
                'table' as kind,
                format('%%I.%%I', namespaces.nspname, classes.relname) as name
            from pg_catalog.pg_class as classes
            inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
            where
                classes.relowner = roles.oid
                and classes.relkind in ('r', 'p', 'v', 'm')
                and namespaces.nspname !~ '^pg_'
        ) as things
        order by label
    ) as owned,
    array(
        select quote_ident(others.rolname)
        from pg_catalog.pg_roles as others
        where
            others.oid <> roles.oid
            and others.rolname <> 'pg_database_owner' -- whoever owns the database is a member
            and pg_has_role(roles.oid, others.oid, 'member')
        order by others.rolname
    ) as member_of
from pg_catalog.pg_roles as roles
where roles.rolname = %(role)s;

-- name: write_create_role
select format('create role %%I login password %%L', %(role)s::text, %(password)s::text);

-- name: write_password
select format('alter role %%I login password %%L', %(role)s::text, %(password)s::text);

-- name: write_grant
select format(
    'grant %%s on %%s %%s to %%I', %(privileges)s::text, %(kind)s::text, %(object)s::text, %(role)s::text
);

-- name: write_revoke
select format(
    'revoke %%s on %%s %%s from %%I', %(privileges)s::text, %(kind)s::text, %(object)s::text, %(role)s::text
);

-- name: write_revoke_from_everybody
select format('revoke create, temporary on database %%I from public', current_database());

-- name: list_recorded
select
    part,
    role_name as name
from leadops.roles
where exists (select from pg_catalog.pg_roles where pg_roles.rolname = roles.role_name)
order by part;

-- name: record_role
insert into leadops.roles (part, role_name)
values (%(part)s, %(name)s)
on conflict (part) do update set role_name = excluded.role_name;

-- name: record_former_rights
-- What was needed until now, only the former version needs.
insert into leadops.rights (is_former, rights)
select
    true,
    rights
from leadops.rights
where not is_former and rights <> %(rights)s
on conflict (is_former) do update set rights = excluded.rights;

-- name: record_rights
insert into leadops.rights (is_former, rights)
values (false, %(rights)s)
on conflict (is_former) do update set rights = excluded.rights;

-- name: forget_former_rights
delete from leadops.rights
where is_former;

-- name: find_former_rights
select rights
from leadops.rights
where is_former;
