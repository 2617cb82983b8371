update delivery.audits
set
    ended_at = %(now)s,
    leads = %(leads)s,
    ma_leads = %(ma_leads)s,
    under_way = %(under_way)s,
    differing = %(differing)s,
    gone = %(gone)s,
    broken = %(broken)s,
    unknown = %(unknown)s,
    healed = %(healed)s,
    lead_ids = %(lead_ids)s
where audit_id = %(audit_id)s
