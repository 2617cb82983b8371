-- name: find_consents
-- For each lead what its person said last, whichever of their leads said it. At a tie the opt-out counts; a box that
-- was left empty takes nothing back, so it counts only where nothing else was said.
with members as materialized (
    select
        person_id,
        lead_id
    from identity.find_members(%(lead_ids)s::bigint[])
),

newest as (
    select distinct on (members.person_id)
        members.person_id,
        said.word,
        said.said_at,
        said.source
    from (
        select
            lead_id,
            word,
            said_at,
            source
        from consent.find_said(array(select every.lead_id from members as every))
        union all
        select
            lead_id,
            word,
            said_at,
            source
        from consent.find_unresolved(array(select every.lead_id from members as every))
    ) as said
    inner join members on said.lead_id = members.lead_id
    order by
        members.person_id asc,
        said.word = 'declined' asc,
        said.said_at desc,
        said.word = 'opt_in' asc,
        said.source asc
)

select
    asked.lead_id,
    newest.word,
    newest.said_at,
    newest.source,
    leads.erased_at,
    coalesce((select settings.unsaid_may_mail from consent.settings as settings), false) as unsaid_may_mail
from members as asked
left join newest on asked.person_id = newest.person_id
left join identity.leads as leads on asked.lead_id = leads.lead_id
where asked.lead_id = any(%(lead_ids)s::bigint[]);

-- name: list_members
select lead_id from identity.find_members(array[%(lead_id)s::bigint]);

-- name: list_said
select
    said.lead_id,
    said.word,
    said.said_at,
    said.source,
    said.reference,
    said.because
from (
    select * from consent.find_said(%(lead_ids)s::bigint[])
    union all
    select * from consent.find_unresolved(%(lead_ids)s::bigint[])
) as said
order by said.said_at, said.word = 'opt_out', said.lead_id, said.reference;

-- name: insert_statement
insert into consent.statements (lead_id, word, said_at, noted_by, because)
values (%(lead_id)s, %(word)s, %(now)s, %(noted_by)s, %(because)s);

-- name: enqueue_lead
insert into consent.inbox (lead_id) values (%(lead_id)s);

-- name: insert_imported
with noted as (
    insert into consent.statements (lead_id, word, said_at, noted_by, because)
    select
        given.lead_id,
        'opt_out',
        given.said_at,
        'import',
        ''
    from unnest(%(lead_ids)s::bigint[], %(said)s::timestamptz[]) as given (lead_id, said_at)
    where
        not exists (
            select from consent.statements as former
            where
                former.lead_id = given.lead_id and former.noted_by = 'import' and former.word = 'opt_out'
                and (former.said_at >= given.said_at or given.said_at = %(now)s)
        )
    order by given.lead_id
    returning lead_id
)

insert into consent.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from noted
returning lead_id;

-- name: note_settings
-- One row if others were in force before.
insert into consent.settings as known (
    mail_purposes, form_no, unsubscribe_by, unsaid_may_mail, effective_at
)
values (%(mail_purposes)s::text[], %(form_no)s, %(unsubscribe_by)s, %(unsaid_may_mail)s, %(now)s)
on conflict (is_only) do update
    set
        mail_purposes = excluded.mail_purposes,
        form_no = excluded.form_no,
        unsubscribe_by = excluded.unsubscribe_by,
        unsaid_may_mail = excluded.unsaid_may_mail,
        effective_at = excluded.effective_at
    where
    (known.mail_purposes, known.form_no, known.unsubscribe_by, known.unsaid_may_mail)
    is distinct from
    (excluded.mail_purposes, excluded.form_no, excluded.unsubscribe_by, excluded.unsaid_may_mail);

-- name: enqueue_speakers
-- Every lead of which an event may say something about mail.
insert into consent.inbox (lead_id, lane)
select distinct
    lead_id,
    %(lane)s::smallint
from identity.resolved_events
where says_consent
order by lead_id;
