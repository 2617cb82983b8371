-- A stage that came out as before was known as early as before.
update lifecycle.transitions
set recorded_at = forgotten.recorded_at
from forgotten
where
    transitions.lead_id = forgotten.lead_id
    and transitions.cycle = forgotten.cycle
    and transitions.stage = forgotten.stage
    and transitions.occurred_at = forgotten.occurred_at
