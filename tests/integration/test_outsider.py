"""An outsider with every field of an event, against leads with proof: over HTTP, up to MA and owner."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from leadops.events.proof import sign_identity
from leadops.identity.resolve import resolve_events
from leadops.intake.form_hashes import hash_submission, load_hash_key
from leadops.lifecycle.qualify import qualify_leads
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS
from tests.delivery_fixture import DeliveryFixture, clock, desk, ma_url
from tests.gateway.conftest import FORM_SECRETS, IDENTITY_SECRETS, KEY, SITE, Serve
from tests.gateway.form_sender import FormSender
from tests.scoring.conftest import TOKYO
from tests.shipped import SHIPPED, change

__all__ = ["desk", "ma_url"]

#: The MA outlives a test, so each has other people in it.
PEOPLE = count(time.time_ns())
GOOD = {"employees": 800, "industry": "software", "title": "CTO", "country": "JP", "company": "Buyers KK"}
BAD = {
    "employees": 1,
    "company_size": 1,
    "industry": "education",
    "title": "Student",
    "job_title": "Student",
    "country": "XX",
    "company": "Evil Inc",
    "company_name": "Evil Inc",
    "website": "https://evil.example",
    "company_website": "https://evil.example",
    "firstName": "Mallory",
    "last_name": "Mallory",
    "enrichment_id": "enr-bob",
    "user_id": "u-ann",
}
#: What must stay, for the two leads.
STATE = (
    "select l.lead_id, l.email, l.created_at, l.first_event_seq, l.account_id, l.merged_into, l.only_claimed,"
    " coalesce(s.fit, 0), coalesce(s.behaviour, 0), coalesce(s.model, 0)"
    " from identity.leads l left join scoring.scores s using (lead_id) where l.lead_id <= 2 order by 1",
    "select * from identity.traits where lead_id <= 2 order by 1, 2",
    "select kind, value, lead_id, event_seq, confirmed_seq from identity.aliases where lead_id <= 2"
    " order by 1, 2",
    "select * from identity.resolved_events order by 1",
    "select * from identity.people",
    "select * from identity.lead_merges",
    "select * from identity.sightings",
    "select * from identity.violations",
    "select lead_id, points, reason from scoring.ledger where lead_id <= 2 order by seq",
    "select lead_id, cycle, stage, evidence, campaign, source from lifecycle.transitions order by 1, 2, 3",
    "select lead_id, cycle, rep_id, queue from routing.leads order by 1, 2",
    "select lead_id, operation, payload from delivery.outbox where lead_id <= 2 order by outbox_id",
)


class Site:
    """A gateway, and everything behind it."""

    def __init__(self, desk: DeliveryFixture, serve: Serve) -> None:
        self.desk, self.serial = desk, count(1)
        number = next(PEOPLE)
        self.ann, self.bob = f"ann{number}@buyers.example", f"bob{number}@sellers.example"
        self.fresh = f"fresh{number}@evil.example"
        self.identity = SHIPPED.identity
        fast = {"events_per_second": 1e6, "burst": 1e6}
        self.client: httpx.Client = serve(browsers=fast)
        self.client.headers["User-Agent"] = "Mozilla/5.0 (X11) Firefox/127.0"
        self.forms = FormSender(self.client, FORM_SECRETS[0])

    def send(self, *, key: str | None = None, origin: str = SITE, **event: Any) -> httpx.Response:
        given = {"event_id": f"e-{next(self.serial)}", "ts": datetime.now(UTC).isoformat()} | event
        headers = {"X-Write-Key": key} if key else {"Origin": origin}
        return self.client.post("/collect", json=given, headers=headers)

    def accept(self, **event: Any) -> None:
        answer = self.send(**event).raise_for_status().json()
        assert (answer["accepted"], answer["quarantined"]) == (1, []), answer

    def run(self) -> None:
        """Do what the minutes do."""
        with self.desk.connect() as connection:
            while resolve_events(connection, now=clock(), settings=self.identity).remaining:
                pass
            while score_leads(connection, rules=SHIPPED.scoring, zone=TOKYO, now=clock()).remaining:
                pass
            qualify_leads(
                connection,
                contract=SHIPPED.kpi,
                subscribers=SUBSCRIBERS,
                fold_case=SHIPPED.company.fold_case,
                now=clock(),
            )
            assign_leads(connection, rules=SHIPPED.routing, zone=SHIPPED.company.zone, now=clock())
        self.desk.push(seconds=5)

    def state(self) -> list[Any]:
        with self.desk.connect() as connection:
            tables = [connection.execute(query.encode()).fetchall() for query in STATE]
        return [*tables, self.desk.ma_score(1), self.desk.ma_score(2)]


@pytest.fixture
def site(desk: DeliveryFixture, serve: Serve) -> Site:
    """A site with two leads: Ann, an MQL, proved by a form and by her signed-in browser; Bob by a server."""
    made = Site(desk, serve)
    form = {"email": made.ann, "anonymous_id": "anns-browser", "properties": GOOD}
    made.forms.post(form).raise_for_status()
    made.run()
    signature = sign_identity(IDENTITY_SECRETS[1], email=made.ann, user_id="u-ann")
    made.accept(
        event="identify", anonymous_id="anns-browser", user_id="u-ann", email=made.ann, signature=signature
    )
    for name in ("view_pricing", "view_pricing", "request_document", "view_comparison"):
        made.accept(event=name, anonymous_id="anns-browser")
    enrichment = {"enrichment_id": "enr-bob", "company": "Sellers KK"}
    made.accept(key=KEY, event="identify", user_id="u-bob", email=made.bob, properties=enrichment)
    made.accept(key=KEY, event="view_pricing", user_id="u-bob")
    made.run()
    return made


def attacks(site: Site) -> Iterator[dict[str, Any]]:
    """Every event and every identifier in every place, as an outsider would send them."""
    ann, bob = site.ann, site.bob
    utm = {"campaign": "evil", "source": "evil", "medium": "evil"}
    bad = BAD | {"email": ann}
    context = {"utm": utm, "page": "/pricing", "email": ann, "user_id": "u-ann", "proof": "write_key"}
    identities: list[dict[str, Any]] = [
        {"email": ann},
        {"email": f" {ann.upper()} "},
        {"email": bob},
        {"user_id": "u-ann"},
        {"user_id": "u-bob"},
        {"user_id": "made-up", "email": ann},
        {"user_id": "made-up", "email": bob},
        {"user_id": "u-ann", "email": bob},
        {"user_id": "u-bob", "email": ann},
        {"user_id": "u-ann", "email": ann},
        {"user_id": "made-up", "email": site.fresh},
        {"user_id": "u-ann", "email": site.fresh},
        {},
    ]
    signatures = [
        None,
        "",
        "0" * 64,
        sign_identity("", email=ann, user_id="u-ann"),
        sign_identity(IDENTITY_SECRETS[0], email="mallory@evil.example", user_id="u-mallory"),
        sign_identity(IDENTITY_SECRETS[0], user_id="u-mallory"),
        sign_identity(IDENTITY_SECRETS[0], user_id=ann),  # a member may choose to be called like this
        sign_identity(KEY, email=ann),
    ]
    names = ("identify", "submit_form", "view_pricing", "page_view", "unsubscribe", "request_document")
    for identity in identities:
        for place, name in enumerate(names):
            yield {
                "event": name,
                "anonymous_id": "outsiders-browser",
                "signature": signatures[place % len(signatures)],
                "properties": bad,
                "context": context,
            } | identity
        for signature in signatures:
            yield {"event": "identify", "signature": signature, "properties": bad, "context": context} | (
                identity or {"anonymous_id": "u-ann"}
            )


@pytest.mark.parametrize("cut", [False, True], ids=["at once", "minute by minute"])
def test_an_outsider_changes_nothing_of_a_lead_with_proof(site: Site, cut: bool) -> None:
    before = site.state()
    transitions, owners = before[9], before[10]
    assert [(row[0], row[2]) for row in transitions] == [(1, "mql")]
    assert [row[0] for row in owners] == [1]
    assert before[-2] > 40
    assert before[-1] == 15
    taken = 0
    for place, attack in enumerate(attacks(site)):
        answer = site.send(**attack)
        assert answer.status_code == 202
        taken += answer.json()["accepted"]
        if cut and place % 40 == 0:
            site.run()
    assert taken > 150
    for origin in ("https://evil.example", "null", ""):
        assert (
            site.send(event="identify", email=site.ann, user_id="made-up", origin=origin).status_code == 403
        )
    for key in ("wrong", KEY.upper(), FORM_SECRETS[0]):
        assert site.send(event="identify", email=site.ann, user_id="made-up", key=key).status_code == 403
    forged = {"email": site.ann, "user_id": "u-bob", "anonymous_id": "outsiders-browser", "properties": BAD}
    assert FormSender(site.client, "a-guess-of-a-secret").post(forged).status_code == 401
    site.run()
    assert site.state() == before
    site.run()
    assert site.state() == before


def test_what_the_outsider_made_stays_small(site: Site) -> None:
    for attack in attacks(site):
        site.send(**attack)
    for n in range(30):
        site.accept(event="view_pricing", anonymous_id="outsiders-browser", properties={"n": n})
    site.run()
    with site.desk.connect() as connection:
        rows = connection.execute(
            "select email, only_claimed, total, (select count(*) from lifecycle.transitions t"
            " where t.lead_id = l.lead_id) from identity.leads l left join scoring.scores s using (lead_id)"
            " where lead_id > 2"
        ).fetchall()
        reasons = connection.execute("select distinct reason from identity.claims order by 1").fetchall()
        told = connection.execute("select payload from delivery.outbox where lead_id > 2").fetchall()
    assert [row[:2] for row in rows] == [(site.fresh, True)]
    assert rows[0][2] <= SHIPPED.scoring.claims_cap
    assert rows[0][3] == 0
    assert [reason for (reason,) in reasons] == ["only_claimed", "proven_lead", "unproven_id"]
    assert "Mallory" not in json.dumps(told)


def test_the_browsers_of_the_leads_go_on_counting(site: Site) -> None:
    ann = site.state()[-2]
    for attack in attacks(site):
        site.send(**attack)
    site.accept(event="video_progress", anonymous_id="anns-browser", properties={"percent": 100})
    site.accept(event="webinar_register", anonymous_id="anns-browser", email=site.ann)
    site.run()
    assert site.state()[-2] > ann


def test_the_old_way_shows_what_claims_could_do(site: Site) -> None:
    """So that the tests above prove something: believed, the same events do harm."""
    before = site.state()
    site.identity = change(site.identity, trust_claims=True)
    for attack in attacks(site):
        site.send(**attack)
    site.run()
    after = site.state()
    assert after[4] != before[4], "nobody was joined"
    assert after[-1] == 0, "the younger lead has kept its score"


def test_nobody_takes_an_event_away_by_its_id(site: Site) -> None:
    """An outsider, then a member with a signature, send the ids that a server and a form will use."""
    mallory = f"mallory.{site.bob}"
    signature = sign_identity(IDENTITY_SECRETS[0], email=mallory, user_id="u-mallory")
    signed = {"email": mallory, "user_id": "u-mallory", "signature": signature}
    with site.desk.connect() as connection:
        key = load_hash_key(connection)
    forms = [f"form-{hash_submission(key, {'submission_id': f'lead-{number}'})}" for number in (1, 2)]
    for event_id in ("order-1", forms[0], "order-2", forms[1]):
        identity = signed if event_id in ("order-2", forms[1]) else {"email": site.ann}
        site.accept(event_id=event_id, event="identify", anonymous_id="outsiders-browser", **identity)
    site.run()
    before = site.state()
    for number in (1, 2):
        site.accept(
            key=KEY, event_id=f"order-{number}", event="view_comparison", user_id="u-bob", email=site.bob
        )
        form = {"submission_id": f"lead-{number}", "email": site.bob, "properties": {"employees": 800}}
        assert site.forms.post(form).status_code < 300
    site.run()
    after = site.state()
    with site.desk.connect() as connection:
        owned = connection.execute(
            "select event_id, proof, lead_id from cdp.events"
            " left join identity.resolved_events on event_seq = seq where event_id = any(%s)",
            [[*forms, "order-1", "order-2"]],
        ).fetchall()
        replaced = connection.execute(
            "select event ->> 'event_id', event ->> 'proof' from cdp.replaced_events"
        ).fetchall()
    assert set(owned) == {
        (forms[0], "form", 2),
        (forms[1], "form", 2),
        ("order-1", "write_key", 2),
        ("order-2", "write_key", 2),
    }
    assert set(replaced) == {
        (forms[0], "claim"),
        (forms[1], "verified"),
        ("order-1", "claim"),
        ("order-2", "verified"),
    }
    assert after[-1] > before[-1]
    assert after[-2] == before[-2]


def test_what_comes_unsigned_and_then_signed_counts_once(site: Site) -> None:
    def total() -> tuple[int, int]:
        with site.desk.connect() as connection:
            rows = connection.execute(
                "select (select total from scoring.scores where lead_id = 1), count(*)"
                " from identity.resolved_events where lead_id = 1"
            ).fetchall()
        return rows[0][0], rows[0][1]

    signature = sign_identity(IDENTITY_SECRETS[0], email=site.ann, user_id="u-ann")
    event = {
        "event": "webinar_attend",
        "anonymous_id": "anns-browser",
        "email": site.ann,
        "properties": {"minutes": 60},
    }
    proof: dict[str, Any] = {"signature": signature, "user_id": "u-ann"}
    before = total()
    site.accept(event_id="w-1", **event)
    site.run()
    once = total()
    assert once[0] > before[0]
    assert once[1] == before[1] + 1
    site.accept(event_id="w-1", **event, **proof)
    site.run()
    assert total() == once
    site.accept(event_id="w-1", key=KEY, **event, user_id="u-ann")
    site.run()
    assert total() == once
    for again in (proof, {"email": site.bob}, {}):  # what has less proof comes too late
        assert site.send(event_id="w-1", **(event | again)).json()["duplicates"] == 1
    site.run()
    assert total() == once
    assert site.desk.ma_score(1) == once[0]
