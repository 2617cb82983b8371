-- When a person last sent a refused thing again is looked up by what it was.
create index dead_letters_retried on delivery.dead_letters (reference, kind) where state = 'retried';
