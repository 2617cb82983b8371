-- name: count_by_group
-- Days by their date, the newest first; mail domains and mails by the acts of machines.
select
    coalesce(judged.name, %(no_name)s::text) as name,
    count(*) as acts,
    count(judged.verdict_seq) as machine_acts
from (
    select
        verdicts.event_seq as verdict_seq,
        case %(grouping)s::text
            when 'day' then to_char((acts.ts at time zone %(zone)s::text)::date, 'YYYY-MM-DD')
            when 'company' then split_part(leads.email, '@', 2)
            when 'mail' then acts.mail
        end as name
    from machines.acts as acts
    left join machines.verdicts as verdicts
        on
            acts.lead_id = verdicts.lead_id
            and acts.event_seq = verdicts.event_seq
            and verdicts.freed_because is null
    left join identity.leads as leads on %(grouping)s::text = 'company' and acts.lead_id = leads.lead_id
    where acts.ts >= %(since)s
) as judged
group by judged.name
order by
    case when %(grouping)s::text = 'day' then judged.name end desc nulls last,
    count(judged.verdict_seq) desc,
    count(*) desc,
    judged.name asc
limit %(max_rows)s::bigint;

-- name: count_by_signal
-- Visits that followed a machine's click count here alone: they did not come through a mail themselves.
select
    coalesce(verdicts.signal, '(people)') as name,
    count(*) as acts,
    count(verdicts.event_seq) as machine_acts
from (
    select acts.event_seq
    from machines.acts as acts
    where acts.ts >= %(since)s
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
