-- name: forget_acts
-- Acts that were the classified leads', and are another's or nobody's now. Only clicks count for others.
with gone as (
    delete from machines.acts
    where
        lead_id in (select classified.lead_id from classified)
        and not exists (
            select from mail_acts
            where mail_acts.event_seq = acts.event_seq and mail_acts.lead_id = acts.lead_id
        )
    returning event, company, link, ts
)

select
    company,
    link,
    ts
from gone
where event = 'mail_click' and company is not null and link is not null;

-- name: change_acts
with changed as (
    update machines.acts
    set mail = mail_acts.mail, link = mail_acts.link, company = mail_acts.company
    from mail_acts
    where
        acts.lead_id = mail_acts.lead_id
        and acts.event_seq = mail_acts.event_seq
        and (acts.mail, acts.link, acts.company) is distinct from (mail_acts.mail, mail_acts.link, mail_acts.company)
    returning acts.event, acts.company, acts.link, acts.ts
)

select
    company,
    link,
    ts
from changed
where event = 'mail_click' and company is not null and link is not null;

-- name: list_new_clicks
select
    mail_acts.company,
    mail_acts.link,
    mail_acts.ts
from mail_acts
where
    mail_acts.event = 'mail_click'
    and mail_acts.company is not null
    and mail_acts.link is not null
    and not exists (
        select from machines.acts as same
        where same.lead_id = mail_acts.lead_id and same.event_seq = mail_acts.event_seq
    );

-- name: keep_acts
insert into machines.acts (lead_id, event_seq, event, ts, mail, link, company)
select
    mail_acts.lead_id,
    mail_acts.event_seq,
    mail_acts.event,
    mail_acts.ts,
    mail_acts.mail,
    mail_acts.link,
    mail_acts.company
from mail_acts
where
    mail_acts.event <> 'mail_delivered'
    and not exists (
        select from machines.acts as same
        where same.lead_id = mail_acts.lead_id and same.event_seq = mail_acts.event_seq
    )
order by mail_acts.lead_id, mail_acts.event_seq;

-- name: find_companies
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    acts.event_seq,
    acts.person_id,
    acts.lead_id,
    'many_people',
    5,
    'the link was fetched for ' || others.leads || ' people of ' || acts.company || ' within '
    || %(seconds)s::double precision || ' s'
from mail_acts as acts
cross join
    lateral (
        select count(distinct kept.lead_id) as leads
        from machines.acts as kept
        where
            kept.event = 'mail_click'
            and kept.company = acts.company
            and kept.link = acts.link
            and kept.ts >= acts.ts - make_interval(secs => %(seconds)s)
            and kept.ts <= acts.ts + make_interval(secs => %(seconds)s)
    ) as others
where acts.event = 'mail_click' and others.leads >= %(people)s;

-- name: list_neighbours
-- Leads whose acts a changed act may add to, or take from, those of many people.
select distinct others.lead_id
from unnest(%(companies)s::text[], %(links)s::text[], %(moments)s::timestamptz[]) as changed (company, link, ts)
inner join machines.acts as others
    on
        changed.company = others.company
        and changed.link = others.link
        and others.event = 'mail_click'
        and others.ts >= changed.ts - make_interval(secs => %(seconds)s)
        and others.ts <= changed.ts + make_interval(secs => %(seconds)s)
where others.lead_id not in (select classified.lead_id from classified)
order by others.lead_id;
