-- A report made again keeps what is known of its post; other figures need another upload.
insert into reports.reports as known
(name, first_day, last_day, made_at, sentences, facts, picture, digest, file)
values (
    %(name)s, %(first_day)s, %(last_day)s, %(now)s, %(sentences)s, %(facts)s, %(picture)s, %(digest)s, %(file)s
)
on conflict (name, first_day, last_day) do update
    set
        made_at = case when known.digest = excluded.digest then known.made_at else excluded.made_at end,
        sentences = excluded.sentences,
        facts = excluded.facts,
        picture = excluded.picture,
        digest = excluded.digest,
        file = excluded.file,
        uploaded_file = case when known.digest = excluded.digest then known.uploaded_file end
returning report_id
