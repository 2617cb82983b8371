-- Machines: which acts through mails are a machine's, by which signal.
create schema machines;

-- What a lead did: by proof, or while it is only claimed.
create view machines.lead_events as
select
    lead_id,
    event_seq
from identity.resolved_events
union all
select
    lead_id,
    event_seq
from identity.claimed_events;

-- The opens, clicks and unsubscriptions, as they were classified last.
create table machines.acts (
    lead_id bigint not null,
    event_seq bigint not null,
    event text not null,
    ts timestamptz not null,
    mail text check (char_length(mail) <= 200),
    link text check (char_length(link) <= 200),
    company text check (char_length(company) <= 253),
    primary key (lead_id, event_seq)
);
comment on column machines.acts.link is 'A long address keeps its beginning and gets a hash of the whole';
comment on column machines.acts.company is
'Of clicks alone: the registrable domain of the lead''s address; null: of no company';
create index acts_link on machines.acts (company, link, ts) where event = 'mail_click' and company is not null;
-- Acts come about in the order of time, so a block range index is enough.
create index acts_ts on machines.acts using brin (ts) with (autosummarize = on);

-- The settings by which all acts are classified, by their hash (one row).
create table machines.settings_in_force (
    is_only boolean primary key default true check (is_only),
    hash text not null,
    effective_at timestamptz not null
);

-- Companies and mails whose acts an operator knows to be people's.
create table machines.allowed (
    kind text not null check (kind in ('company', 'mail')),
    value text not null check (char_length(value) <= 253),
    allowed_at timestamptz not null,
    allowed_by text not null,
    reason text not null,
    primary key (kind, value)
);

create table machines.verdicts (
    event_seq bigint primary key,
    lead_id bigint not null,
    signal text not null,
    reason text not null,
    classified_at timestamptz not null,
    freed_because text,
    freed_at timestamptz,
    check ((freed_because is null) = (freed_at is null))
);
comment on table machines.verdicts is 'An act that is, or once was, taken for a machine''s';
comment on column machines.verdicts.signal is 'The strongest signal of those that hold';
comment on column machines.verdicts.freed_because is 'Why it counts again; null: it is worth nothing';
create index verdicts_lead on machines.verdicts (lead_id, event_seq);

-- Acts that arrived a moment ago: what shows that a machine did them may still be on its way.
create table machines.waiting_acts (
    event_seq bigint primary key,
    lead_id bigint not null,
    due_at timestamptz not null
);
create index waiting_acts_lead on machines.waiting_acts (lead_id, event_seq);
create index waiting_acts_due on machines.waiting_acts (due_at);

-- The acts that count for nothing; whoever counts acts leaves these out.
create view machines.uncounted_acts as
select
    event_seq,
    lead_id,
    'machine' as reason
from machines.verdicts
where freed_because is null
union all
select
    event_seq,
    lead_id,
    'waiting' as reason
from machines.waiting_acts;

-- The text at the first of the dotted `addresses` in an event's payload that holds some.
create function machines.read_text(payload jsonb, addresses text[]) returns text
language sql stable parallel safe as $$
    select held.value
    from unnest(addresses) with ordinality as listed (address, place)
    cross join lateral (select btrim(payload #>> string_to_array(listed.address, '.')) as value) as held
    where held.value <> ''
    order by listed.place
    limit 1
$$;

-- As identity.read_id bounds an identifier: a cut alone would make one of two.
-- Strict, as the next but one: most acts hold nothing, and then nothing is called.
create function machines.bound_text(held text) returns text language sql immutable parallel safe strict
return case
    when length(held) <= 200 then held
    else left(held, 187) || '~' || left(encode(sha256(convert_to(held, 'UTF8')), 'hex'), 12)
end;

-- Whether one of `addresses` holds a mark: any value but those that deny it.
create function machines.has_mark(payload jsonb, addresses text[]) returns boolean
language sql stable parallel safe as $$
    select exists(
        select from unnest(addresses) as listed (address)
        cross join lateral (select lower(btrim(payload #>> string_to_array(listed.address, '.'))) as value) as held
        where held.value not in ('', 'false', 'no', 'none', 'null', '0')
    )
$$;

-- Casts that give null instead of an error: PostgreSQL 15 has no pg_input_is_valid. A block that catches an error
-- is a subtransaction, which no parallel worker can begin.
create function machines.cast_moment(held text) returns timestamptz
language plpgsql stable parallel restricted strict as $$
begin
    return held::timestamptz;
exception when data_exception then
    return null;
end
$$;

create function machines.cast_network(held text) returns inet
language plpgsql immutable parallel restricted strict as $$
begin
    return held::inet;
exception when data_exception then
    return null;
end
$$;

-- A moment as senders write it: RFC 3339, or seconds or milliseconds since 1970. Null: the text is none of these.
create function machines.read_moment(held text) returns timestamptz
language sql stable parallel restricted strict as $$
    select
        case
            when held ~ '^[0-9]{9,10}([.][0-9]{1,6})?$' then to_timestamp(held::double precision)
            when held ~ '^[0-9]{12,13}$' then to_timestamp(held::double precision / 1000)
            when
                held ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?(Z|z|[+-][0-9]{2}:?[0-9]{2})$'
                then machines.cast_moment(held)
        end
$$;
