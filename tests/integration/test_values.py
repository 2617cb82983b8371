"""Values as the world sends them, over HTTP: the points, people, accounts and owners that they give."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.lifecycle.qualify import qualify_leads
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.score import score_leads
from leadops.subscribers import SUBSCRIBERS
from tests.gateway.conftest import FORM_SECRETS, KEY, Serve, serve
from tests.gateway.form_sender import FormSender
from tests.integration.test_mql_to_owner import all_day
from tests.shipped import SHIPPED

__all__ = ["serve"]

#: In the shipped rules: industry 20, size 25, a manager's title 10, the country 10.
CLEAN = {
    "industry": "software",
    "employees": 1000,
    "title": "マネージャー",
    "country": "JP",
    "company": "Buyers",
}
FIT = 65


class Loop:
    """A gateway that listens, and the minute loop behind it."""

    def __init__(self, connection: Connection, serve: Serve) -> None:
        self.connection = connection
        self.client = serve()
        self.sender = FormSender(self.client, FORM_SECRETS[1])
        self.events = 0
        for rep, language in (("rep-1", "ja"), ("rep-2", "ja"), ("rep-de", "de")):
            connection.execute(
                "insert into crm.reps values (%s, %s, now())", [rep, Jsonb(all_day(rep, language))]
            )
        connection.commit()

    def fill_in(self, email: str, **properties: Any) -> None:
        answer = self.sender.post({"email": email, "properties": properties})
        assert answer.status_code == 202, answer.text

    def collect(self, event: str, **fields: Any) -> None:
        self.events += 1
        event_id = f"e-{self.events}"
        item = {"event_id": event_id, "event": event, "ts": datetime.now(UTC).isoformat()} | fields
        answer = self.client.post("/collect", json={"events": [item]}, headers={"X-Write-Key": KEY})
        assert answer.json()["accepted"] == 1, answer.text

    def run(self) -> None:
        now = datetime.now(UTC)
        resolve_events(self.connection, now=now, settings=SHIPPED.identity)
        score_leads(self.connection, rules=SHIPPED.scoring, zone=SHIPPED.company.zone, now=now)
        qualify_leads(
            self.connection,
            contract=SHIPPED.kpi,
            subscribers=SUBSCRIBERS,
            now=now,
            fold_case=SHIPPED.company.fold_case,
        )
        assign_leads(self.connection, rules=SHIPPED.routing, zone=SHIPPED.company.zone, now=now)
        self.connection.commit()

    def ask(self, query: Any) -> dict[str, Any]:
        return dict(self.connection.execute(query).fetchall())

    def fit(self) -> dict[str, int]:
        return self.ask("select email, fit from scoring.scores inner join identity.leads using (lead_id)")

    def owners(self) -> dict[str, str]:
        return self.ask("select email, rep_id from routing.leads inner join identity.leads using (lead_id)")

    def domains(self) -> dict[str, str]:
        return self.ask(
            "select email, domain from identity.leads inner join identity.accounts using (account_id)"
        )


@pytest.fixture
def loop(connection: Connection, serve: Serve) -> Loop:
    return Loop(connection, serve)


@pytest.mark.parametrize(
    "sent",
    [
        {"employees": "1,000+", "country": "japan", "industry": "Software", "title": "マネージャー "},
        {"employees": "１０００名", "country": "日本", "industry": "ＳＯＦＴＷＡＲＥ", "title": "ﾏﾈｰｼﾞｬｰ"},
        {
            "employees": "1,001～5,000名",
            "country": "JP ",
            "industry": " software",
            "title": "シニアマネージャー",
        },
        {name: [value] for name, value in CLEAN.items() if name != "company"},
    ],
)
def test_what_is_told_in_another_way_gives_the_same_points_and_owner(
    loop: Loop, sent: dict[str, Any]
) -> None:
    loop.fill_in("clean@a.example", **CLEAN)
    loop.fill_in("world@b.example", **sent)
    for email in ("clean@a.example", "world@b.example"):
        loop.collect("request_document", email=email)
    loop.run()
    assert loop.fit() == {"clean@a.example": FIT, "world@b.example": FIT}
    owners = loop.owners()
    # Both speak Japanese by their country; the second one goes to the colleague who has had none.
    assert sorted(owners.values()) == ["rep-1", "rep-2"]


def test_a_later_blank_wipes_nothing(loop: Loop) -> None:
    loop.fill_in("ann@a.example", **CLEAN)
    loop.run()
    blanks = {"industry": "-", "employees": "", "title": "\u3000", "country": "不明", "company": " "}
    loop.fill_in("ann@a.example", **blanks)
    loop.fill_in("ann@a.example", **{name: [] for name in CLEAN})
    loop.fill_in("ann@a.example", **dict.fromkeys(CLEAN, "N/A"))
    loop.run()
    assert loop.fit() == {"ann@a.example": FIT}
    told = loop.ask("select trait, value from identity.traits where trait <> 'email_domain'")
    assert told == CLEAN


@pytest.mark.parametrize(
    "value", ["null", "undefined", "N/A", "00000000-0000-0000-0000-000000000000", "0", "{{user.id}}"]
)
def test_an_id_that_everybody_has_leaves_two_people_two(loop: Loop, value: str) -> None:
    for email in ("ann@a.example", "ben@b.example"):
        loop.collect("identify", email=email, properties={"enrichment_id": value, **CLEAN})
    loop.run()
    assert loop.fit() == {"ann@a.example": FIT, "ben@b.example": FIT}
    assert loop.connection.execute("select * from identity.people").fetchall() == []


def test_who_names_no_company_shares_no_account(loop: Loop) -> None:
    people = {
        "ann@a.example": {"website": "https://sites.google.com/view/ann", "company": "N/A"},
        "ben@b.example": {"website": "https://www.linkedin.com/company/ben", "company": "個人"},
        "cat@c.example": {"website": "https://one.co.jp https://two.co.jp", "company": "-"},
        "dan@d.example": {"website": "https://three.co.jp https://four.co.jp", "company": "フリーランス"},
    }
    for email, told in people.items():
        loop.fill_in(email, **CLEAN | told)
        loop.collect("request_document", email=email)
    loop.run()
    assert loop.domains() == {}
    owners = loop.owners()
    assert sorted(owners.values()) == ["rep-1", "rep-1", "rep-2", "rep-2"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_which_address_was_heard_of_first_changes_neither_points_nor_account(
    loop: Loop, order: tuple[int, ...]
) -> None:
    loop.fill_in("cat@c.example", **CLEAN | {"company": "-", "website": "new.example"})
    now = datetime.now(UTC)
    # Ann wrote from a competitor's address an hour ago, and from a private one now, with another website.
    said: list[dict[str, Any]] = [
        {
            "ts": (now - timedelta(hours=1)).isoformat(),
            "email": "ann@competitor.example",
            "properties": {"title": "student", "company": "-", "website": "old.example"},
        },
        {
            "ts": now.isoformat(),
            "email": "ann@gmail.com",
            "properties": CLEAN | {"company": "-", "website": "new.example"},
        },
    ]
    for place in order:
        loop.collect("identify", user_id="ann", **said[place])
        loop.run()
    assert sum(loop.fit().values()) == 2 * FIT - 100
    domains = "select lead_id, domain from identity.person_accounts join identity.accounts using (account_id)"
    assert sorted(loop.ask(domains).values()) == ["new.example", "new.example"]


def test_one_company_has_one_owner_however_it_is_written(loop: Loop) -> None:
    names = ["株式会社X", "㈱X", "（株）X", "X\u3000", "Ｘ　株式会社", "X K.K."]
    for number, company in enumerate(names):
        loop.fill_in(f"p{number}@a{number}.example", **CLEAN | {"company": company})
        loop.collect("request_document", email=f"p{number}@a{number}.example")
    loop.run()
    assert len(set(loop.owners().values())) == 1
    assert len(loop.owners()) == len(names)
