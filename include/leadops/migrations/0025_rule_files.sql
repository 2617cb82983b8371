-- Who scores by which rule file: while a rollout is half done, the newer rules stay in effect.
create table scoring.rule_files (
    source text primary key,
    hash text not null,
    seen_at timestamptz not null
);
comment on table scoring.rule_files is 'The rules that each scorer''s file holds, by machine and path, of the last day';
comment on column scoring.rule_files.seen_at is 'To the minute';
