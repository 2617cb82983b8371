-- name: note_settings
insert into machines.settings_in_force as known (hash, effective_at)
values (%(hash)s, %(now)s)
on conflict (is_only) do update
    set hash = excluded.hash, effective_at = excluded.effective_at
    where known.hash <> excluded.hash;

-- name: create_classified
-- Whose acts are classified: the leads of each person.
create temporary table if not exists classified (
    person_id bigint not null,
    lead_id bigint not null
) on commit delete rows;

-- name: clear_classified
truncate classified;

-- name: leave_out_erased
-- Of an erased lead the evidence is gone: what was found of its acts stays.
delete from classified
using identity.leads as gone
where classified.lead_id = gone.lead_id and gone.erased_at is not null;

-- name: free_verdicts
update machines.verdicts
set
    freed_because = case
        when
            exists (
                select from mail_acts as acts
                where acts.event_seq = verdicts.event_seq and acts.is_person
            )
            or exists (
                select from site_acts as acts
                inner join site_acts as others
                    on
                        acts.person_id = others.person_id
                        and acts.anonymous_id = others.anonymous_id
                        and acts.visit = others.visit
                        and others.shows_person
                where acts.event_seq = verdicts.event_seq
            )
            then 'the visit shows a person'
        when
            exists (
                select from mail_acts as acts
                where acts.event_seq = verdicts.event_seq and acts.is_allowed
            )
            then 'its company or mail is allowed'
        else 'what is known now does not show a machine'
    end,
    freed_at = %(now)s
where
    lead_id in (select classified.lead_id from classified)
    and freed_because is null
    and not exists (select from found_acts where found_acts.event_seq = verdicts.event_seq);

-- name: record_verdicts
insert into machines.verdicts as known (event_seq, lead_id, signal, reason, classified_at)
select distinct on (event_seq)
    event_seq,
    lead_id,
    signal,
    reason,
    %(now)s
from found_acts
order by event_seq asc, strength asc, reason asc
on conflict (event_seq) do update
    set
        lead_id = excluded.lead_id,
        signal = excluded.signal,
        reason = excluded.reason,
        classified_at = excluded.classified_at,
        freed_because = null,
        freed_at = null
    where
    (known.lead_id, known.signal, known.reason) is distinct from (excluded.lead_id, excluded.signal, excluded.reason)
    or known.freed_because is not null;
