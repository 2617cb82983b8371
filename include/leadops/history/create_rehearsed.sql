create temporary table if not exists rehearsed (key text primary key)
