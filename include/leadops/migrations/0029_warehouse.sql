-- Warehouses: what was sent where, and where both sides differ.
create schema warehouse;

create table warehouse.exports (
    target text not null check (char_length(target) <= 40),
    mart text not null check (char_length(mart) <= 40),
    sent_to bigint not null default 0,
    sending_to bigint check (sending_to > sent_to),
    columns text[] not null,
    sent_at timestamptz,
    complete_at timestamptz,
    primary key (target, mart)
);
comment on table warehouse.exports is 'A mart in a target: up to which change number it was sent';
comment on column warehouse.exports.sending_to is
'Where an export that has begun ends; after a kill the same rows are sent again';

comment on column warehouse.exports.complete_at is
'The target has everything that was committed before this moment; null: it never had';

create table warehouse.differences (
    target text not null check (char_length(target) <= 40),
    mart text not null check (char_length(mart) <= 40),
    partition text not null check (char_length(partition) <= 10),
    found_at timestamptz not null,
    own_rows bigint not null,
    their_rows bigint not null,
    primary key (target, mart, partition)
);
comment on table warehouse.differences is
'A month of a mart in which a target differs; partition all: the target is ahead of this database';

create table warehouse.followed_erasures (
    target text not null check (char_length(target) <= 40),
    erasure_id bigint not null,
    applied_at timestamptz not null,
    followed_at timestamptz not null,
    primary key (target, erasure_id)
);
comment on table warehouse.followed_erasures is 'An erasure that a target has followed';
