-- Gateway: what all gateways of this database have to know of each other.
create schema gateway;

-- Limits must hold over all gateways: what busy addresses have left. It is about the last seconds, and is written at
-- most once a second, beside the requests. After a crash of the server it is empty, and limits start again.
create unlogged table gateway.rate_buckets (
    limiter text not null check (limiter in ('browsers', 'senders', 'signers', 'unauthenticated')),
    bucket bytea not null check (length(bucket) = 16),
    tokens double precision not null,
    rate double precision not null,
    burst double precision not null,
    charged_at timestamptz not null,
    primary key (limiter, bucket)
);
comment on column gateway.rate_buckets.limiter is 'A limit of gateway.yaml';
comment on column gateway.rate_buckets.bucket is
'Keyed hash of an address, or of the number of a secret; the key is not in the database';
comment on column gateway.rate_buckets.tokens is 'Events that it might send at charged_at; below zero: a debt';
comment on column gateway.rate_buckets.rate is 'Tokens that flow in each second, up to burst; a full one is deleted';
