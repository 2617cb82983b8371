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
