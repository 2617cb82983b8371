-- Stages of these lines of a file that lie before the first contact or before the MQL of their cycle.
select count(*)
from history.impossible_orders
where
    lead_id = any(%(leads)s::bigint[])
    and evidence ->> 'imported' = %(file)s
    and (evidence ->> 'line')::integer = any(%(lines)s::integer[])
