-- name: count_shares
-- The acts through mails of the window, and of the days before it.
select
    count(*) filter (where acts.ts >= %(since)s) as acts,
    count(verdicts.event_seq) filter (where acts.ts >= %(since)s) as machine_acts,
    count(*) filter (where acts.ts < %(since)s) as usual_acts,
    count(verdicts.event_seq) filter (where acts.ts < %(since)s) as usual_machine_acts
from machines.acts as acts
left join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
where acts.ts >= %(usual_since)s and acts.ts <= %(now)s;

-- name: count_machine_acts
-- What the machines' acts of the window have in common.
select
    verdicts.signal,
    acts.mail,
    split_part(leads.email, '@', 2) as domain,
    count(*) as acts
from machines.acts as acts
inner join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
left join identity.leads as leads on acts.lead_id = leads.lead_id
where acts.ts >= %(since)s and acts.ts <= %(now)s
group by verdicts.signal, acts.mail, split_part(leads.email, '@', 2);
