-- Housekeeping: how full the disks and the database are.
create schema housekeeping;

-- How full a place was at a moment; from two of them follows when it will be full.
create table housekeeping.space_samples (
    place text not null check (char_length(place) <= 300),
    sampled_at timestamptz not null,
    used_bytes bigint not null,
    free_bytes bigint not null,
    primary key (place, sampled_at)
);
comment on column housekeeping.space_samples.place is 'database, or the folder of a disk and its machine';
create index space_samples_time on housekeeping.space_samples (sampled_at);
