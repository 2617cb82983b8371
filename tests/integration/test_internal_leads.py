"""Our own people and tests count for nothing, anywhere; a change of the list counts for the past too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.events.proof import Proof
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.identity.resolve import resolve_events
from leadops.identity.split_leads import split_leads
from leadops.identity.uncounted_leads import find_uncounted
from leadops.lifecycle.qualify import qualify_leads
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.ledger import ModelTarget, append_model_points, stage_model_targets
from leadops.scoring.score import score_leads
from leadops.sla.watch_clocks import watch_clocks
from leadops.subscribers import SUBSCRIBERS
from tests.async_view import accept_events
from tests.intake.form_keeper import keep_body
from tests.integration.test_quiet_past import _ask_for
from tests.routing.conftest import profile
from tests.shipped import SHIPPED, change, make_rules

NOW = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)  # a Wednesday, noon in Tokyo
ZONE = SHIPPED.company.zone
RULES = make_rules(
    behaviour=[{"name": "view", "event": "page_view", "points": 60}],
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 30}],
)


def name_ours(*domains: str, addresses: tuple[str, ...] = (), **networks: Any) -> IdentitySettings:
    internal = {"domains": domains, "addresses": addresses} | networks
    return SHIPPED.identity.link(change(SHIPPED.company, internal=internal))


NOBODY, OURS = name_ours(), name_ours("ours.example")
OFFICE = name_ours(networks=["203.0.113.0/24"])


class Minutes:
    """Whole minutes of score_leads, with the sales team and its clocks; 85 points make an MQL."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.execute("insert into crm.reps values ('rep', %s, %s)", [Jsonb(profile()), NOW])
        connection.commit()

    def send(
        self,
        email: str,
        *,
        at: datetime = NOW,
        own_network: bool | None = None,
        sender: Proof = Proof.WRITE_KEY,
        **fields: Any,
    ) -> None:
        """Let somebody identify as a miner (30 points) and view a page (60)."""
        for event, properties in (("identify", {"industry": "mining"}), ("page_view", {})):
            body = {
                "event_id": f"{email}-{event}-{at:%j%H%M%S}",
                "event": event,
                "ts": at.isoformat(),
                "email": email,
                "properties": properties,
            }
            answer = accept_events(
                self.connection,
                [body | fields],
                now=at,
                settings=SHIPPED.events,
                own_network=own_network,
                sender=sender,
            )
            assert answer.accepted == 1
        self.connection.commit()

    def run(self, identity: IdentitySettings, *, minute: int) -> None:
        connection, now = self.connection, NOW + timedelta(minutes=minute)
        while resolve_events(connection, now=now, settings=identity).remaining:
            pass
        while score_leads(connection, rules=RULES, zone=ZONE, now=now).remaining:
            pass
        qualify_leads(connection, contract=_ask_for(85), subscribers=SUBSCRIBERS, fold_case=True, now=now)
        watch_clocks(connection, policy=SHIPPED.sla, now=now)
        assign_leads(connection, rules=SHIPPED.routing, zone=ZONE, now=now)
        connection.commit()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement.encode()).fetchall()

    def scores(self) -> dict[str, int]:
        """The score of each lead that has ever had points, which its ledger must sum to."""
        rows = self.rows(
            "select email, total, (select sum(points) from scoring.ledger where lead_id = leads.lead_id)"
            " from identity.leads join scoring.scores using (lead_id)"
        )
        assert all(total == ledger for _, total, ledger in rows)
        return {email: total for email, total, _ in rows}

    def traces(self) -> dict[str, int]:
        """What is known of leads in lifecycle, SLA and routing."""
        tables = ("lifecycle.transitions", "sla.clocks", "routing.leads")
        return {table: self.rows(f"select count(*) from {table}")[0][0] for table in tables}

    def announced(self) -> list[tuple[str, str]]:
        return self.rows(
            "select target, payload ->> 'email' from delivery.outbox"
            " where operation in ('upsert_lead', 'create_lead') and state <> 'dropped' order by 1, 2"
        )


@pytest.fixture
def minutes(connection: Connection) -> Minutes:
    return Minutes(connection)


NOTHING = {"lifecycle.transitions": 0, "sla.clocks": 0, "routing.leads": 0}


def test_our_own_are_leads_that_count_for_nothing(minutes: Minutes) -> None:
    for address in (
        "ann@ours.example",
        "bob@mail.ours.example",
        "eve@notours.example",
        "dan@ours.example.jp",
    ):
        minutes.send(address)
    minutes.run(OURS, minute=0)
    assert minutes.scores() == {"eve@notours.example": 90, "dan@ours.example.jp": 90}
    buyers = ["dan@ours.example.jp", "eve@notours.example"]
    assert minutes.announced() == [(target, email) for target in ("crm", "ma") for email in buyers]
    assert minutes.rows("select count(*) from lifecycle.transitions") == [(2,)]
    marked = minutes.rows(
        "select email, reason, entry from identity.uncounted_leads join identity.leads using (lead_id)"
    )
    assert sorted(marked) == [
        ("ann@ours.example", "internal", "domain ours.example"),
        ("bob@mail.ours.example", "internal", "domain ours.example"),
    ]


def test_a_form_of_our_own_reaches_neither_ma_nor_crm(minutes: Minutes, database_url: str) -> None:
    minutes.run(name_ours(addresses=("Test@Agency.example",)), minute=0)
    for email in ("test@agency.example", "ann@agency.example"):
        keep_body(database_url, {"email": email, "submission_id": email}, now=NOW)
    assert minutes.announced() == [("crm", "ann@agency.example"), ("ma", "ann@agency.example")]
    assert minutes.rows("select count(*) from cdp.events") == [(2,)], "what they did is kept"


def test_the_past_follows_the_list_and_comes_back_exactly_once(minutes: Minutes) -> None:
    minutes.send("ann@ours.example")
    minutes.run(NOBODY, minute=0)
    assert minutes.scores() == {"ann@ours.example": 90}
    before = minutes.traces()
    assert before == {"lifecycle.transitions": 1, "sla.clocks": 2, "routing.leads": 1}
    announced = minutes.announced()
    minutes.run(OURS, minute=1)
    assert minutes.scores() == {"ann@ours.example": 0}
    reasons = minutes.rows("select kind, points, reason, lane from scoring.ledger order by seq offset 2")
    assert sorted(reasons) == [
        ("correction", -60, "view: an internal lead, domain ours.example", 1),
        ("correction", -30, "mine: an internal lead, domain ours.example", 1),
    ]
    assert minutes.traces() == NOTHING, "the MQL is taken back, its clocks and its place are gone"
    assert minutes.rows("select state from routing.notices") == [("dropped",)]
    ledger = minutes.rows("select count(*) from scoring.ledger")
    minutes.send("ann@ours.example", at=NOW + timedelta(minutes=2))
    minutes.run(OURS, minute=2)
    assert minutes.rows("select count(*) from scoring.ledger") == ledger
    minutes.run(NOBODY, minute=3)
    assert minutes.scores() == {"ann@ours.example": 60 + 60 + 30}
    assert minutes.rows(
        "select reason from scoring.ledger where kind = 'correction' order by seq offset 2"
    ) == [
        ("view: no longer an internal lead",),
        ("mine: no longer an internal lead",),
    ]
    minutes.run(NOBODY, minute=4)
    assert minutes.scores() == {"ann@ours.example": 150}
    evidence = minutes.rows("select stage, evidence ->> 'backfill' from lifecycle.transitions")
    assert evidence == [("mql", "true")], "it comes back as the past: it wakes nobody"
    assert minutes.announced() == announced


def test_who_was_never_in_ma_and_crm_gets_there_when_the_entry_goes(
    minutes: Minutes, database_url: str
) -> None:
    minutes.run(OURS, minute=0)
    body = {"email": "ann@ours.example", "properties": {"first_name": "Ann", "industry": "mining"}}
    keep_body(database_url, body, now=NOW)
    minutes.run(OURS, minute=1)
    assert (minutes.announced(), minutes.scores()) == ([], {})
    minutes.run(NOBODY, minute=2)
    asked = "select target, operation, payload ->> 'email', lane from delivery.outbox order by target"
    assert minutes.rows(asked) == [
        ("crm", "create_lead", "ann@ours.example", 1),
        ("ma", "upsert_lead", "ann@ours.example", 1),
    ]
    name = "select payload ->> 'firstName' from delivery.outbox where target = 'ma'"
    assert minutes.rows(name) == [("Ann",)]
    assert minutes.scores() == {"ann@ours.example": 30}


def test_one_address_of_ours_makes_the_whole_person_ours(minutes: Minutes) -> None:
    minutes.send("ann@home.example", user_id="u-1")
    minutes.run(OURS, minute=0)
    assert minutes.scores() == {"ann@home.example": 90}
    minutes.send("ann@ours.example", at=NOW + timedelta(minutes=1), user_id="u-1")
    minutes.run(OURS, minute=1)
    minutes.run(OURS, minute=2)
    assert minutes.scores() == {"ann@home.example": 0}
    assert minutes.traces() == NOTHING
    split_leads(
        minutes.connection,
        lead=2,
        by="ops",
        reason="two people",
        settings=OURS,
        now=NOW + timedelta(minutes=3),
    )
    minutes.connection.commit()
    minutes.run(OURS, minute=4)
    minutes.run(OURS, minute=5)
    assert minutes.scores() == {"ann@home.example": 90}
    assert find_uncounted(minutes.connection, 1) is None
    found = find_uncounted(minutes.connection, 2)
    assert found is not None
    assert (found.reason, found.entry) == ("internal", "domain ours.example")


def test_the_models_points_go_too(minutes: Minutes) -> None:
    minutes.send("ann@ours.example")
    minutes.run(NOBODY, minute=0)
    with minutes.connection.transaction():
        stage_model_targets(minutes.connection, [ModelTarget(1, 25, 0.5)])
        append_model_points(minutes.connection, after=0, up_to=1, model_id=1, now=NOW)
    assert minutes.scores() == {"ann@ours.example": 115}
    minutes.run(OURS, minute=1)
    assert minutes.scores() == {"ann@ours.example": 0}
    (model,) = minutes.rows(
        "select points, kind, reason from scoring.ledger where dimension = 'model' and points < 0"
    )
    assert model == (-25, "model", "model: an internal lead, domain ours.example")


def test_an_mql_that_sales_worked_on_stays_on_record_and_counts_nowhere(minutes: Minutes) -> None:
    minutes.send("ann@ours.example")
    minutes.run(NOBODY, minute=0)
    minutes.connection.execute(
        "insert into lifecycle.links (crm_lead_id, lead_id, linked_at) values ('c-1', 1, %(now)s)",
        {"now": NOW},
    )
    minutes.connection.execute(
        "insert into crm.activities"
        " (activity_id, crm_lead_id, kind, kind_key, occurred_at, rep_id, recorded_at)"
        " values ('a-1', 'c-1', 'call', 'call', %(at)s, 'rep', %(at)s)",
        {"at": NOW + timedelta(seconds=30)},
    )
    minutes.run(OURS, minute=1)
    assert minutes.scores() == {"ann@ours.example": 0}
    assert minutes.rows("select stage from lifecycle.transitions") == [("mql",)]
    assert minutes.rows("select stage from lifecycle.current_transitions") == []
    assert minutes.rows("select count(*) from sla.clocks") == [(0,)]
    minutes.run(NOBODY, minute=2)
    assert minutes.rows("select stage from lifecycle.current_transitions") == [("mql",)]
    assert minutes.scores() == {"ann@ours.example": 90}


def test_an_address_that_an_export_brings_is_known_at_once(minutes: Minutes) -> None:
    minutes.run(OURS, minute=0)
    first = ImportedLead("c-1", None, NOW)
    later = ImportedLead("c-1", "ann@ours.example", NOW)
    for row in (first, later):
        import_leads(minutes.connection, [row], now=NOW)
    minutes.connection.commit()
    assert find_uncounted(minutes.connection, 1) is not None
    assert minutes.announced() == []


def later(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def test_who_was_only_ever_seen_in_own_networks_counts_for_nothing(minutes: Minutes) -> None:
    minutes.send("ann@home.example", own_network=True)
    minutes.send("bob@buyer.example", own_network=False)
    minutes.send("eve@buyer.example")  # by a server: not known
    minutes.send("guest@buyer.example", own_network=False)
    minutes.send("guest@buyer.example", at=later(1), own_network=True)  # a customer visits the office
    minutes.run(OFFICE, minute=1)
    assert minutes.scores() == {
        "bob@buyer.example": 90,
        "eve@buyer.example": 90,
        "guest@buyer.example": 30 + 60 + 60,
    }
    found = find_uncounted(minutes.connection, 1)
    assert found is not None
    assert (found.reason, found.entry) == ("internal", "own networks")
    assert "ann@home.example" not in str(minutes.announced()), "not made known in the MA for a moment"
    minutes.send("ann@home.example", at=later(2))  # not known: nothing changes
    minutes.run(OFFICE, minute=2)
    assert "ann@home.example" not in minutes.scores()
    minutes.send("ann@home.example", at=later(3), own_network=False)
    minutes.run(OFFICE, minute=3)
    assert minutes.scores()["ann@home.example"] == 30 + 3 * 60
    assert ("ma", "ann@home.example") in minutes.announced()
    minutes.send("ann@home.example", at=later(4), own_network=True)
    minutes.run(OFFICE, minute=4)
    assert minutes.scores()["ann@home.example"] == 30 + 4 * 60


def test_an_mql_of_the_office_is_taken_back_with_its_reason(minutes: Minutes) -> None:
    minutes.send("ann@home.example")  # a form, by a server
    minutes.run(OFFICE, minute=0)
    assert minutes.traces() == {"lifecycle.transitions": 1, "sla.clocks": 2, "routing.leads": 1}
    minutes.send("ann@home.example", at=later(1), own_network=True)
    minutes.run(OFFICE, minute=1)
    minutes.run(OFFICE, minute=2)
    assert minutes.traces() == NOTHING
    assert minutes.scores() == {"ann@home.example": 0}
    reasons = minutes.rows("select distinct reason from scoring.ledger where kind = 'correction' order by 1")
    assert reasons == [
        ("mine: an internal lead, own networks",),
        ("view: an internal lead, own networks",),
    ]


def test_the_list_frees_and_takes_again_and_wrong_times_say_nothing(minutes: Minutes) -> None:
    minutes.send("ann@home.example", own_network=True)
    minutes.run(OFFICE, minute=0)
    assert minutes.scores() == {}
    minutes.run(NOBODY, minute=1)
    assert minutes.scores() == {"ann@home.example": 90}
    minutes.run(OFFICE, minute=2)
    assert minutes.scores() == {"ann@home.example": 0}
    # Until is not in it, since is.
    before, after = later(-60), later(1)
    for since, until, points in (
        (before, NOW, 0),
        (NOW, after, 90),
        (before, after, 90),
        (after, later(9), 0),
    ):
        period = [{"since": since, "until": until}]
        minutes.run(name_ours(networks=["203.0.113.0/24"], networks_wrong=period), minute=3)
        assert minutes.scores() == {"ann@home.example": points}, period


def test_the_whole_person_counts_and_the_entry_that_says_so_changes(minutes: Minutes) -> None:
    minutes.send("ann@home.example", user_id="u-1", own_network=True)
    minutes.run(OFFICE, minute=0)
    minutes.send("ann@mobile.example", at=later(1), user_id="u-1", own_network=False)
    minutes.run(OFFICE, minute=1)
    assert minutes.scores() == {"ann@home.example": 30 + 60 + 60}, "one person, seen elsewhere"
    minutes.send("bob@ours.example", at=later(2), own_network=True)
    both = name_ours("ours.example", networks=["203.0.113.0/24"])
    for identity, entry in ((both, "domain ours.example"), (OFFICE, "own networks")):
        minutes.run(identity, minute=3)
        found = find_uncounted(minutes.connection, 3)
        assert found is not None
        assert found.entry == entry
    minutes.send("bob@ours.example", at=later(4), own_network=False)
    minutes.run(OFFICE, minute=4)
    assert find_uncounted(minutes.connection, 3) is None


def test_a_claim_from_the_office_counts_until_there_is_proof(minutes: Minutes, database_url: str) -> None:
    minutes.send("ann@buyer.example", sender=Proof.CLAIM, anonymous_id="a-1", own_network=True)
    minutes.run(OFFICE, minute=0)
    assert find_uncounted(minutes.connection, 1) is not None
    assert minutes.announced() == []
    keep_body(database_url, {"email": "ann@buyer.example", "submission_id": "f-1"}, now=later(1))
    assert minutes.announced() == [("crm", "ann@buyer.example"), ("ma", "ann@buyer.example")]
    minutes.run(OFFICE, minute=1)
    assert find_uncounted(minutes.connection, 1) is None, "whoever typed her address is not her"
