-- name: fill_active_leads
-- People of a range of ids with an event in the last days, as of now.
insert into observations (place, lead_id, own_lead_id, cycle, at, known_at, is_reached)
select
    row_number() over (order by leads.lead_id) - 1,
    leads.lead_id,
    leads.lead_id as own_lead_id,
    0 as cycle,
    %(now)s as at,
    %(now)s as known_at,
    false as is_reached
from identity.leads as leads
where
    leads.lead_id > %(after)s
    and leads.lead_id <= %(up_to)s
    and leads.created_at <= %(now)s
    and leads.merged_into is null
    and leads.email is not null -- the MA never learns of a lead without an address, so its points would wait for good
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = leads.lead_id
    )
    and exists (
        select from identity.person_events as resolved
        inner join cdp.events as events on resolved.event_seq = events.seq
        where
            resolved.lead_id = leads.lead_id
            and events.ts > %(now)s - %(active)s::interval
            and events.ts <= %(now)s
            and events.received_at <= %(now)s
            and not exists (
                select from machines.uncounted_acts as uncounted where uncounted.event_seq = resolved.event_seq
            )
    );
