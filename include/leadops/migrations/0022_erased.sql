-- The erased: who asked to be forgotten, on record without an identifier, and the hashes that keep them out.
create schema erased;

create table erased.erasures (
    erasure_id bigint generated always as identity primary key,
    lead_ids bigint[] not null,
    erased_at timestamptz not null,
    day_ends_at timestamptz not null,
    erased_by text not null check (char_length(erased_by) <= 100),
    targets text[] not null default '{}',
    key_check text not null,
    applied_at timestamptz,
    finished_at timestamptz
);
comment on table erased.erasures is 'An erasure: which leads, when, by whom, and which systems were asked to erase too';
comment on column erased.erasures.lead_ids is 'The numbers under which aggregates go on; they name nobody';
comment on column erased.erasures.day_ends_at is 'When the local day of the erasure ends';
comment on column erased.erasures.key_check is 'By which a wrong LEADOPS_ERASURE_KEY is noticed';
comment on column erased.erasures.applied_at is 'When the tables were last cleared of the person';
comment on column erased.erasures.finished_at is 'When the last call about the person was settled and forgotten';
create index erasures_open on erased.erasures (erasure_id) where finished_at is null;

create table erased.identifiers (
    hash text primary key check (char_length(hash) = 64),
    erasure_id bigint not null,
    erased_at timestamptz not null,
    day_ends_at timestamptz not null,
    returned_at timestamptz
);
comment on table erased.identifiers is
'HMAC-SHA-256 of an identifier of somebody erased, under LEADOPS_ERASURE_KEY; kept to keep them out, for nothing else';
comment on column erased.identifiers.returned_at is
'When the person came back of their own accord: the time of their first form or proven event afterwards';

-- Whether what happened at a moment, and carries these hashes, is to be kept out. A form counts from the erasure on, an
-- event with proof from the day after it on, and anything after the person came back.
create function erased.keeps_out(
    asked_hashes text[], happened_at timestamptz, is_proven boolean, is_form boolean
) returns boolean language sql stable parallel safe
return exists (
    select from erased.identifiers
    where
        identifiers.hash = any(asked_hashes)
        and not (is_form and happened_at > identifiers.erased_at)
        and not (is_proven and happened_at >= identifiers.day_ends_at)
        and not coalesce(happened_at >= identifiers.returned_at, false)
);

-- What is left of a text, or of the texts in a JSON value, that may name somebody erased; the pattern names the person.
create function erased.clear_text(said text, pattern text) returns text language sql immutable parallel safe
return regexp_replace(said, pattern, '[erased]', 'gi');

create function erased.clear_json(said jsonb, pattern text) returns jsonb language sql immutable parallel safe
return erased.clear_text(said::text, pattern)::jsonb;
