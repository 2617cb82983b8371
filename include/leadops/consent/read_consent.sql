-- name: find_consents
-- For each lead what its person said last, whichever of their leads said it. At a tie the opt-out counts; a box that
-- was left empty takes nothing back, so it counts only where nothing else was said.
with asked as (
    select
        listed.lead_id,
        coalesce(people.person_id, listed.lead_id) as person_id
    from unnest(%(lead_ids)s::bigint[]) as listed (lead_id)
    left join identity.people as people on listed.lead_id = people.lead_id
),

members as (
    select
        person_id,
        person_id as lead_id
    from asked
    union
    select
        asked.person_id,
        people.lead_id
    from asked
    inner join identity.people as people on asked.person_id = people.person_id
),

newest as (
    select distinct on (members.person_id)
        members.person_id,
        said.word,
        said.said_at,
        said.source
    from consent.find_said(array(select every.lead_id from members as every)) as said
    inner join members on said.lead_id = members.lead_id
    order by
        members.person_id asc,
        said.word = 'declined' asc,
        said.said_at desc,
        said.word = 'opt_in' asc,
        said.source asc
)

select distinct
    asked.lead_id,
    newest.word,
    newest.said_at,
    newest.source,
    leads.erased_at,
    coalesce((select settings.unsaid_may_mail from consent.settings as settings), false) as unsaid_may_mail
from asked
left join newest on asked.person_id = newest.person_id
left join identity.leads as leads on asked.lead_id = leads.lead_id;

-- name: list_members
select %(lead_id)s::bigint as lead_id
union
select others.lead_id
from identity.people as own
inner join identity.people as others on own.person_id = others.person_id
where own.lead_id = %(lead_id)s::bigint;

-- name: list_said
select
    said.lead_id,
    said.word,
    said.said_at,
    said.source,
    said.reference,
    said.because
from consent.find_said(%(lead_ids)s::bigint[]) as said
order by said.said_at, said.word = 'opt_out', said.lead_id, said.reference;
