-- Attribution: how many conversions of a period each model credits to each channel and campaign.
create schema attribution;

create table attribution.periods (
    dt date primary key,
    since date not null,
    conversion text not null,
    conversions bigint not null,
    value numeric(18, 2) not null,
    untouched bigint not null,
    touches bigint not null,
    null_paths bigint not null,
    settings text not null,
    computed_at timestamptz not null,
    without_rate bigint not null
);
comment on column attribution.periods.without_rate is
'Conversions that are deals in another currency without a rate: their value is left out';
comment on table attribution.periods is 'The period that the credits of a day cover; each refresh replaces the row';
comment on column attribution.periods.dt is 'The last day of the period, in the company''s zone';
comment on column attribution.periods.conversion is 'What counts as a conversion: stage sql, event submit_form';
comment on column attribution.periods.value is 'Of all conversions, in the company''s currency';
comment on column attribution.periods.untouched is 'Conversions without a touch in any window';
comment on column attribution.periods.touches is 'In the paths, those without a conversion included';
comment on column attribution.periods.null_paths is 'Paths that led to no conversion';
comment on column attribution.periods.settings is 'Hash of the settings it was computed with';

create table attribution.credits (
    dt date not null,
    breakdown text not null check (breakdown in ('channel', 'campaign')),
    model text not null,
    campaign text not null check (char_length(campaign) <= 100),
    channel text not null check (char_length(channel) <= 100),
    conversions numeric(18, 6),
    conversions_low numeric(18, 6),
    conversions_high numeric(18, 6),
    value numeric(18, 2),
    value_low numeric(18, 2),
    value_high numeric(18, 2),
    note text,
    known_from timestamptz not null default now(),
    primary key (dt, breakdown, model, campaign, channel)
);
comment on table attribution.credits is 'For each dt, breakdown and model the credits sum to the totals in periods';
comment on column attribution.credits.breakdown is
'channel: campaign is (all); campaign: channel is (all). Never add one to the other';
comment on column attribution.credits.channel is '(none): conversions without a touch; (other): beyond names.most';
comment on column attribution.credits.note is 'Why there is no number';
comment on column attribution.credits.known_from is 'Since when the credit is this; of the period, see computed_at';

-- What a refresh replaces moves here.
create table attribution.past_periods (
    like attribution.periods including constraints,
    known_until timestamptz not null,
    check (computed_at <= known_until)
);
comment on table attribution.past_periods is 'Periods as they were before a later refresh, and until when';
create index past_periods_dt on attribution.past_periods (dt, known_until);

create table attribution.past_credits (
    like attribution.credits including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table attribution.past_credits is 'Credits as they were before a later refresh, and until when';
create index past_credits_dt on attribution.past_credits (dt, breakdown, known_until);

create function attribution.known_periods(moment timestamptz) returns setof attribution.periods
language sql stable as $$
    select
        dt, since, conversion, conversions, value, untouched, touches, null_paths, settings, computed_at, without_rate
    from attribution.periods
    where moment is null or computed_at < moment
    union all
    select
        dt, since, conversion, conversions, value, untouched, touches, null_paths, settings, computed_at, without_rate
    from attribution.past_periods
    where computed_at < moment and known_until >= moment
$$;
comment on function attribution.known_periods is 'As they stood just before a moment; null: as they stand now';

create function attribution.known_credits(day date, moment timestamptz) returns setof attribution.credits
language sql stable as $$
    select
        dt, breakdown, model, campaign, channel, conversions, conversions_low, conversions_high, value, value_low,
        value_high, note, known_from
    from attribution.credits
    where dt = day and (moment is null or known_from < moment)
    union all
    select
        dt, breakdown, model, campaign, channel, conversions, conversions_low, conversions_high, value, value_low,
        value_high, note, known_from
    from attribution.past_credits
    where dt = day and known_from < moment and known_until >= moment
$$;
comment on function attribution.known_credits is
'Of a day, as they stood just before a moment; null: as they stand now';
