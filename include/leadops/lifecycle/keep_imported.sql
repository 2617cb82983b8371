-- Returns the place of each row that is the first of its stage here, and whether that stage was not known before.
with given as (
    select distinct on (lead_id, stage, occurred_at, reference)
        place,
        given.*
    from
        rows from (
            jsonb_to_recordset(%(rows)s) as (
                lead_id bigint, stage text, occurred_at timestamptz, reference text, campaign text, source text,
                value numeric(18, 2), evidence jsonb
            )
        ) with ordinality as given (
            lead_id, stage, occurred_at, reference, campaign, source, value, evidence, place
        )
    order by lead_id, stage, occurred_at, reference, place
)

select 1 from given
