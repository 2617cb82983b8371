-- name: insert_statement
insert into consent.statements (lead_id, word, said_at, noted_by, because)
values (%(lead_id)s, %(word)s, %(now)s, %(noted_by)s, %(because)s);

-- name: enqueue_lead
insert into consent.inbox (lead_id) values (%(lead_id)s);
