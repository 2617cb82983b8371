-- name: list_past_mqls
-- Live MQLs of a time span, with the facts known today.
select
    mql.lead_id,
    mql.occurred_at as qualified_at,
    companies.account_id,
    jsonb_strip_nulls(coalesce(traits.facts, '{}') || jsonb_build_object('campaign', mql.campaign)) as traits
from lifecycle.current_transitions as mql
left join lateral (
    select known_accounts.account_id
    from identity.person_accounts as known_accounts
    where known_accounts.lead_id = mql.lead_id
    order by known_accounts.account_id
    limit 1
) as companies on true
left join lateral (
    select jsonb_object_agg(known_traits.trait, known_traits.value #>> '{}') as facts
    from identity.person_traits as known_traits
    where known_traits.lead_id = mql.lead_id
) as traits on true
where
    mql.stage = 'mql'
    and mql.occurred_at > %(since)s
    and mql.occurred_at <= %(now)s
    and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
order by mql.occurred_at asc, mql.lead_id asc, mql.cycle asc;
