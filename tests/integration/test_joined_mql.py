"""Two MQLs turn out one person: points, MA, stages, clock, owner and CRM follow, and go back with a split."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.crm.poll import poll_crm
from leadops.db import connect
from leadops.delivery.audit import audit_scores
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import choose_pusher
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.split_leads import split_leads
from leadops.lifecycle.qualify import qualify_leads
from leadops.machines.machine_settings import MachineSettings
from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.routing.assign_leads import assign_leads
from leadops.scoring.scoring_rules import RuleSet
from leadops.settings import Endpoint
from leadops.sla.watch_clocks import watch_clocks
from leadops.subscribers import SUBSCRIBERS
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.delivery_fixture import clock, impatient
from tests.identity.test_get_or_create_lead import get_or_create_lead
from tests.identity.test_resolve import seen
from tests.integration.test_mql_to_owner import all_day
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.scoring.test_score import rule_set
from tests.shipped import SHIPPED

RULES = rule_set(
    {"name": "view", "event": "page_view", "points": 50},
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 30}],
)
BOTH = [seen("a known", email="a@x.example", user_id="u"), seen("b known", email="b@x.example", user_id="u")]


class Shop:
    """The minute loop over a sandbox's MA and CRM."""

    rules: RuleSet = RULES
    machines: MachineSettings | None = None  # None: no act is a machine's

    def __init__(self, url: str, database_url: str, path: Path) -> None:
        self.url, self.database_url, self.path = url, database_url, path
        self.world = World(connect(database_url))
        self.now = datetime.now(UTC)

    def endpoint(self, target: str) -> Endpoint:
        return Endpoint(base_url=self.url, token=getattr(Tokens(), target), timeout=60)

    def run(self, happenings: list[Happening] | None = None) -> None:
        """One minute."""
        connection = self.world.connection
        self.world.accept(happenings or [], received_at=self.now)
        self.now += timedelta(minutes=1)
        self.world.resolve(now=self.now)
        self.world.score(self.rules, now=self.now, machines=self.machines)
        self.push("ma")
        crm = CrmClient(self.endpoint("crm"))
        poll_crm(connection, crm, now=self.now)
        crm.close()
        for _ in range(2):  # what the CRM calls a lead is known only after the push
            qualify_leads(
                connection,
                contract=SHIPPED.kpi,
                subscribers=SUBSCRIBERS,
                fold_case=True,
                now=self.now,
            )
            watch_clocks(connection, policy=SHIPPED.sla, now=self.now)
            assign_leads(connection, rules=SHIPPED.routing, zone=SHIPPED.company.zone, now=self.now)
            connection.commit()
            self.push("crm")

    def push(self, target: str) -> None:
        self.world.connection.commit()
        settings = impatient()
        both = settings.targets | {"crm": settings.targets["ma"]}
        push_target(
            database_url=self.database_url,
            endpoint=self.endpoint(target),
            target=target,
            pusher_type=choose_pusher(target),
            settings=settings.model_copy(update={"targets": both}),
            clock=clock,
            sleep=time.sleep,
            until=clock() + timedelta(seconds=20),
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found = self.world.rows(query)
        self.world.connection.commit()
        return found

    def state(self) -> dict[str, Any]:
        """Return all that sales and marketing see."""
        return {
            "scores": self.rows("select lead_id, fit, behaviour from scoring.scores order by 1"),
            "stages": self.rows(
                "select lead_id, cycle, stage, occurred_at, recorded_at from lifecycle.current_transitions"
                " order by 1, 4, 3"
            ),
            "clocks": self.rows(
                "select lead_id, clock, started_at, due_at, stopped_at, state from sla.clocks order by 1, 2"
            ),
            "owners": self.rows("select lead_id, state, rep_id from routing.leads order by 1"),
            "facts": self.rows("select lead_id, fact, occurred_at from lifecycle.facts order by 1, 2"),
        }

    def owners_in_crm(self) -> list[Any]:
        """Return whom the CRM was last told as the owner of each of its leads, in the order of ours."""
        owners = {}
        for line in map(json.loads, (self.path / "journal.jsonl").read_text().splitlines()):
            if line["kind"] == "crm.patch" and "owner_id" in line["body"]:
                owners[line["id"]] = line["body"]["owner_id"]
        known = "select external_id from delivery.external_ids where target = 'crm' order by lead_id"
        return [owners[crm_id] for (crm_id,) in self.rows(known)]

    def leads_in_crm(self) -> list[tuple[str, str]]:
        """Return address and status of each lead that the CRM has, in the order in which it got them."""
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        found = requests.get(f"{self.url}/v1/leads", headers=headers, timeout=60).json()["items"]
        return [(lead["email"], lead["status"]) for lead in found]

    def audit(self) -> int:
        client = ProductClient(self.endpoint("ma"))
        found = audit_scores(self.world.connection, client, max_missing=0, now=self.now)
        self.world.connection.commit()
        return len(found.differences) + found.under_way

    def crm_id(self, lead: int) -> str:
        known = f"select external_id from delivery.external_ids where target = 'crm' and lead_id = {lead}"
        return str(self.rows(known)[0][0])

    def act(self, lead: int, **activity: str) -> None:
        """Let sales do something with the CRM's lead."""
        done = {"lead_id": self.crm_id(lead), "rep_id": "rep-ja", "occurred_at": self.now.isoformat()}
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        requests.post(
            f"{self.url}/_crm/activities", json=done | activity, headers=headers, timeout=60
        ).raise_for_status()

    def split(self, **which: int) -> None:
        split_leads(
            self.world.connection,
            settings=self.world.identity,
            reason="twins",
            by="ops",
            now=self.now,
            **which,  # type: ignore[arg-type]
        )


def visits(name: str, email: str) -> list[Happening]:
    told = seen(f"{name} told", event="identify", email=email, properties={"industry": "mining"})
    return [told, seen(f"{name} view", email=email)]


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Any:
    with serve_in_thread(tmp_path, sales_work=False) as url:
        reps = {"items": [all_day("rep-de", "de"), all_day("rep-ja", "ja")]}
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        requests.put(f"{url}/_crm/reps", json=reps, headers=headers, timeout=60).raise_for_status()
        shop = Shop(url, database_url, tmp_path)
        yield shop
        shop.world.connection.close()


def test_both_were_mql(shop: Shop) -> None:
    shop.run([seen("first", email="a@x.example"), *visits("b", "b@x.example")])
    shop.run(visits("a", "a@x.example"))
    before, owners = shop.state(), shop.owners_in_crm()
    (mql_of_b,) = [row[3] for row in before["stages"] if row[0] == 2]
    assert [row[:2] for row in before["scores"]] == [(1, 30), (2, 30)]
    assert len(set(owners)) == 2

    shop.run(BOTH)
    points = 50 + 2 * 50 + 2 * 50
    joined = shop.state()
    assert joined["scores"] == [(1, 30, points), (2, 0, 0)]
    assert [row[:4] for row in joined["stages"]] == [(1, 1, "mql", mql_of_b)]
    assert {(row[0], row[2]) for row in joined["clocks"]} == {(1, mql_of_b)}
    assert joined["owners"] == [row for row in before["owners"] if row[0] == 1]
    assert shop.owners_in_crm() == [owners[0]] * 2
    assert shop.rows("select count(*) from routing.assignments") == [(2,)]
    assert shop.rows("select count(*) from delivery.outbox where operation = 'create_lead'") == [(2,)]
    assert shop.audit() == 0
    assert get_or_create_lead(shop.world.connection, email="b@x.example", event_seq=1, now=shop.now) == 1

    shop.act(2, kind="call")
    shop.run()
    stopped = {row[1]: (row[0], row[5]) for row in shop.state()["clocks"]}
    assert stopped["first_contact"] == (1, "met")

    shop.split(lead=2)
    shop.run()
    after = shop.state()
    assert after["scores"] == [(1, 30, 150), (2, 30, 100)]
    assert [row[2:5] for row in after["stages"]] == [row[2:5] for row in before["stages"]]
    assert [row[0] for row in after["stages"]] == [1, 2]
    assert [row[:4] for row in after["clocks"]] == [row[:4] for row in before["clocks"]]
    assert [row[0] for row in after["clocks"] if row[1] == "first_contact" and row[5] == "met"] == [2]
    assert after["owners"] == before["owners"]
    assert shop.owners_in_crm() == owners
    assert shop.audit() == 0
    assert shop.rows("select count(*) from routing.assignments") == [(2,)]


def test_of_three_who_share_an_id_two_are_split_one_after_the_other(shop: Shop) -> None:
    shop.run([*visits("a", "a@x.example"), *visits("b", "b@x.example"), *visits("c", "c@x.example")])
    before, owners = shop.state(), shop.owners_in_crm()
    shop.run([seen(f"{name} known", email=f"{name}@x.example", user_id="u") for name in "abc"])
    assert shop.state()["scores"] == [(1, 30, 300), (2, 0, 0), (3, 0, 0)]
    shop.split(lead=2)
    shop.run()
    assert shop.state()["scores"] == [(1, 30, 200), (2, 30, 100), (3, 0, 0)]
    assert shop.audit() == 0
    shop.split(lead=3)
    shop.run()
    after = shop.state()
    assert after["scores"] == [(1, 30, 100), (2, 30, 100), (3, 30, 100)]
    assert [row[:3] for row in after["stages"]] == [row[:3] for row in before["stages"]]
    assert after["owners"] == before["owners"]
    assert shop.owners_in_crm() == owners
    assert shop.audit() == 0
    assert compare_rebuilt(shop.world.connection, settings=shop.world.identity).differences == {}


def test_only_the_younger_was_mql(shop: Shop) -> None:
    shop.run([seen("first", email="a@x.example"), *visits("b", "b@x.example")])
    before = shop.state()
    shop.run(BOTH)
    joined = shop.state()
    assert [row[:3] for row in joined["stages"]] == [(1, 1, "mql")]
    assert [(row[0], *row[1:]) for row in joined["owners"]] == [(1, *before["owners"][0][1:])]
    assert {(row[0], row[2]) for row in joined["clocks"]} == {(1, before["stages"][0][3])}
    assert shop.rows("select count(*) from delivery.outbox where operation = 'create_lead'") == [(1,)]
    assert shop.rows("select count(*) from routing.assignments") == [(1,)]
    assert shop.audit() == 0
    shop.split(merge_id=1)
    shop.run()
    after = shop.state()
    assert after | {"scores": []} == before | {"scores": []}
    assert shop.audit() == 0
    assert shop.rows("select count(*) from routing.assignments") == [(1,)]


def test_the_older_had_a_lost_deal_and_the_younger_an_open_one(shop: Shop) -> None:
    shop.run(visits("a", "a@x.example"))
    shop.act(1, kind="status", status="lost")
    shop.run()
    shop.run(visits("b", "b@x.example"))
    before, owners = shop.state(), shop.owners_in_crm()
    shop.run(BOTH)
    joined = shop.state()
    stories = [row[:3] for row in joined["stages"]]
    assert stories == [(1, 1, "lost"), (1, 1, "mql"), (1, 2, "mql")]
    open_clocks = {row[1]: row[2:5] for row in before["clocks"] if row[0] == 2}
    assert open_clocks
    assert {row[1]: row[2:5] for row in joined["clocks"] if row[4] is None} == open_clocks
    assert shop.rows("select lead_id, cycle, state from routing.leads order by cycle") == [
        (1, 1, "owned"),
        (1, 2, "owned"),
    ]
    assert shop.rows("select count(*) from routing.set_aside") == [(0,)]
    assert shop.owners_in_crm() == [owners[1]] * 2  # who has the open deal has the person

    shop.act(2, kind="call")
    shop.run()
    met = "select lead_id, cycle, stopped_by from sla.clocks where clock = 'first_contact' and state = 'met'"
    assert shop.rows(f"{met} order by cycle") == [(1, 1, "end of cycle"), (1, 2, "contact")]

    shop.split(lead=2)
    shop.run()
    after = shop.state()
    assert after["stages"] == before["stages"]
    assert after["owners"] == before["owners"]
    assert shop.owners_in_crm() == owners
    assert shop.rows("select count(*) from routing.assignments") == [(2,)]
    assert shop.audit() == 0


def test_only_both_together_were_mql(shop: Shop) -> None:
    half = [seen("a told", event="identify", email="a@x.example", properties={"industry": "mining"})]
    shop.run([*half, seen("b", email="b@x.example")])
    before = shop.state()
    assert before["stages"] == []
    shop.run(
        [
            seen(f"{name} known", event="identify", email=f"{name}@x.example", user_id="u")
            for name in ("a", "b")
        ]
    )
    joined = shop.state()
    assert [row[:3] for row in joined["stages"]] == [(1, 1, "mql")]
    assert joined["clocks"]
    assert [row[1] for row in joined["owners"]] == ["owned"]
    shop.split(lead=2)
    shop.run()
    assert shop.state() == before
    assert shop.audit() == 0
