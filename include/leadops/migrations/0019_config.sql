-- Config: the settings that were in force, which stay so while a file is broken or gone, and who reads which file.
create schema config;

create table config.kept_settings (
    section text not null check (char_length(section) <= 50),
    hash text not null check (char_length(hash) <= 64),
    settings text not null,
    line_hashes text[] not null,
    ends_with_line_end boolean not null,
    adopted_at timestamptz not null,
    primary key (section, hash)
);
comment on column config.kept_settings.hash is 'SHA-256 of the file''s bytes';
comment on column config.kept_settings.settings is
'What the file says, as YAML without comments; its model accepted it, so it holds no secret';
comment on column config.kept_settings.line_hashes is
'The start of the SHA-256 of the file''s bytes up to the end of each line: a file that was cut off is recognised';
comment on column config.kept_settings.adopted_at is 'When a reader last changed to these settings';

create table config.readers (
    reader text not null check (char_length(reader) <= 300),
    section text not null check (char_length(section) <= 50),
    file text not null,
    hash text,
    is_usable boolean not null default true,
    refused_hash text,
    line integer,
    cause text,
    refused_since timestamptz,
    seen_at timestamptz not null,
    primary key (reader, section)
);
comment on column config.readers.reader is 'Machine and part: tasks or gateway';
comment on column config.readers.hash is 'The kept settings that are in force for the reader; null: it never had any';
comment on column config.readers.is_usable is
'false: the reader refuses the kept settings as well, or has none; what needs them does not run';
comment on column config.readers.refused_hash is
'Hash of the file as it is now, if it is refused; `gone` where there is no file; null: it is in force';

create table config.gated_settings (
    number bigint generated always as identity primary key,
    section text not null check (char_length(section) <= 50),
    hash text not null check (char_length(hash) <= 64),
    settings jsonb not null,
    reason text not null,
    since timestamptz not null
);
create index gated_settings_section on config.gated_settings (section, number);
comment on column config.gated_settings.number is 'The highest of a section is in force, on all machines';
comment on column config.gated_settings.hash is 'SHA-256 of what the settings say, the shipped values included';
comment on column config.gated_settings.reason is 'Why these are in force: the first, or a change that was decided';

create table config.gated_files (
    reader text not null check (char_length(reader) <= 300),
    section text not null check (char_length(section) <= 50),
    file text not null,
    hash text not null check (char_length(hash) <= 64),
    settings jsonb not null,
    is_first boolean not null,
    changed_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (reader, section)
);
comment on column config.gated_files.reader is 'Machine and part: tasks or gateway';
comment on column config.gated_files.hash is 'What the reader''s file says; in force only where gated_settings says so';
comment on column config.gated_files.is_first is 'The reader has never had another content: a new machine';
