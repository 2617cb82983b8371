"""What is derived from the past wakes nobody: every way in against every way out."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from leadops.db import Connection, connect
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.identity.resolve import resolve_events
from leadops.identity.split_leads import split_leads
from leadops.lifecycle.qualify import qualify_leads
from leadops.nurture.enter_programmes import enter_programmes
from leadops.orchestration.tasks.nurture import make_context
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.decay_leads import decay_leads
from leadops.scoring.ledger import ModelTarget, append_model_points, stage_model_targets
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_interval
from leadops.sla.watch_clocks import watch_clocks
from leadops.subscribers import SUBSCRIBERS
from tests.async_view import accept_events
from tests.cluster import PostgresServer, database_of
from tests.promises import promise_examples
from tests.routing.conftest import profile
from tests.shipped import SHIPPED, make_rules

NOW = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)  # a Wednesday, noon in Tokyo
THEN = NOW - timedelta(days=40)
ZONE = SHIPPED.company.zone
VIEW = {"name": "view", "event": "page_view", "points": 60}
FADING = {"name": "fade", "event": "trial", "points": 60}
FIT = [{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 30}]
#: Only `trial` decays, and by now to nothing.
DECAY = {"half_life_days": 100_000, "rules": {"fade": {"half_life_days": 1}}}


class Company:
    """What happened until yesterday is settled; what comes today is settled by `settle`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rules = make_rules(behaviour=[VIEW, FADING], fit=FIT, decay=DECAY)
        self.contract = _ask_for(85)
        self.split: str | None = None
        connection.execute("insert into crm.reps values ('rep', %s, %s)", [Jsonb(profile()), NOW])
        connection.commit()

    def send(
        self, event: str, at: datetime, name: str, *, came: datetime | None = None, **fields: Any
    ) -> None:
        """Send an event of `name` that happened at `at`; given `came`, live at that time, else as history."""
        event_id = f"{name}-{event}-{at:%j%H%M%S}"
        body = {"event_id": event_id, "event": event, "ts": at.isoformat(), "email": f"{name}@x.example"}
        answer = accept_events(
            self.connection, [body | fields], now=came or NOW, settings=SHIPPED.events, history=came is None
        )
        assert answer.accepted == 1, answer
        self.connection.commit()

    def tell(self, name: str, at: datetime, *, came: datetime | None = None, **ids: str) -> None:
        self.send("identify", at, name, came=came, properties={"industry": "mining"}, **ids)

    def score(self, now: datetime) -> None:
        while resolve_events(self.connection, now=now, settings=SHIPPED.identity).remaining:
            pass
        while score_leads(self.connection, rules=self.rules, zone=ZONE, now=now).remaining:
            pass

    def qualify(self, now: datetime) -> None:
        qualify_leads(
            self.connection, contract=self.contract, subscribers=SUBSCRIBERS, fold_case=True, now=now
        )
        watch_clocks(self.connection, policy=SHIPPED.sla, now=now)
        assign_leads(self.connection, rules=SHIPPED.routing, zone=ZONE, now=now)
        self.connection.commit()

    def lead(self, name: str) -> int:
        return int(self.value("select lead_id from identity.leads where email = %s", f"{name}@x.example"))

    def value(self, query: str, *values: Any) -> Any:
        row = self.connection.execute(query.encode(), values).fetchone()
        self.connection.commit()
        return row and row[0]

    def loud(self) -> dict[str, int]:
        """Count what went out loudly since NOW, by the way out."""
        counts = {
            "mqls": "lifecycle.transitions where stage = 'mql' and not (evidence ->> 'backfill')::boolean"
            " and recorded_at >= %s",
            "clocks": "sla.clocks where started_at >= %s",
            "notices": "routing.notices where created_at >= %s",
            "places": "routing.leads where not is_backfill and since >= %s",
            "calls": "delivery.outbox where lane = 0 and created_at >= %s",
            "points": "scoring.ledger where (lane = 0 or is_live) and points > 0 and recorded_at >= %s",
        }
        found = {way: self.value(f"select count(*)::int from {what}", NOW) for way, what in counts.items()}
        return {way: count for way, count in found.items() if count}


def _ask_for(total: int | None) -> Any:
    versions = [
        version.model_copy(update={"mql": version.mql.model_copy(update={"total": total})})
        for version in SHIPPED.kpi.versions
    ]
    return SHIPPED.kpi.model_copy(update={"versions": versions})


def history(company: Company) -> None:
    company.tell("history", THEN)
    company.send("page_view", THEN, "history")


def backfill(company: Company) -> None:
    """Events that were lost before they were resolved."""
    company.tell("lost", THEN, came=THEN)
    company.send("page_view", THEN, "lost", came=THEN)
    company.connection.execute("delete from identity.inbox")


def merge(company: Company) -> None:
    company.tell("fits", THEN, came=THEN, user_id="u-merge")
    company.send("page_view", THEN, "does", came=THEN)


def split(company: Company) -> None:
    for name in ("elder", "twin"):
        company.send("login", THEN, name, came=THEN, user_id="u-split")
    company.score(THEN)
    company.tell("twin", THEN + timedelta(hours=1), came=THEN + timedelta(hours=1))
    company.send("page_view", THEN + timedelta(hours=1), "twin", came=THEN + timedelta(hours=1))


def lesser(company: Company) -> None:
    """80 points of 85: what a model or another threshold lets pass."""
    company.rules = make_rules(
        behaviour=[VIEW, FADING, {"name": "call", "event": "call", "points": 50}], fit=FIT, decay=DECAY
    )
    company.tell("lesser", THEN, came=THEN)
    company.send("call", THEN, "lesser", came=THEN)


def rules(company: Company) -> None:
    company.tell("webinar", THEN, came=THEN)
    company.send("webinar", THEN, "webinar", came=THEN)


def decay(company: Company) -> None:
    company.tell("faded", THEN, came=THEN)
    company.send("trial", THEN, "faded", came=THEN)


def nothing(company: Company) -> None:
    pass


def replay_today(company: Company) -> None:
    history(company)


def backfill_today(company: Company) -> None:
    enqueue_interval(company.connection, start=THEN, end=THEN + timedelta(hours=2))


def import_today(company: Company) -> None:
    row = ImportedLead("crm-1", "imported@x.example", THEN)
    import_leads(company.connection, [row], now=NOW)
    company.tell("imported", THEN)
    company.send("page_view", THEN, "imported")


def merge_today(company: Company) -> None:
    """A member that is known by the one address comes with the other: worth no points by itself."""
    company.send("login", NOW, "does", came=NOW, user_id="u-merge")


def split_today(company: Company) -> None:
    split_leads(
        company.connection,
        settings=SHIPPED.identity,
        reason="twins",
        by="ops",
        now=NOW,
        lead=company.lead("twin"),
    )


def model_today(company: Company) -> None:
    lead = company.lead("lesser")
    with company.connection.transaction():
        stage_model_targets(company.connection, [ModelTarget(lead, 15, 0.5)])
        append_model_points(company.connection, after=0, up_to=10**9, model_id=1, now=NOW)


def threshold_today(company: Company) -> None:
    company.contract = _ask_for(None)


def rules_today(company: Company) -> None:
    company.rules = make_rules(
        behaviour=[VIEW, FADING, {"name": "webinar", "event": "webinar", "points": 60}], fit=FIT, decay=DECAY
    )


def decay_today(company: Company) -> None:
    company.rules = make_rules(behaviour=[VIEW, FADING], fit=FIT)


#: What happened before, what brings it up today, and the lead that passes thereby.
WAYS: dict[str, tuple[Callable[[Company], None], Callable[[Company], None], str]] = {
    "history": (nothing, replay_today, "history"),
    "backfill": (backfill, backfill_today, "lost"),
    "import": (nothing, import_today, "imported"),
    "merge": (merge, merge_today, "fits"),
    "split": (split, split_today, "twin"),
    "model": (lesser, model_today, "lesser"),
    "threshold": (lesser, threshold_today, "lesser"),
    "rules": (rules, rules_today, "webinar"),
    "decay": (decay, decay_today, "faded"),
}


def bring_up(company: Company, way: str, *, also_live: bool) -> None:
    """Let `way` make an MQL today; with `also_live` its lead does something else today, worth no points."""
    before, today, name = WAYS[way]
    before(company)
    company.score(THEN + timedelta(hours=2))
    day = (NOW - timedelta(days=2)).astimezone(ZONE).date()
    decay_leads(company.connection, rules=company.rules, zone=ZONE, day=day, now=NOW - timedelta(hours=30))
    company.qualify(NOW - timedelta(hours=30))
    today(company)
    if also_live:
        company.send("mail_open", NOW, name, came=NOW)
    company.score(NOW)
    company.qualify(NOW)
    mql = "select max(recorded_at) from lifecycle.current_transitions where stage = 'mql' and lead_id = %s"
    assert company.value(mql, company.lead(name)) == NOW, "the way makes no MQL, so that it shows nothing"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("also_live", [False, True])
def test_no_way_out_is_loud_for_any_way_in(connection: Connection, way: str, also_live: bool) -> None:
    company = Company(connection)
    bring_up(company, way, also_live=also_live)
    # A lead that is new in the MA and does something now goes there at once.
    assert company.loud() == ({"calls": 1} if also_live and way in ("history", "backfill") else {})


@settings(max_examples=promise_examples(3), deadline=None)
@given(ages=st.lists(st.integers(40 * 24, 90 * 24), min_size=50, max_size=50))
def test_a_replay_of_fifty_leads_is_quiet(postgres: PostgresServer, ages: list[int]) -> None:
    with database_of(postgres, f"t_{secrets.token_hex(6)}") as url, connect(url) as connection:
        company = Company(connection)
        for number, hours in enumerate(ages):
            company.tell(f"old{number}", NOW - timedelta(hours=hours))
            company.send("page_view", NOW - timedelta(hours=hours), f"old{number}")
        company.score(NOW)
        company.qualify(NOW)
        quiet = "select count(*)::int from lifecycle.transitions where (evidence ->> 'backfill')::boolean"
        assert company.value(quiet) == 50
        assert company.loud() == {}


def test_what_happens_now_is_loud_even_beside_history(connection: Connection) -> None:
    company = Company(connection)
    company.tell("history", THEN)
    company.send("page_view", NOW, "history", came=NOW)
    company.score(NOW)
    company.qualify(NOW)
    loud = company.loud()
    assert (loud["mqls"], loud["places"], loud["notices"], loud["points"]) == (1, 1, 1, 1)
    assert loud["clocks"] >= 1
    assert loud["calls"] >= 1
    rows = "select jsonb_object_agg(rule, is_live) from scoring.ledger"
    assert company.value(rows) == {"mine": False, "view": True}


def test_what_comes_as_history_enters_no_programme(connection: Connection) -> None:
    company, context = Company(connection), make_context(SHIPPED)
    enter_programmes(connection, context=context, now=THEN)  # in force since before the acts
    company.send("view_pricing", NOW - timedelta(minutes=30), "history")
    company.send("view_pricing", NOW - timedelta(minutes=30), "live", came=NOW)
    company.score(NOW)
    assert enter_programmes(connection, context=context, now=NOW).leads == 2
    assert company.value("select array_agg(lead_id) from nurture.memberships") == [company.lead("live")]
