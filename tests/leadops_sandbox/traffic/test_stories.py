from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.lifecycle.qualify import qualify_leads
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS
from leadops_sandbox.traffic.people import PEOPLE, person
from leadops_sandbox.traffic.stories import tell_visit
from leadops_sandbox.traffic.visits import visits
from tests.async_view import accept_events
from tests.shipped import SHIPPED


def test_every_visit_has_something_in_it_and_forms_carry_the_traits() -> None:
    rng = Random(1)
    for number in range(0, PEOPLE, 5):
        who = person(1, number)
        story = tell_visit(rng, who)
        assert story
        for step in story:
            if step.event in ("submit_form", "identify"):
                assert step.known
                assert who.traits.items() <= step.properties.items()


def test_seven_minutes_of_a_quiet_night_bring_qualified_leads_under_the_shipped_rules(
    connection: Connection,
) -> None:
    start = datetime(2026, 7, 4, 18, 0, tzinfo=UTC)  # Sunday 03:00 in Tokyo
    end = start + timedelta(minutes=7)
    stream = takewhile(lambda visit: visit.at < end, visits(1, start=start))
    sent = [s.event for visit in stream for s in visit.sendings if s.send_at < end]
    accept_events(connection, list(sent), now=end, settings=SHIPPED.events)
    resolve_events(connection, now=end, settings=SHIPPED.identity)
    score_leads(connection, rules=SHIPPED.scoring, zone=ZoneInfo("Asia/Tokyo"), now=end)
    qualify_leads(
        connection,
        contract=SHIPPED.kpi,
        subscribers=SUBSCRIBERS,
        fold_case=True,
        now=end,
    )
    row = connection.execute(
        "select count(*) filter (where t.stage = 'mql'), count(*) from identity.leads as l"
        " left join lifecycle.transitions as t using (lead_id)"
    ).fetchone()
    assert row
    mqls, leads = row
    assert 2 <= mqls < leads / 2
