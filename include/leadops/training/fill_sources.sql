-- Another lead of the person was known to be theirs from the evidence that joined it to the holder; in a longer
-- chain from the last evidence that touches it, which is never too early.
insert into sources (place, lead_id, known_from, at, known_at, history_until)
select
    place,
    holder as lead_id,
    '-infinity' as known_from,
    at,
    known_at,
    history_until
from moments
union all
select
    moments.place,
    others.lead_id,
    joined.known_from,
    moments.at,
    moments.known_at,
    moments.history_until
from moments
inner join identity.people as people on moments.holder = people.lead_id
inner join identity.people as others on people.person_id = others.person_id and moments.holder <> others.lead_id
cross join
    lateral (
        select
            coalesce(
                min(told.received_at) filter (
                    where evidence.older_lead_id = moments.holder or evidence.younger_lead_id = moments.holder
                ),
                max(told.received_at)
            ) as known_from
        from identity.lead_merges as evidence
        inner join cdp.events as told on evidence.event_seq = told.seq
        where
            evidence.undone_at is null
            and (evidence.older_lead_id = others.lead_id or evidence.younger_lead_id = others.lead_id)
    ) as joined
where joined.known_from <= coalesce(moments.history_until, moments.known_at)
