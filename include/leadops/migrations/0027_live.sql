-- Live lanes: which ones work, what they did, and how far they are behind.
create schema live;

create table live.lanes (
    name text primary key check (char_length(name) <= 300),
    started_at timestamptz not null,
    seen_at timestamptz not null,
    worked_at timestamptz,
    is_on boolean not null,
    rounds bigint not null,
    events bigint not null,
    leads bigint not null,
    lag_seconds double precision,
    problem text check (char_length(problem) <= 2000)
);
comment on table live.lanes is 'A live lane, which runs the stages of the minute in small rounds';
comment on column live.lanes.name is 'The machine and the number of the process';
comment on column live.lanes.seen_at is 'When it last said something';
comment on column live.lanes.worked_at is 'When it last said that every stage works; null: never yet';
comment on column live.lanes.is_on is 'Whether its settings let it work';
comment on column live.lanes.rounds is 'Rounds in which there was something to do, since it began';
comment on column live.lanes.lag_seconds is
'The longest time from an event to its points since it last said something; null: there was no event';
comment on column live.lanes.problem is 'The stages that fail, and why; null: none';
