-- An older night that comes late changes nothing.
insert into scoring.decayed as known (through)
values (%(day)s)
on conflict ((true)) do update
    set through = greatest(known.through, excluded.through)
returning through
