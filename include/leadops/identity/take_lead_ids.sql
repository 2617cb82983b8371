select nextval(pg_get_serial_sequence('identity.leads', 'lead_id'))
from generate_series(1, %(count)s)
