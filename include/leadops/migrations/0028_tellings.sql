-- What the MA is told has a number that no earlier prediction of the lead had, also when that was deleted.
alter table training.predictions rename column times_told to telling;
alter table training.predictions alter column telling type bigint;
alter table training.predictions alter column telling drop default;
comment on column training.predictions.telling is 'Number of what the MA was last told; each is one effect for ever';
