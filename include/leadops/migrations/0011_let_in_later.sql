-- An event that waited in the quarantine is late through us, not through the feed; it is no history for that.
alter table cdp.events add column was_refused boolean not null default false;
comment on column cdp.events.was_refused is 'Let in from the quarantine: its delay is no sign of a slow feed';
