"""A person who leaves traces everywhere, beside another one: what an erasure has to find."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests
from psycopg.types.json import Jsonb
from slack_sdk import WebClient

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify import notify_incidents
from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.clients.chat import ApiChat
from leadops.consent.note_statement import note_statement
from leadops.consent.settings_in_force import follow_settings
from leadops.crm.poll import poll_crm
from leadops.db import Connection, connect
from leadops.delivery.adopt_crm_leads import hash_address
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import choose_pusher
from leadops.economics.costs import Cost, record_costs
from leadops.economics.refresh_economics import refresh_economics
from leadops.erase_person import ErasureContext, ErasureResult, erase_person, finish_erasures
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_store import AcceptResult
from leadops.events.proof import Proof
from leadops.funnel.quality_checks import check_days
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.history.import_tables import AttributeValue, upsert_attributes
from leadops.identity.resolve import resolve_events
from leadops.incidents.run_checks import run_checks
from leadops.lifecycle.qualify import qualify_leads
from leadops.marts.publish_changes import publish_changes
from leadops.products.crm_client import CrmClient
from leadops.routing.assign_leads import assign_leads
from leadops.routing.notice_message import NoticeContext
from leadops.routing.notify_reps import notify_reps
from leadops.scoring.decay_leads import decay_leads
from leadops.scoring.score import score_leads
from leadops.settings import Endpoint
from leadops.sla.sla_policy import SlaCalendar
from leadops.sla.watch_clocks import watch_clocks
from leadops.subscribers import SUBSCRIBERS
from leadops_sandbox.settings import Tokens
from tests.async_view import accept_events
from tests.intake.form_keeper import Kept, keep_body
from tests.routing.conftest import everybody, profile
from tests.shipped import SHIPPED, change, make_rules

CHANNEL = "C0ERASURE"
ZONE = SHIPPED.company.zone
ALERTS = change(SHIPPED.alerts, seconds_between_calls=0)
SCORING = make_rules(
    behaviour=[{"name": "view", "event": "page_view", "points": 60}],
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 40}],
    decay={"half_life_days": 3},
)
ROUTING = everybody(
    slack={
        "enabled": True,
        "channel": CHANNEL,
        "crm_link": "",
        "wait_for_id_minutes": 0,
        "drop_after_minutes": 100_000,
        "at_most": 50,
        "seconds_between": 0,
    }
)

#: Everything by which Ada is known. Two addresses, because user-ada-1815 was seen with both.
ADA = "ada.lovelace@engines.example"
ADA_AT_HOME = "ada.byron@home.example"
NEEDLES = (
    ADA,
    ADA_AT_HOME,
    "lovelace",
    "byron",
    "+44 20 7946 0958",
    "user-ada-1815",
    "browser-ada-0001",
    "browser-ada-0002",
    "enr-ada-7701",
)
KEY = "k" * 32


@dataclass
class Story:
    """The whole of leadops on one database, with a sandbox for the other systems."""

    connection: Connection
    url: str
    sandbox: str
    start: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    erased: ErasedFilter = field(default_factory=lambda: ErasedFilter((KEY.encode(),)))

    @property
    def day(self) -> date:
        return self.start.astimezone(ZONE).date()

    @property
    def context(self) -> ErasureContext:
        return ErasureContext(self.erased, SHIPPED.company, SHIPPED.kpi, SHIPPED.attribution)

    def ago(self, minutes: float) -> datetime:
        return self.start - timedelta(minutes=minutes)

    def clock(self) -> datetime:
        return datetime.now(UTC)

    # What comes in

    def send(self, *items: dict[str, Any], sender: Proof = Proof.WRITE_KEY, **options: Any) -> AcceptResult:
        options = {"history": False, "now": self.clock(), "erased": self.erased} | options
        result = accept_events(self.connection, [*items], settings=SHIPPED.events, sender=sender, **options)
        self.connection.commit()
        return result

    def form(self, body: bytes | dict[str, Any], *, now: datetime | None = None) -> Kept:
        return keep_body(self.url, body, now=now or self.clock(), erased=self.erased)

    def live(self) -> None:
        """Let Ada and Bob leave their traces."""
        self.come()
        self.process()
        self.work()
        self.process()
        self.keep_more()

    def come(self) -> None:
        """Let events and forms come in, good and bad ones."""
        self.send(*history_of("ada", self), *history_of("bob", self))
        self.send(ada_claim(self), bob_quotes_ada(self), *claims_to_replace(self), sender=Proof.CLAIM)
        self.send(*claims_to_replace(self))
        self.send(
            {"event_id": "bad-1", "event": "Bad Name", "email": ADA, "ts": self.ago(9).isoformat()},
            {"event_id": "bad-2", "properties": {"phone": "+44 20 7946 0958", "mail": ADA}},
        )
        self.form(
            {
                "submission_id": "form-of-ada",
                "email": ADA,
                "form": "contact",
                "properties": {"firstName": "Ada", "lastName": "Lovelace", "phone": "+44 20 7946 0958"},
            }
        )
        self.form({"email": "not an address", "user_id": "user-ada-1815"})

    # What leadops makes of it

    def process(self) -> None:
        """Run every stage until nothing waits."""
        config, now = SHIPPED, self.clock()
        while resolve_events(self.connection, now=now, settings=config.identity).remaining:
            pass
        while score_leads(self.connection, rules=SCORING, zone=ZONE, now=now).remaining:
            pass
        self.deliver()
        qualify_leads(
            self.connection, contract=config.kpi, subscribers=SUBSCRIBERS, fold_case=True, now=self.clock()
        )
        self.connection.commit()
        self.deliver()
        qualify_leads(
            self.connection, contract=config.kpi, subscribers=SUBSCRIBERS, fold_case=True, now=self.clock()
        )
        while assign_leads(self.connection, rules=ROUTING, now=self.clock(), zone=ZONE).remaining:
            pass
        watch_clocks(self.connection, policy=config.sla, now=self.clock())
        self.connection.commit()
        self.deliver()
        self.tell()

    def deliver(self, *, ma: str | None = None) -> None:
        """Send what is pending; `ma` is another MA to send to."""
        for target in ("ma", "crm"):
            push_target(
                database_url=self.url,
                endpoint=self.endpoint(target, url=ma if target == "ma" else None),
                target=target,
                pusher_type=choose_pusher(target),
                settings=SHIPPED.delivery,
                clock=self.clock,
                sleep=time.sleep,
                until=self.clock() + timedelta(seconds=20),
                identity=SHIPPED.identity,
            )

    def tell(self) -> None:
        """Run the checks and bring Slack up to date."""
        run_checks(
            self.connection, CHECKS, settings=ALERTS, calendar=SlaCalendar(SHIPPED.sla), now=self.clock()
        )
        self.connection.commit()
        options: dict[str, Any] = {
            "company": SHIPPED.company,
            "clock": self.clock,
            "sleep": lambda _: None,
        }
        notify_incidents(self.connection, self.chat(), settings=ALERTS, **options)
        context = NoticeContext(
            ROUTING.slack, SHIPPED.company, SHIPPED.scoring.grades, SHIPPED.scoring.labels()
        )
        del options["company"]
        notify_reps(self.connection, self.chat(), context=context, **options)

    def work(self) -> None:
        """Let salespeople do something with both leads in the CRM, and let leadops read it."""
        for lead_id in self.values("select external_id from delivery.external_ids where target = 'crm'"):
            is_ada = lead_id == self.crm_id(ADA)
            note = f"spoke to Ada Lovelace, {ADA}" if is_ada else f"knows {ADA}"
            self.act(lead_id, kind="status", status="taken")
            self.act(lead_id, kind="call", details={"need": True, "budget": True, "note": note})
            self.act(lead_id, kind="meeting")
            if is_ada:
                self.act(lead_id, kind="mail", details={"phone": "+44 20 7946 0958"})
        with_gap = {"id": "A-odd", "lead_id": self.crm_id(ADA), "kind": "call", "who": ADA}
        self.poll(extra=[with_gap])

    def act(self, lead_id: str, **activity: Any) -> None:
        body = {"lead_id": lead_id, "rep_id": "rep-a", "occurred_at": self.clock().isoformat(), **activity}
        self.post("/_crm/activities", body)

    def poll(self, *, extra: list[dict[str, Any]] | None = None) -> Any:
        client = CrmClient(self.endpoint("crm"))
        read = client.activities

        def activities(**asked: Any) -> dict[str, Any]:
            page = read(**asked)
            return page | {"items": [*page["items"], *(extra or [])]}

        client.activities = activities  # type: ignore[method-assign]
        try:
            result = poll_crm(self.connection, client, now=self.clock(), erased=self.erased)
        finally:
            client.close()
        self.connection.commit()
        return result

    def keep_more(self) -> None:
        """Fill what no short story fills: attributes of an import, predictions, findings, a report."""
        self.connection.execute(
            "insert into crm.merged_leads (gone_id, into_id, merged_at)"
            " select 'gone-of-' || external_id, external_id, %s from delivery.external_ids"
            " where target = 'crm'",
            [self.clock()],
        )
        lead = self.lead(ADA)
        now = self.clock()
        run = self.connection.execute
        upsert_attributes(self.connection, [AttributeValue(lead, "surname", "Lovelace", now)])
        run(
            "insert into training.predictions values (%s, 1, %s, 0.5, 3, '{1}', 0.5, 1)",
            [lead, now],
        )
        run(
            "insert into analytics.quality_findings values (%s, 'missing_stage', %s, %s, %s, %s, %s)",
            [
                self.day,
                f"lead {lead}",
                lead,
                Jsonb({"crm_lead_id": self.crm_id(ADA), "email": ADA}),
                now,
                now,
            ],
        )
        run(
            "insert into reports.reports (name, first_day, last_day, made_at, sentences, facts, picture,"
            " digest, file) values ('response', %s, %s, %s, %s, %s, 'png', 'd', 'f.png')",
            [self.day, self.day, now, Jsonb([f"the slowest was {ADA}"]), Jsonb({"who": ADA})],
        )
        run(
            "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts) values"
            " ('sla_breach', 'lead old', %s, %s, %s)",
            [now, now, Jsonb({"lead_id": lead, "lead": lead, "crm_lead_id": self.crm_id(ADA), "who": ADA})],
        )
        run(
            "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
            " values ('ma', 'delta', 1, %s, %s, %s)",
            [lead, f"refused: {ADA}", now],
        )
        run("insert into identity.violations values ('emails', 'user_id', 'user-ada-1815', 1, 2, %s)", [now])
        run(
            "insert into machines.acts values (1, %s, 'mail_click', %s, 'news', %s, 'engines.example')",
            [lead, now, f"https://x.example/?to={ADA}"],
        )
        run(
            "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
            " values (1, %s, 'mark', %s, %s)",
            [lead, f"a mark in the mail to {ADA}", now],
        )
        run(
            "insert into machines.acts values (%s, 2, 'mail_click', %s, %s, %s, 'engines.example')",
            [lead + 1_000_000, now, f"forwarded by {ADA}", f"https://x.example/?by={ADA}"],
        )
        run(
            "insert into machines.allowed values ('mail', %s, %s, 'ops', %s)",
            [f"forwarded by {ADA}", now, f"{ADA} asked for it"],
        )
        run(
            "insert into delivery.found_leads values ('crm', %s, %s, %s)",
            [self.crm_id(ADA), hash_address(ADA), now],
        )
        run(
            "insert into delivery.score_corrections (lead_id, external_id, ledger, ma, corrected_at)"
            " select lead_id, external_id, 1, 2, %s from delivery.external_ids"
            " where target = 'ma' and lead_id = %s",
            [now, lead],
        )
        run(
            "insert into delivery.totals (target, lead_id, external_id, refused)"
            " select target, lead_id, external_id, %s from delivery.external_ids"
            " where target = 'ma' and lead_id = %s",
            [f"refused: {ADA}", lead],
        )
        run(
            "insert into identity.do_not_merge values (%s, %s, %s, 'op', %s)",
            [lead, self.lead("bob@other.example"), now, f"{ADA} is not Bob"],
        )
        follow_settings(self.connection, SHIPPED.consent, now=now)
        for who in (lead, self.lead("bob@other.example")):
            note_statement(
                self.connection, who, "opt_out", noted_by="op", because=f"{ADA} said so by phone", now=now
            )
        run(
            "insert into consent.records (target, lead_id, external_id)"
            " select target, lead_id, external_id from delivery.external_ids where lead_id = %s",
            [lead],
        )
        self.connection.commit()
        record_costs(
            self.connection, [Cost(self.day, "ads", "ads:1", Decimal(100), "spring")], fold_case=True, now=now
        )
        self.connection.commit()

    def refresh(self) -> None:
        """Compute the tables of the day, and of the day before, again, and publish what changed."""
        tomorrow = self.start + timedelta(days=2)
        publish_changes(self.connection, now=tomorrow)
        for day in (self.day - timedelta(days=1), self.day):
            refresh_funnel(
                self.connection,
                day=day,
                company=SHIPPED.company,
                settings=SHIPPED.funnel,
                contract=SHIPPED.kpi,
                policy=SHIPPED.sla,
                now=tomorrow,
            )
            refresh_attribution(
                self.connection,
                day=day,
                settings=SHIPPED.attribution,
                company=SHIPPED.company,
                now=tomorrow,
            )
            refresh_economics(
                self.connection, day=day, settings=SHIPPED.economics, company=SHIPPED.company, now=tomorrow
            )
        check_days(
            self.connection,
            company=SHIPPED.company,
            settings=SHIPPED.funnel,
            policy=SHIPPED.sla,
            now=tomorrow,
        )
        self.connection.commit()

    def decay(self) -> None:
        late = self.start + timedelta(days=30)
        decay_leads(
            self.connection, rules=SCORING, zone=ZONE, day=(late - timedelta(days=2)).date(), now=late
        )
        self.connection.commit()

    def erase(self, lead: int | str = ADA, **options: Any) -> ErasureResult:
        given = {"context": self.context, "erased_by": "operator", "now": self.clock()} | options
        return erase_person(self.connection, lead, **given)

    def finish(self) -> int:
        return finish_erasures(self.connection, now=self.clock())

    # Looking

    def values(self, query: str, *arguments: object) -> list[Any]:
        rows = self.connection.execute(query.encode(), list(arguments)).fetchall()
        self.connection.commit()
        return [row[0] for row in rows]

    def lead(self, email: str) -> int:
        return int(self.values("select lead_id from identity.leads where email = %s", email)[0])

    def crm_id(self, email: str) -> str:
        return str(
            self.values(
                "select known.external_id from lifecycle.crm_leads as known where known.lead_id = ("
                " select coalesce(people.person_id, leads.lead_id) from identity.leads as leads"
                " left join identity.people as people on leads.lead_id = people.lead_id"
                " where leads.email = %s)",
                email,
            )[0]
        )

    def endpoint(self, target: str, *, url: str | None = None) -> Endpoint:
        return Endpoint(base_url=url or self.sandbox, token=getattr(Tokens(), target), timeout=30)

    def post(self, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        answer = requests.request(method, self.sandbox + path, json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def chat(self) -> ApiChat:
        base_url = f"{self.sandbox}/api/"
        return ApiChat(WebClient(Tokens().slack, base_url=base_url, timeout=30), CHANNEL)

    def slack_texts(self) -> str:
        """Return all that the channel shows, threads included."""
        client = WebClient(Tokens().slack, base_url=f"{self.sandbox}/api/", timeout=30)
        messages = client.conversations_history(channel=CHANNEL, limit=999)["messages"]
        threads = [
            client.conversations_replies(channel=CHANNEL, ts=each["ts"], limit=999)["messages"]
            for each in messages
        ]
        return json.dumps([messages, threads], ensure_ascii=False)

    def ma_leads(self) -> str:
        headers = {"Authorization": f"Bearer {Tokens().ma}"}
        return requests.get(f"{self.sandbox}/api/leads", headers=headers, timeout=60).text

    def set_reps(self) -> None:
        rep = profile(
            id="rep-a", working_hours={"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}
        )
        self.post("/_crm/reps", {"items": [rep]}, method="PUT")
        self.poll()


def history_of(name: str, story: Story) -> list[dict[str, Any]]:
    """Return what a server sends of a person: who they are, and what they did."""
    common: dict[str, Any] = {"context": {"utm": {"campaign": "spring", "source": "ads", "medium": "cpc"}}}
    traits = {"industry": "mining", "company": "Engines" if name == "ada" else "Other", "country": "GB"}
    if name == "bob":
        who = {"email": "bob@other.example", "anonymous_id": "browser-bob-0001"}
        return [
            {"event_id": "bob-1", "event": "identify", "ts": story.ago(50).isoformat(), "properties": traits}
            | who
            | common,
            {"event_id": "bob-2", "event": "page_view", "ts": story.ago(40).isoformat()} | who | common,
            {"event_id": "bob-3", "event": "ad_click", "ts": story.ago(45).isoformat()} | who | common,
        ]
    names = {"firstName": "Ada", "lastName": "Lovelace", "phone": "+44 20 7946 0958"}
    who = {"email": ADA, "user_id": "user-ada-1815", "anonymous_id": "browser-ada-0001"}
    return [
        {
            "event_id": f"signup-{ADA}",
            "event": "identify",
            "ts": story.ago(50).isoformat(),
            "properties": traits | names | {"enrichment_id": "enr-ada-7701"},
        }
        | who
        | common,
        {"event_id": "ada-2", "event": "page_view", "ts": story.ago(40).isoformat()} | who | common,
        {"event_id": "ada-3", "event": "ad_click", "ts": story.ago(45).isoformat()} | who | common,
        {
            "event_id": "ada-4",
            "event": "identify",
            "ts": story.ago(30).isoformat(),
            "email": ADA_AT_HOME,
            "user_id": "user-ada-1815",
            "properties": names,
        }
        | common,
    ]


def ada_claim(story: Story) -> dict[str, Any]:
    """A browser that only says that it is Ada's."""
    return {
        "event_id": "claim-1",
        "event": "page_view",
        "ts": story.ago(20).isoformat(),
        "email": ADA,
        "anonymous_id": "browser-ada-0002",
    }


def bob_quotes_ada(story: Story) -> dict[str, Any]:
    """An event of another visitor that has Ada's address in its properties."""
    return {
        "event_id": "quote-1",
        "event": "share_page",
        "ts": story.ago(15).isoformat(),
        "anonymous_id": "browser-bob-0001",
        "properties": {"shared_with": f"Ada <{ADA}>", "page": "/pricing"},
    }


def claims_to_replace(story: Story) -> list[dict[str, Any]]:
    """An event whose id is sent without proof first, and with proof then."""
    return [
        {
            "event_id": "taken-1",
            "event": "page_view",
            "ts": story.ago(25).isoformat(),
            "email": ADA,
            "anonymous_id": "browser-ada-0001",
        }
    ]


def find_traces(url: str, needles: list[str]) -> Iterator[str]:
    """Yield `table.column: needle` for every needle in any column of any table, whatever its type."""
    with connect(url) as connection:
        columns = connection.execute(
            "select c.table_schema, c.table_name, c.column_name, c.data_type"
            " from information_schema.columns as c"
            " join information_schema.tables as t using (table_schema, table_name)"
            " where t.table_type = 'BASE TABLE'"
            " and c.table_schema not in ('pg_catalog', 'information_schema') order by 1, 2, 3"
        ).fetchall()
        for schema, table, column, kind in columns:
            name = f'"{schema}"."{table}"'
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            values = connection.execute(f"select {text} from {name}".encode()).fetchall()
            for needle in needles:
                pattern = re.compile(rf"(?<![\w-]){re.escape(needle)}(?![\w-])", re.IGNORECASE)
                if any(value and pattern.search(value) for (value,) in values):
                    yield f"{schema}.{table}.{column}: {needle}"
