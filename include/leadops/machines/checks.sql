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

-- name: find_most_frequent
-- What most of the machines' acts of the window have in common.
select
    mode() within group (order by verdicts.signal) as signal,
    coalesce(mode() within group (order by acts.mail), '?') as mail,
    coalesce(mode() within group (order by acts.company), '?') as company
from machines.acts as acts
inner join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
where acts.ts >= %(since)s and acts.ts <= %(now)s;
