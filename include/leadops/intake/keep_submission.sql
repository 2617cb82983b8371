-- A submission and its event, once for ever; no row: it was kept before.
with submitted as (
    insert into cdp.raw_leads (submission_id, sender_id, received_at, secret, body)
    values (%(submission_id)s, %(sender_id)s, %(now)s, %(secret)s, %(body)s)
    on conflict (submission_id) do nothing
    returning submission_id
),

accepted as (
    insert into cdp.events (event_id, event, ts, received_at, anonymous_id, user_id, email, payload)
    select
        %(event_id)s,
        %(event)s,
        %(ts)s,
        %(now)s,
        %(anonymous_id)s,
        %(user_id)s,
        %(email)s,
        %(payload)s
    from submitted
    on conflict (event_id) do nothing
    returning seq
)

insert into identity.inbox (event_seq)
select seq from accepted
returning event_seq
