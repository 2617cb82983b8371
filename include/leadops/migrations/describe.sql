-- name: list_columns
select
    namespaces.nspname as schema_name,
    classes.relname as relation_name,
    classes.relkind = 'v' as is_view,
    columns.attname as column_name,
    format_type(columns.atttypid, columns.atttypmod) as type_name,
    columns.attnotnull as is_required,
    columns.attidentity <> '' as is_identity,
    columns.attgenerated <> '' as is_generated,
    pg_get_expr(defaults.adbin, defaults.adrelid) as expression
from pg_catalog.pg_class as classes
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
inner join pg_catalog.pg_attribute as columns
    on classes.oid = columns.attrelid and columns.attnum > 0 and not columns.attisdropped
left join pg_catalog.pg_attrdef as defaults
    on columns.attrelid = defaults.adrelid and columns.attnum = defaults.adnum
where classes.relkind in ('r', 'v') and namespaces.nspname !~ '^pg_' and namespaces.nspname <> 'information_schema'
order by namespaces.oid, classes.oid, columns.attnum;

-- name: list_constraints
select
    namespaces.nspname as schema_name,
    classes.relname as relation_name,
    pg_get_constraintdef(constraints.oid, true) as definition
from pg_catalog.pg_constraint as constraints
inner join pg_catalog.pg_class as classes on constraints.conrelid = classes.oid
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
where
    constraints.contype in ('p', 'u', 'c', 'f', 'x')
    and namespaces.nspname !~ '^pg_'
    and namespaces.nspname <> 'information_schema'
order by position(constraints.contype in 'pufcx'), definition;

-- name: list_indexes
select
    namespaces.nspname as schema_name,
    classes.relname as relation_name,
    pg_get_indexdef(indexes.indexrelid) as definition
from pg_catalog.pg_index as indexes
inner join pg_catalog.pg_class as classes on indexes.indrelid = classes.oid
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
where
    namespaces.nspname !~ '^pg_'
    and not exists (
        select from pg_catalog.pg_constraint as constraints where constraints.conindid = indexes.indexrelid
    )
order by definition;

-- name: list_triggers
select
    namespaces.nspname as schema_name,
    classes.relname as relation_name,
    pg_get_triggerdef(triggers.oid, true) as definition
from pg_catalog.pg_trigger as triggers
inner join pg_catalog.pg_class as classes on triggers.tgrelid = classes.oid
inner join pg_catalog.pg_namespace as namespaces on classes.relnamespace = namespaces.oid
where not triggers.tgisinternal
order by definition;

-- name: list_functions
select
    namespaces.nspname as schema_name,
    functions.proname as relation_name,
    format(
        '%%I.%%I(%%s) returns %%s',
        namespaces.nspname, functions.proname,
        pg_get_function_arguments(functions.oid), pg_get_function_result(functions.oid)
    ) as definition
from pg_catalog.pg_proc as functions
inner join pg_catalog.pg_namespace as namespaces on functions.pronamespace = namespaces.oid
where namespaces.nspname !~ '^pg_' and namespaces.nspname <> 'information_schema'
order by namespaces.oid, definition;
