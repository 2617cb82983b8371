-- name: list_linked_ids
select
    'crm_id' as kind,
    crm_lead_id as value
from lifecycle.links
where lead_id = any(%(lead_ids)s::bigint[]) and crm_lead_id not like 'erased-%%'
order by value;

-- name: rename_links
update lifecycle.links
set crm_lead_id = renamed.name
from unnest(%(crm_ids)s::text[], %(names)s::text[]) as renamed (crm_id, name)
where links.crm_lead_id = renamed.crm_id;

-- name: clear_transitions
update lifecycle.transitions
set evidence = erased.clear_json(evidence, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]) and evidence::text ~* %(pattern)s::text;

-- name: clear_imported
update lifecycle.imported
set
    evidence = erased.clear_json(evidence, %(pattern)s),
    reference = erased.clear_text(reference, %(pattern)s)
where
    lead_id = any(%(lead_ids)s::bigint[])
    and (evidence::text ~* %(pattern)s::text or reference ~* %(pattern)s::text);

-- name: delete_unlinked
delete from lifecycle.unlinked
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: remove_canary
with unlinked as (
    delete from lifecycle.unlinked where lead_id = %(lead_id)s
),

facts as (
    delete from lifecycle.facts where lead_id = %(lead_id)s
),

transitions as (
    delete from lifecycle.transitions where lead_id = %(lead_id)s
)

select lifecycle.remove_canary(%(lead_id)s);
