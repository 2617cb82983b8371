-- name: list_new_addresses
-- The addresses that an event of the chunk proves first, a form's included, at domains with a rule.
select
    aliases.value as email,
    aliases.lead_id
from taken
inner join identity.aliases as aliases
    on aliases.kind = 'email' and taken.email = aliases.value and taken.event_seq = aliases.event_seq
where split_part(taken.email, '@', 2) = any(%(domains)s::text[]);

-- name: list_younger
-- Those of the leads that share their mailbox with an older one.
select distinct own.lead_id
from identity.mailboxes as own
inner join identity.leads as leads on own.lead_id = leads.lead_id
where
    own.lead_id = any(%(lead_ids)s::bigint[])
    and exists (
        select from identity.mailboxes as others
        inner join identity.leads as older on others.lead_id = older.lead_id
        where
            others.mailbox = own.mailbox
            and (older.created_at, older.lead_id) < (leads.created_at, leads.lead_id)
    );

-- name: list_shared_mailboxes
select
    own.mailbox,
    min(taken.lane) as lane
from taken
inner join identity.aliases as aliases
    on aliases.kind = 'email' and taken.email = aliases.value and taken.event_seq = aliases.event_seq
inner join identity.mailboxes as own on aliases.value = own.email
where
    split_part(taken.email, '@', 2) = any(%(domains)s::text[])
    and exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> own.lead_id
    )
group by own.mailbox
order by own.mailbox;

-- name: list_unread_addresses
select
    aliases.value as email,
    aliases.lead_id
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id and not leads.only_claimed
where
    aliases.kind = 'email'
    and aliases.lead_id = any(%(lead_ids)s::bigint[])
    and split_part(aliases.value, '@', 2) = any(%(domains)s::text[])
    and not exists (select from identity.mailboxes as known where known.email = aliases.value);

-- name: list_shared
-- The mailboxes of these addresses that several leads have.
select distinct own.mailbox
from identity.mailboxes as own
where
    own.email = any(%(emails)s::text[])
    and exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> own.lead_id
    );

-- name: list_all_addresses
select
    aliases.value as email,
    aliases.lead_id
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id and not leads.only_claimed
where aliases.kind = 'email' and split_part(aliases.value, '@', 2) = any(%(domains)s::text[]);

-- name: delete_mailboxes
delete from identity.mailboxes;

-- name: insert_mailboxes
insert into identity.mailboxes (email, mailbox, lead_id)
select
    given.email,
    given.mailbox,
    given.lead_id
from unnest(%(emails)s::text[], %(mailboxes)s::text[], %(lead_ids)s::bigint[]) as given (email, mailbox, lead_id)
on conflict (email) do nothing;
