with taken as (
    delete from analytics.inbox
    returning moment
)

select distinct moment from taken
