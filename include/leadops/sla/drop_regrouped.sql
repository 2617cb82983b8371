-- The clocks of cycles that count for another lead now start anew, from the MQL that is the first.
with regrouped as (
    select distinct
        lead_id,
        cycle
    from sla.inbox
    where is_regrouped
),

dropped as (
    delete from sla.clocks
    using regrouped
    where clocks.lead_id = regrouped.lead_id and clocks.cycle = regrouped.cycle
)

delete from sla.breaches
using regrouped
where breaches.lead_id = regrouped.lead_id and breaches.cycle = regrouped.cycle
