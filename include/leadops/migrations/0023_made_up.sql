-- Whether this database holds the past of a simulated company: who shows numbers says so.
create schema made_up;

create table made_up.pasts (
    is_only boolean primary key default true check (is_only),
    first_day date not null,
    last_day date not null,
    seed bigint not null,
    begun_at timestamptz not null,
    finished_at timestamptz,
    check (first_day <= last_day)
);
comment on table made_up.pasts is 'The simulated past in this database: its days and its seed (at most one row)';
comment on column made_up.pasts.finished_at is 'When all of it was in; null: it was interrupted, and begins again';
