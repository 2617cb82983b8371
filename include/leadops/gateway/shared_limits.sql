-- name: exchange
-- Takes what busy addresses used here, and returns what they have left by all gateways; and the addresses that have
-- nothing left by what others said. Rows are locked in one order, so that no two gateways wait for each other.
with used as (
    select
        limiter,
        bucket,
        spent,
        rate,
        burst
    from
        unnest(
            %(limiters)s::text[],
            %(buckets)s::bytea[],
            %(spent)s::double precision[],
            %(rates)s::double precision[],
            %(bursts)s::double precision[]
        ) as used (limiter, bucket, spent, rate, burst)
),

kept as (
    insert into gateway.rate_buckets as known (limiter, bucket, tokens, rate, burst, charged_at)
    select
        limiter,
        bucket,
        burst - spent,
        rate,
        burst,
        %(now)s::timestamptz
    from used
    order by limiter, bucket
    on conflict (limiter, bucket) do update
        set
            tokens = least(
                excluded.burst,
                known.tokens
                + greatest(0, extract(epoch from excluded.charged_at - known.charged_at)) * excluded.rate
            ) - (excluded.burst - excluded.tokens),
            rate = excluded.rate,
            burst = excluded.burst,
            charged_at = greatest(known.charged_at, excluded.charged_at)
    returning limiter, bucket, tokens
),

others as (
    select
        limiter,
        bucket,
        charged_at,
        tokens + greatest(0, extract(epoch from %(now)s::timestamptz - charged_at)) * rate as tokens
    from gateway.rate_buckets
),

empty as (
    select
        limiter,
        bucket,
        tokens
    from others
    where
        tokens < 1
        and not exists (
            select from used
            where used.limiter = others.limiter and used.bucket = others.bucket
        )
    order by charged_at desc
    limit %(max_rows)s::bigint
)

select
    limiter,
    bucket,
    tokens
from kept
union all
select
    limiter,
    bucket,
    tokens
from empty;

-- name: purge
delete from gateway.rate_buckets
where tokens + greatest(0, extract(epoch from %(now)s::timestamptz - charged_at)) * rate >= burst;
