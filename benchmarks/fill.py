"""Fills a database with known leads and waiting events, and times resolving and scoring them.

As a helper: `fill(connection, events=…, leads=…, now=…)`. By hand, `python benchmarks/fill.py` starts a
PostgreSQL of its own (fsync on), fills it, and prints the seconds of each step.
"""

import argparse
import secrets
import shutil
import socket
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from leadops.configuration import Config
from leadops.db import Connection, connect
from leadops.identity.resolve import resolve_events
from leadops.migrations.run import migrate
from leadops.scoring.score import score_leads
from leadops_stack.postgres import PostgresServer

LEADS = """
with made as (
    insert into identity.leads (email, created_at, first_event_seq)
    select 'lead-' || n || '@company-' || n %% 5000 || '.example', %(now)s, 0
    from generate_series(1, %(leads)s) as n order by n
    returning lead_id, email
)
insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
select kind, case kind when 'email' then email when 'user_id' then 'u-' || lead_id
    else md5('a-' || lead_id) end, lead_id, 0, %(now)s
from made cross join unnest(array['email', 'user_id', 'anonymous_id']) as kind
"""

EVENTS = """
with made as (
    insert into cdp.events (event_id, proof, event, ts, received_at, anonymous_id, user_id, payload)
    select
        md5('e-' || n)::uuid::text,
        'write_key',
        (array['page_view', 'page_view', 'page_view', 'page_view', 'mail_open', 'mail_open', 'view_pricing',
               'request_document', 'search', 'view_comparison'])[1 + n %% 10],
        %(now)s - make_interval(secs => 259200.0 * random()),
        %(now)s - make_interval(secs => 60.0 * random()),
        md5('a-' || who), case when n %% 7 = 0 then 'u-' || who end,
        jsonb_build_object(
            'properties', jsonb_build_object(
                'query', (array['leadops price', 'crm', 'lead scoring'])[1 + n %% 3],
                'dwell_seconds', n %% 300),
            'context', jsonb_build_object(
                'page', (array['/', '/products', '/pricing', '/careers/open', '/blog/one', '/blog/two',
                               '/about', '/support'])[1 + n / 10 %% 8],
                'consent', true,
                'user_agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
                'utm', jsonb_build_object('source', 'newsletter', 'campaign', 'spring-' || n %% 20)))
    from (select n, 1 + floor(random() * %(leads)s)::bigint as who
          from generate_series(1, %(events)s) as n) as numbered
    returning seq
)
insert into identity.inbox (event_seq) select seq from made
"""


def fill(connection: Connection, *, events: int, leads: int, now: datetime) -> None:
    """Put `leads` known leads and `events` waiting events of theirs into an empty database.

    The events happened in the three days before `now` (UTC); under the default rules about seven in ten give
    points. Numbers repeat from run to run.
    """
    with connection.transaction():
        connection.execute("select setseed(0.5)")
        connection.execute(LEADS, {"now": now, "leads": leads})
        connection.execute(EVENTS, {"now": now, "leads": leads, "events": events})
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False


def main() -> None:
    """Fill, resolve and score, and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--leads", type=int, default=100_000)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="leadops-fill-"))
    root.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = PostgresServer(root / "pg", port=port, password=secrets.token_hex(8))
    server.start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("create database leadops")
        with connect(server.url("leadops")) as connection:
            migrate(connection)
            connection.commit()
            measure(connection, events=options.events, leads=options.leads)
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def measure(connection: Connection, *, events: int, leads: int) -> None:
    """Time filling, resolving and scoring on `connection`'s empty database."""
    now = datetime.now(UTC)
    started = time.perf_counter()
    fill(connection, events=events, leads=leads, now=now)
    print(f"fill     {time.perf_counter() - started:6.1f} s")

    settings = Config().identity
    started = time.perf_counter()
    while (resolved := resolve_events(connection, now=now, settings=settings)).remaining:
        print(f"  {time.perf_counter() - started:6.1f} s {resolved}")
    print(f"resolve  {time.perf_counter() - started:6.1f} s")

    rules, zone = Config().scoring, Config().company.zone
    started = time.perf_counter()
    while (scored := score_leads(connection, rules=rules, zone=zone, now=now)).remaining:
        print(f"  {time.perf_counter() - started:6.1f} s {scored}")
    print(f"score    {time.perf_counter() - started:6.1f} s")


if __name__ == "__main__":
    main()
