-- Whether all that is known of the MQLs of a lead comes from an import.
select coalesce(bool_and(mql.evidence ? 'imported'), false) as is_imported
from lifecycle.current_transitions as mql
where mql.lead_id = %(lead_id)s and mql.stage = 'mql'
