-- name: trace_form
-- A form that came before keeps its trace; its place among the others decides, not the time at which it is looked at.
with form as (
    insert into intake.form_traces (submission_id, seen_at, person, text_hash, visitor)
    values (%(submission_id)s, %(now)s, %(person)s, %(text_hash)s, %(visitor)s)
    on conflict (submission_id) do update set submission_id = excluded.submission_id
    returning trace_id, seen_at, person, text_hash, visitor
)

select
    (
        select count(distinct earlier.person)
        from intake.form_traces as earlier
        where
            earlier.text_hash = form.text_hash
            and earlier.person <> form.person
            and earlier.trace_id < form.trace_id
            and earlier.seen_at <= form.seen_at
            and earlier.seen_at > form.seen_at - %(text_span)s::interval
    )::integer as addresses,
    (
        select count(*)
        from intake.form_traces as earlier
        where
            earlier.visitor = form.visitor
            and earlier.trace_id < form.trace_id
            and earlier.seen_at <= form.seen_at
            and earlier.seen_at > form.seen_at - %(visitor_span)s::interval
    )::integer as forms
from form;
