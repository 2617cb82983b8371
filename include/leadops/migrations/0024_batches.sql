-- Calls are formed in one place, and what is not read is not kept.
alter table delivery.batches drop column to_seq;

-- Of plain SQL, so that the planner puts their bodies where they are called.
create function delivery.form_update(
    installation_id text, ledger_seq bigint, external_id text, points integer, reason text
) returns text
language sql stable
return format(
    '{"deltaId":"%s-%s","leadId":%s,"delta":%s,"reason":%s}',
    installation_id, ledger_seq, external_id, points, to_json(reason)
);
comment on function delivery.form_update(text, bigint, text, integer, text) is 'One row of a call to the MA';

create function delivery.form_call(updates bigint, joined text)
returns text
language sql immutable
return case when updates > 1 then '{"updates":[' || joined || ']}' else joined end;
comment on function delivery.form_call(bigint, text) is
'The body of a call to the MA: a single update has the body of the route for a single lead';

-- Whose creation was given up, so that what waits for the lead waits in vain.
create index outbox_given_up on delivery.outbox (lead_id)
where operation = 'upsert_lead' and state in ('dead', 'dropped');
