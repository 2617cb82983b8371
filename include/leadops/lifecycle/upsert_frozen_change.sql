insert into lifecycle.frozen_changes (quarter, facts, found_at)
values (%(quarter)s, %(facts)s, %(now)s)
on conflict (
    quarter) do update set facts = excluded.facts
where frozen_changes.facts is distinct from excluded.facts
