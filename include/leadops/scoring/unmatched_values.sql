-- name: list_unmatched
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(fit)s) as listed (trait text, condition jsonpath)
    where listed.trait <> 'email_domain'
),

compared as (
    select
        traits.lead_id,
        traits.trait,
        traits.value,
        coalesce(traits.comparable, traits.value) as forms
    from identity.traits as traits
    where traits.trait in (select rules.trait from rules)
)

select
    trait,
    forms,
    example,
    leads
from (
    select
        trait,
        forms,
        (array_agg(value #>> '{}' order by lead_id))[1] as example,
        count(*) as leads
    from compared
    where
        jsonb_typeof(forms) <> 'number'
        and not exists (select from rules where rules.trait = compared.trait and compared.forms @@ rules.condition)
    group by trait, forms
) as unmatched
order by leads desc, trait asc, example collate "C" asc
limit %(max_values)s::bigint;
