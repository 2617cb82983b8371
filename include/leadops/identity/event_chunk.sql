-- name: create_taken
-- Every event of the chunk, looked up; what is clear is filed from here.
create temporary table if not exists taken (
    event_seq bigint not null,
    ts timestamptz not null,
    lane smallint not null,
    lead_id bigint,
    tells_traits boolean not null,
    is_mail_act boolean,
    says_consent boolean,
    is_suspect boolean not null,
    confirms boolean,
    enrichment_lead bigint,
    user_lead bigint,
    anonymous_lead bigint,
    email text,
    enrichment_id text,
    user_id text,
    anonymous_id text,
    is_claim boolean not null,
    claimed_email text,
    claimed_lead bigint
) on commit delete rows;

-- name: create_chunk
-- The events that need more than a look-up. Of a claim (docs/identity.md) only the anonymous_id is used; the email that
-- it names stands apart.
create temporary table if not exists chunk (
    event_seq bigint not null,
    email text,
    enrichment_id text,
    user_id text,
    anonymous_id text,
    enrichment_lead bigint,
    user_lead bigint,
    anonymous_lead bigint,
    tells_traits boolean not null,
    is_mail_act boolean,
    says_consent boolean,
    is_link boolean not null,
    lead_id bigint,
    is_filed boolean not null default false,
    lane smallint not null default 0,
    is_claim boolean not null default false,
    claimed_email text,
    claimed_lead bigint
) on commit delete rows;

-- name: clear_chunk
truncate taken, chunk;

-- name: find_head
select
    min(head.event_seq) as first_seq,
    max(head.event_seq) as last_seq
from (select event_seq from identity.inbox order by event_seq limit %(chunk_size)s::bigint) as head
having count(*) > 0;

-- name: note_late_events
-- Events of the chunk that arrive after events with a higher seq were resolved.
insert into identity.late_events (event_seq, after_seq)
select
    inbox.event_seq,
    progress.last_seq
from identity.inbox as inbox
cross join identity.progress as progress
where
    inbox.event_seq >= %(first_seq)s
    and inbox.event_seq <= %(last_seq)s
    and inbox.event_seq < progress.last_seq
    and progress.last_seq > %(first_seq)s
order by inbox.event_seq
on conflict (event_seq) do nothing;

-- name: list_enrichment_ids
select distinct told.value
from cdp.events as events
cross join unnest(%(enrichment_id)s::text[]) as names (name)
cross join lateral identity.read_id(events.payload -> 'properties', array[names.name], '{}') as told (value)
where
    (%(first_seq)s::bigint is null or events.seq >= %(first_seq)s)
    and (%(last_seq)s::bigint is null or events.seq <= %(last_seq)s)
    and events.event = any(%(trait_events)s::text[])
    and events.payload -> 'properties' ? names.name
    and told.value is not null;

-- name: list_replaced
-- Events that lost their event_id to an event of the chunk.
select replaced.event_seq
from identity.inbox as inbox
inner join cdp.replaced_events as replaced on inbox.event_seq = replaced.replaced_by
where inbox.event_seq >= %(first_seq)s and inbox.event_seq <= %(last_seq)s;

-- name: drop_replaced
-- They count no more for anybody, and what they said is forgotten: the chunk gets the other events with traits of their
-- leads. What they tied stays tied.
with resolved as (
    delete from identity.resolved_events
    where event_seq = any(%(event_seqs)s::bigint[])
    returning event_seq, lead_id
),

forgotten as (
    delete from identity.traits
    using resolved
    inner join cdp.replaced_events as replaced on resolved.event_seq = replaced.event_seq
    where
        traits.lead_id = resolved.lead_id
        and traits.trait <> 'email_domain'
        and traits.event_id = replaced.event ->> 'event_id'
    returning traits.lead_id
),

others as (
    insert into chunk (event_seq, tells_traits, is_link, lead_id, is_filed)
    select
        others.event_seq,
        true,
        false,
        others.lead_id,
        true
    from (select distinct lead_id from forgotten) as forgetful
    inner join identity.resolved_events as others on forgetful.lead_id = others.lead_id
    inner join cdp.events as events on others.event_seq = events.seq
    where events.event = any(%(trait_events)s::text[]) and others.event_seq <> all(%(event_seqs)s::bigint[])
),

claims as (
    delete from identity.claims
    where event_seq = any(%(event_seqs)s::bigint[])
    returning lead_id
),

browsers as (
    delete from identity.claimed_browsers
    where event_seq = any(%(event_seqs)s::bigint[])
    returning lead_id
),

waiting as (
    delete from identity.unresolved_events
    where event_seq = any(%(event_seqs)s::bigint[])
    returning anonymous_id
)

insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from (
    select lead_id from resolved
    union
    select lead_id from claims
    union
    select lead_id from browsers
    union
    select browsers_now.lead_id
    from waiting
    inner join identity.claimed_browsers as browsers_now on waiting.anonymous_id = browsers_now.anonymous_id
) as touched
where lead_id is not null;

-- name: take_events
-- Takes the head of the inbox and looks its identifiers up. `offset 0`: no expression is evaluated wherever it is used.
with inbox as (
    delete from identity.inbox
    where event_seq >= %(first_seq)s and event_seq <= %(last_seq)s
    returning event_seq, lane
),

events as (
    select
        inbox.lane,
        sent.seq,
        sent.ts,
        sent.tells_traits,
        sent.is_mail_act,
        sent.says_consent,
        email as named_email,
        is_unproven,
        is_unproven and num_nonnulls(email, enrichment_id, user_id) > 0 as is_claim,
        case when not is_unproven then email end as email,
        case
            when not is_unproven and not is_alone and enrichment_id <> all(%(blocked_enrichment_ids)s::text[])
                then enrichment_id
        end as enrichment_id,
        case
            when not is_unproven and not is_alone and user_id <> all(%(blocked_user_ids)s::text[]) then user_id
        end as user_id,
        case
            when not is_alone and anonymous_id <> all(%(blocked_anonymous_ids)s::text[]) then anonymous_id
        end as anonymous_id
    from inbox
    -- Each by itself: a join trusts statistics, and would read a large new import again for each of its events.
    cross join
        lateral (
            select
                seq,
                ts,
                event = any(%(trait_events)s::text[]) as tells_traits,
                nullif(event = any(%(mail_events)s::text[]), false) as is_mail_act,
                nullif(cdp.says_consent(event, proof, payload), false) as says_consent,
                lower(btrim(email) collate "C") as email,
                case
                -- What a site signs is the email and the user id.
                    when event = any(%(trait_events)s::text[]) and (proof <> 'verified' or %(trust_claims)s)
                        then identity.read_id(
                            events.payload -> 'properties', %(enrichment_id)s::text[], %(placeholders)s::text[]
                        )
                end as enrichment_id,
                user_id,
                anonymous_id,
                coalesce(lower(btrim(email) collate "C") = any(%(blocked_emails)s::text[]), false) as is_alone,
                proof = 'claim' and not %(trust_claims)s as is_unproven
            from cdp.events as events
            where events.seq = inbox.event_seq
            offset 0 -- noqa: AM09
        ) as sent
    offset 0 -- noqa: AM09
),

found as (
    select
        events.*,
        by_email.lead_id as named_lead,
        by_enrichment.lead_id as enrichment_lead,
        by_user.lead_id as user_lead,
        by_anonymous.lead_id as anonymous_lead,
        coalesce(
            events.email is null and (
                events.user_id = any(%(suspect_user_ids)s::text[])
                or events.anonymous_id = any(%(suspect_anonymous_ids)s::text[])
                or events.enrichment_id = any(%(suspect_enrichment_ids)s::text[])
            ), false
        ) as is_suspect,
        not events.is_unproven and by_email.lead_id in (
            case when by_enrichment.confirmed_seq is null then by_enrichment.lead_id end,
            case when by_user.confirmed_seq is null then by_user.lead_id end,
            case when by_anonymous.confirmed_seq is null then by_anonymous.lead_id end
        ) as confirms
    from events
    left join identity.aliases as by_email on by_email.kind = 'email' and events.named_email = by_email.value
    left join identity.aliases as by_enrichment
        on by_enrichment.kind = 'enrichment_id' and events.enrichment_id = by_enrichment.value
    left join identity.aliases as by_user on by_user.kind = 'user_id' and events.user_id = by_user.value
    left join identity.aliases as by_anonymous
        on by_anonymous.kind = 'anonymous_id' and events.anonymous_id = by_anonymous.value
    offset 0 -- noqa: AM09
)

insert into taken (
    event_seq, ts, lane, lead_id, tells_traits, is_mail_act, says_consent, is_suspect, confirms, enrichment_lead,
    user_lead, anonymous_lead, email, enrichment_id, user_id, anonymous_id, is_claim, claimed_email, claimed_lead
)
select
    seq,
    ts,
    lane,
    case
        when email is not null then named_lead
        when is_suspect then null
        when enrichment_id is not null and coalesce(enrichment_lead, 1) <> 0 then enrichment_lead
        when user_id is not null and coalesce(user_lead, 1) <> 0 then user_lead
        when anonymous_id is not null and coalesce(anonymous_lead, 1) <> 0 then anonymous_lead
    end as lead_id,
    tells_traits,
    is_mail_act,
    says_consent,
    is_suspect,
    confirms,
    enrichment_lead,
    user_lead,
    anonymous_lead,
    email,
    enrichment_id,
    user_id,
    anonymous_id,
    is_claim,
    case when is_claim then named_email end,
    case when is_claim then named_lead end
from found;

-- name: hold_contrary
-- A claim in a lead's browser that names another's email is of neither.
update taken
set lead_id = null, anonymous_id = null
where lead_id is not null and claimed_email is not null and claimed_lead is distinct from lead_id;

-- name: keep_unclear
-- The chunk keeps what needs more than a look-up: an event of nobody yet, an event whose lead depends on the events
-- before it, one that ties identifiers to a lead, one that first shows an identifier with its own lead's email or with
-- another lead's, and traits.
insert into chunk (
    event_seq, email, enrichment_id, user_id, anonymous_id, enrichment_lead, user_lead, anonymous_lead,
    tells_traits, is_mail_act, says_consent, is_link, lead_id, is_filed, lane, is_claim, claimed_email, claimed_lead
)
select
    taken.event_seq,
    taken.email,
    taken.enrichment_id,
    taken.user_id,
    taken.anonymous_id,
    taken.enrichment_lead,
    taken.user_lead,
    taken.anonymous_lead,
    taken.tells_traits,
    taken.is_mail_act,
    taken.says_consent,
    links.is_link,
    taken.lead_id,
    taken.lead_id is not null,
    taken.lane,
    taken.is_claim,
    taken.claimed_email,
    taken.claimed_lead
from taken
cross join
    lateral (
        select
            case
                when num_nonnulls(taken.enrichment_id, taken.user_id, taken.anonymous_id) = 0 then false
                when taken.is_suspect then true
                when taken.email is not null
                    then taken.lead_id is null or coalesce(taken.confirms, false) or not (
                        (taken.enrichment_id is null or coalesce(taken.enrichment_lead in (0, taken.lead_id), false))
                        and (taken.user_id is null or coalesce(taken.user_lead in (0, taken.lead_id), false))
                        and (taken.anonymous_id is null or coalesce(taken.anonymous_lead in (0, taken.lead_id), false))
                    )
                else
                    num_nonnulls(taken.enrichment_id, taken.user_id, taken.anonymous_id)
                    > greatest(num_nonnulls(taken.enrichment_lead, taken.user_lead, taken.anonymous_lead), 1)
            end as is_link
    ) as links
where taken.lead_id is null or taken.tells_traits or links.is_link;

-- name: file_clear
insert into identity.resolved_events (event_seq, lead_id, is_mail_act, says_consent)
select
    event_seq,
    lead_id,
    is_mail_act,
    says_consent
from taken
where lead_id is not null
order by lead_id, event_seq;

-- name: enqueue_clear_leads
insert into scoring.inbox (lead_id, lane, event_seq)
select
    lead_id,
    lane,
    min(event_seq)
from taken
where lead_id is not null
group by lead_id, lane;

-- name: file_resolved
insert into identity.resolved_events (event_seq, lead_id, is_mail_act, says_consent)
select
    event_seq,
    lead_id,
    is_mail_act,
    says_consent
from chunk
where lead_id is not null and not is_filed
order by lead_id, event_seq;

-- name: file_unresolved
insert into identity.unresolved_events (event_seq, enrichment_id, anonymous_id, user_id)
select
    event_seq,
    enrichment_id,
    anonymous_id,
    user_id
from chunk
where lead_id is null;

-- name: enqueue_resolved_leads
-- The leads whose events were filed from the chunk.
insert into scoring.inbox (lead_id, lane, event_seq)
select
    lead_id,
    lane,
    min(event_seq)
from chunk
where lead_id is not null and not is_filed
group by lead_id, lane;

-- name: note_progress
insert into identity.progress (last_seq)
values (%(last_seq)s)
on conflict (is_only) do update
    set last_seq = excluded.last_seq
    where progress.last_seq < excluded.last_seq;

-- name: analyze_chunk
-- A chunk of a few events is looked up; without its size it would be taken for hundreds, and whole tables read. Only
-- the size: no lead is known yet, and statistics that say so would have a large chunk read once for each of its events.
analyze chunk (event_seq);

-- name: analyze_resolved
analyze identity.resolved_events;

-- name: find_interval
select
    min(seq) as first_seq,
    max(seq) as last_seq
from cdp.events
where received_at >= %(start)s and received_at < %(stop)s
having count(*) > 0;

-- name: requeue_lost
insert into identity.inbox (event_seq, lane, says_consent)
select
    events.seq,
    greatest(%(lane)s::smallint, events.is_history::integer),
    nullif(cdp.says_consent(events.event, events.proof, events.payload), false)
from cdp.events as events
where
    events.received_at >= %(start)s and events.received_at < %(stop)s
    and not exists (select from identity.inbox as waiting where waiting.event_seq = events.seq)
    and not exists (select from identity.unresolved_events as nobodys where nobodys.event_seq = events.seq)
    and not exists (
        select from identity.resolved_events as resolved
        where resolved.event_seq = events.seq and resolved.event_seq between %(first_seq)s and %(last_seq)s
    )
on conflict do nothing;

-- name: read_mail_events
select mail_events from identity.progress;

-- name: note_mail_events
insert into identity.progress (last_seq, mail_events)
values (0, %(mail_events)s)
on conflict (is_only) do update
    set mail_events = excluded.mail_events;

-- name: mark_again
update identity.resolved_events as filed
set is_mail_act = nullif(events.event = any(%(mail_events)s::text[]), false)
from cdp.events as events
where
    filed.event_seq = events.seq
    and coalesce(filed.is_mail_act, false) <> (events.event = any(%(mail_events)s::text[]))
returning filed.lead_id;

-- name: enqueue_marked
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from unnest(%(lead_ids)s::bigint[]) as marked (lead_id)
order by lead_id;
