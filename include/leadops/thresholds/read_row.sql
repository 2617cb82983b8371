select
    day,
    kpi_version,
    value,
    sla_minutes,
    effective_at,
    decided_by,
    reason,
    plan,
    proposed_value,
    proposed_sla_minutes,
    answer,
    facts,
    hash
from lifecycle.thresholds
where day = %(day)s
