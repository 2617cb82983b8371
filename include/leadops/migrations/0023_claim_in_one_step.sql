-- Finds the lead of an email, or makes it, for a caller that cannot wait for the resolver; of a person with several
-- leads it is the oldest. Of two at once, the second waits for the first to commit, looks again and finds the same.
create function identity.claim_lead(
    asked_email text, asked_seq bigint, asked_ts timestamptz, asked_event_id text, asked_now timestamptz
) returns bigint
language plpgsql volatile as $$
declare
    found_lead bigint;
begin
    loop
        select coalesce(people.person_id, aliases.lead_id) into found_lead
        from identity.aliases as aliases
        left join identity.people as people on aliases.lead_id = people.lead_id
        where aliases.kind = 'email' and aliases.value = asked_email;
        if found then
            return found_lead;
        end if;
        insert into identity.leads (email, created_at, first_event_seq, is_claimed)
        values (asked_email, asked_now, asked_seq, true)
        on conflict (email) do nothing
        returning leads.lead_id into found_lead;
        if found then
            insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
            values ('email', asked_email, found_lead, asked_seq, asked_now);
            insert into identity.traits (lead_id, trait, value, ts, event_id)
            values (
                found_lead, 'email_domain', to_jsonb(split_part(asked_email, '@', 2)), asked_ts, asked_event_id
            );
            return found_lead;
        end if;
    end loop;
end
$$;
