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
    primary key (dt, breakdown, model, campaign, channel)
);
comment on table attribution.credits is 'For each dt, breakdown and model the credits sum to the totals in periods';
comment on column attribution.credits.breakdown is
'channel: campaign is (all); campaign: channel is (all). Never add one to the other';
comment on column attribution.credits.channel is '(none): conversions without a touch; (other): beyond names.most';
comment on column attribution.credits.note is 'Why there is no number';
