-- Leaves in `touched` only those whose behaviour may have lost a point by now.
delete from touched
where not exists (
    select 1 from scoring.fading
    where fading.lead_id = touched.lead_id and fading.due_on <= %(through)s
)
