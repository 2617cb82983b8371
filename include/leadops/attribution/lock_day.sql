select pg_advisory_xact_lock(%(lock)s, %(day)s)
