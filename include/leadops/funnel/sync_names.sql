with wanted as (
    select
        key as name,
        value as campaign
    from jsonb_each_text(%(names)s)
),

gone as (
    delete from analytics.campaign_names
    where not exists (select from wanted where wanted.name = campaign_names.name)
)

insert into analytics.campaign_names (name, campaign)
select
    name,
    campaign
from wanted
on conflict (name) do update
    set campaign = excluded.campaign
    where campaign_names.campaign <> excluded.campaign
