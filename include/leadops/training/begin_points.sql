insert into training.progress as newest (as_of)
values (%(now)s)
on conflict (is_only) do update set as_of = greatest(newest.as_of, excluded.as_of)
