-- Finds the lead of an email, or makes it, for a caller that cannot wait for the resolver. Of two at once, the second
-- waits for the first to commit, looks again and finds the same lead.
create function identity.claim_lead(
    asked_email text, asked_seq bigint, asked_ts timestamptz, asked_event_id text, asked_now timestamptz
) returns bigint
language plpgsql volatile as $$
declare
    found_lead bigint;
begin
    loop
        select aliases.lead_id into found_lead
        from identity.aliases as aliases
        where aliases.kind = 'email' and aliases.value = asked_email;
        if found then
            return found_lead;
        end if;
        insert into identity.leads (email, created_at, first_event_seq)
        values (asked_email, asked_now, asked_seq)
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
