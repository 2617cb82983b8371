-- name: count_by_day
select
    to_char((acts.ts at time zone %(zone)s)::date, 'YYYY-MM-DD') as name,
    count(*) as acts,
    count(verdicts.event_seq) as machine_acts
from machines.acts as acts
left join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
where acts.ts >= %(since)s and acts.event <> 'mail_delivered'
group by (acts.ts at time zone %(zone)s)::date
order by (acts.ts at time zone %(zone)s)::date desc
limit %(max_rows)s;

-- name: count_by_company
select
    coalesce(acts.company, '(no company)') as name,
    count(*) as acts,
    count(verdicts.event_seq) as machine_acts
from machines.acts as acts
left join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
where acts.ts >= %(since)s and acts.event <> 'mail_delivered'
group by acts.company
order by count(verdicts.event_seq) desc, count(*) desc, acts.company asc
limit %(max_rows)s;

-- name: count_by_mail
select
    coalesce(acts.mail, '(no mail id)') as name,
    count(*) as acts,
    count(verdicts.event_seq) as machine_acts
from machines.acts as acts
left join machines.verdicts as verdicts
    on
        acts.lead_id = verdicts.lead_id
        and acts.event_seq = verdicts.event_seq
        and verdicts.freed_because is null
where acts.ts >= %(since)s and acts.event <> 'mail_delivered'
group by acts.mail
order by count(verdicts.event_seq) desc, count(*) desc, acts.mail asc
limit %(max_rows)s;

-- name: count_by_signal
-- Visits that followed a machine's click count here alone: they did not come through a mail themselves.
select
    coalesce(verdicts.signal, '(people)') as name,
    count(*) as acts,
    count(verdicts.event_seq) as machine_acts
from (
    select acts.event_seq
    from machines.acts as acts
    where acts.ts >= %(since)s and acts.event <> 'mail_delivered'
    union
    select standing.event_seq
    from machines.verdicts as standing
    inner join cdp.events as events on standing.event_seq = events.seq
    where events.ts >= %(since)s and standing.freed_because is null
) as done
left join machines.verdicts as verdicts
    on done.event_seq = verdicts.event_seq and verdicts.freed_because is null
group by verdicts.signal
order by count(*) desc, verdicts.signal asc
limit %(max_rows)s;
