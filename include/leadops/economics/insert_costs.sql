insert into economics.monthly_costs (as_of, month, line, campaign, category, direct, allotted)
select
    %(day)s::date,
    month,
    line,
    campaign,
    category,
    direct,
    allotted
from jsonb_populate_recordset(null::economics.monthly_costs, %(rows)s::jsonb)
