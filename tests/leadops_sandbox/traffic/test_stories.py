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
from leadops_sandbox.traffic.send import TICK, Sender
from leadops_sandbox.traffic.stories import tell_visit
from leadops_sandbox.traffic.visits import visits
from tests.gateway.conftest import FORM_SECRETS, IDENTITY_SECRETS, KEY, Serve, serve
from tests.shipped import SHIPPED

__all__ = ["serve"]


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


def test_webinars_are_watched_to_each_depth_of_the_programme_that_ships() -> None:
    rng = Random(1)
    steps = [step for number in range(PEOPLE) for step in tell_visit(rng, person(1, number))]
    watched = [step.properties["percent"] for step in steps if step.event == "webinar_attend"]
    assert min(watched) < 25 < 75 < max(watched) <= 100
    assert any(25 <= percent <= 75 for percent in watched)


def test_seven_minutes_of_a_quiet_night_bring_qualified_leads_under_the_shipped_rules(
    connection: Connection, serve: Serve
) -> None:
    """Through a gateway, so that each event has the proof that its way of travelling gives it."""
    start = datetime(2026, 7, 4, 18, 0, tzinfo=UTC)  # Sunday 03:00 in Tokyo
    end = start + timedelta(minutes=7)
    stream = takewhile(lambda visit: visit.at < end, visits(1, start=start))
    sent = [sending for visit in stream for sending in visit.sendings if sending.send_at < end]
    fast = {"events_per_second": 1e6, "burst": 1e6}
    sender = Sender(
        str(serve(clock=lambda: end, browsers=fast).base_url),
        write_key=KEY,
        form_secret=FORM_SECRETS[0],
        identity_secret=IDENTITY_SECRETS[1],
        clock=lambda: end,
    )
    assert sender.send([sender.sign(sending) for sending in sent]) == TICK
    assert sender.counts["sent"] >= len(sent) - sum(sending.sort == "invalid" for sending in sent)
    resolve_events(connection, now=end, settings=SHIPPED.identity)
    score_leads(connection, rules=SHIPPED.scoring, zone=ZoneInfo("Asia/Tokyo"), now=end)
    qualify_leads(
        connection,
        contract=SHIPPED.kpi,
        subscribers=SUBSCRIBERS,
        fold_case=True,
        now=end,
    )
    proofs = connection.execute(
        "select event, array_agg(distinct proof order by proof) from cdp.events group by 1"
    )
    found = dict(proofs.fetchall())
    assert found["identify"] == ["claim", "verified"]
    assert (found["page_view"], found["mail_open"], found["submit_form"]) == (
        ["claim"],
        ["write_key"],
        ["form"],
    )
    row = connection.execute(
        "select count(*) filter (where t.stage = 'mql'), count(*), count(*) filter (where l.only_claimed),"
        " count(*) filter (where s.total <> 0 and not l.only_claimed) from identity.leads as l"
        " left join lifecycle.transitions as t using (lead_id) left join scoring.scores as s using (lead_id)"
    ).fetchone()
    assert row
    mqls, leads, claimed, scored = row
    assert 2 <= mqls < leads / 2
    assert 1 <= claimed < leads / 3
    assert scored > leads / 2
