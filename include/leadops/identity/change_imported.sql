-- An earlier first contact counts, with its campaign and source. Of two at once one is taken, always the same.
-- The place in the C order is the one that Python sorts by.
with changed as (
    update identity.leads
    set created_at = given.created_at, campaign = given.campaign, source = given.source
    from
        unnest(
            %(leads)s::bigint[], %(created)s::timestamptz[], %(campaigns)s::text[], %(sources)s::text[]
        ) as given (lead_id, created_at, campaign, source)
    where
        leads.lead_id = given.lead_id
        and (
            given.created_at, given.source is null, coalesce(given.source, '') collate "C",
            given.campaign is null, coalesce(given.campaign, '') collate "C"
        ) < (
            leads.created_at, leads.source is null, coalesce(leads.source, '') collate "C",
            leads.campaign is null, coalesce(leads.campaign, '') collate "C"
        )
        and (given.created_at < leads.created_at or leads.first_event_seq is null)
    returning leads.lead_id, leads.created_at
),

dated as (
    update identity.traits
    set ts = changed.created_at
    from changed
    where traits.lead_id = changed.lead_id and traits.event_id = 'import'
)

select lead_id from changed
