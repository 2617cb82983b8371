-- name: find_by_number
-- The lead of this number, and leads that the MA or the CRM knows by it.
select
    known.lead_id,
    known.found_by
from (
    select
        leads.lead_id,
        'number' as found_by
    from identity.leads as leads
    where leads.lead_id = %(lead_id)s::bigint
    union all
    select
        ids.lead_id,
        ids.target as found_by
    from delivery.external_ids as ids
    where ids.target in ('ma', 'crm') and ids.external_id = %(external_id)s
) as known
order by known.found_by desc, known.lead_id asc
limit %(max_rows)s;

-- name: find_by_mail
-- Addresses that begin with the text, letter by letter, by the index aliases_email.
select
    aliases.lead_id,
    'mail' as found_by
from identity.aliases as aliases
where
    aliases.kind = 'email'
    and aliases.value collate "C" >= %(prefix)s::text
    and aliases.value collate "C" < %(above)s::text
order by aliases.value collate "C"
limit %(max_rows)s;

-- name: find_by_company
-- Companies whose name, as it is compared, begins with one of the two texts.
select
    traits.lead_id,
    'company' as found_by
from identity.traits as traits
where
    traits.trait = 'company'
    and identity.read_company(traits.value, traits.comparable) collate "C" >= %(prefix)s::text
    and identity.read_company(traits.value, traits.comparable) collate "C" < %(above)s::text
order by identity.read_company(traits.value, traits.comparable) collate "C"
limit %(max_rows)s;

-- name: find_by_domain
select
    leads.lead_id,
    'domain' as found_by
from (
    select
        accounts.account_id,
        accounts.domain
    from identity.accounts as accounts
    where accounts.domain collate "C" >= %(prefix)s::text and accounts.domain collate "C" < %(above)s::text
    order by accounts.domain collate "C"
    limit %(max_rows)s
) as named
inner join identity.leads as leads on named.account_id = leads.account_id
order by named.domain collate "C", leads.lead_id
limit %(max_rows)s;

-- name: describe_leads
-- Each person once, by their oldest lead, in the order in which they were found.
with found as (
    select
        coalesce(people.person_id, named.lead_id) as lead_id,
        min(named.place) as place,
        (array_agg(named.found_by order by named.place))[1] as found_by,
        (array_agg(named.lead_id order by named.place))[1] as found_lead_id
    from unnest(%(lead_ids)s::bigint[], %(found_by)s::text[]) with ordinality as named (lead_id, found_by, place)
    left join identity.people as people on named.lead_id = people.lead_id
    group by coalesce(people.person_id, named.lead_id)
)

select
    found.lead_id,
    found.found_by,
    found.found_lead_id,
    leads.email,
    leads.erased_at is not null as is_erased,
    (
        select traits.value #>> '{}' from identity.person_traits as traits
        where traits.lead_id = found.lead_id and traits.trait = 'company'
    ) as company,
    accounts.domain,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.total, 0) as total,
    (
        select reached.stage from lifecycle.current_transitions as reached
        where reached.lead_id = found.lead_id
        order by reached.cycle desc, array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) desc
        limit 1
    ) as stage
from found
inner join identity.leads as leads on found.lead_id = leads.lead_id
left join identity.person_accounts as companies on found.lead_id = companies.lead_id
left join identity.accounts as accounts on companies.account_id = accounts.account_id
left join scoring.scores as scores on found.lead_id = scores.lead_id
order by found.place;
