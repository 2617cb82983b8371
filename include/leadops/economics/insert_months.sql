insert into economics.months
select row.*
from jsonb_populate_recordset(null::economics.months, %(rows)s::jsonb) as row
