"""Cost of weighing for 100,000 leads with 10 events each; run with pytest for the cluster."""
import time
from datetime import UTC, datetime, timedelta
from leadops.configuration import GATED
from leadops.changes.moving_settings import MovingSettings
from leadops.changes.weigh_change import weigh_change
from leadops.config.gated_settings import dump_settings
from leadops.scoring.score import score_leads
from tests.shipped import SHIPPED, change

def test_cost(connection):
    now = datetime(2026, 7, 30, 3, tzinfo=UTC)
    c = connection
    n = 100_000
    c.execute("insert into identity.leads (email, created_at, first_event_seq) select 'l'||i||'@x.example', %s, i from generate_series(1, %s) i", [now - timedelta(days=30), n])
    c.execute("insert into cdp.events (event_id, event, ts, received_at, email, payload, proof)"
      " select 'e'||i, (array['view_pricing','webinar_attend','submit_form','video_progress'])[1 + i %% 4], %s - (i %% 20) * interval '1 day', %s, 'x', '{\"properties\": {\"percent\": 80}, \"context\": {}}', 'write_key' from generate_series(1, %s) i", [now, now, n*10])
    c.execute("insert into identity.resolved_events (lead_id, event_seq) select 1 + (seq %% %s), seq from cdp.events", [n])
    c.execute("insert into scoring.inbox (lead_id, lane) select lead_id, 1 from identity.leads order by lead_id")
    c.commit(); c.autocommit = True
    c.execute("analyze"); c.autocommit = False
    started = time.monotonic()
    while score_leads(c, rules=SHIPPED.scoring, zone=SHIPPED.company.zone, now=now).remaining: pass
    scored = time.monotonic() - started
    sections = {name: dump_settings(getattr(SHIPPED, name)) for name in GATED}
    former = MovingSettings.from_sections(sections)
    rules = sections["scoring"] | {"behaviour": [r | {"points": r["points"] + 1, "cap_per_day": None, "cap_per_lead": None} for r in sections["scoring"]["behaviour"]], "groups": {}, "decay": None}
    for r in rules["behaviour"]: r.pop("group", None)
    proposed = MovingSettings.from_sections(sections | {"scoring": rules})
    c.commit()
    started = time.monotonic(); effect = weigh_change(c, former=former, proposed=proposed, now=now); weighed = time.monotonic() - started
    grades = sections["scoring"] | {"grades": {"lowest": 0, "highest": 100, "fit": [40, 20, 0], "behaviour": [50, 30, 10]}}
    other = MovingSettings.from_sections(sections | {"scoring": grades})
    started = time.monotonic(); e2 = weigh_change(c, former=former, proposed=other, now=now); quick = time.monotonic() - started
    print(f"\nscored {scored:.1f}s weighed {weighed:.1f}s grades only {quick:.1f}s", effect.with_points, effect.changed, effect.moved, effect.new_mqls, e2.moved)
