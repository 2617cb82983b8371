"""Any order of statements, verdicts, joins and splits gives one consent; each opt-out arrives once.

The oracle knows nothing of tables: it keeps who is one person and what was said, and takes the newest.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.consent.consent_guards import CONSENT_GUARDS
from leadops.consent.pass_on import pass_on_consents
from leadops.db import Connection, connect
from leadops.identity.split_leads import split_leads
from leadops_sandbox.serve import serve_in_thread
from tests.consent.conftest import ConsentWorld
from tests.delivery_fixture import SteppedDelivery
from tests.machines.conftest import LATER, START
from tests.promises import promise_examples
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

ANN, BOB = PEOPLE = ("ann@buyer.example", "bob@buyer.example")
WORDS = (
    "mail_no",
    "mail_yes",
    "box_empty",
    "unsubscribe",
    "machine",
    "crm_no",
    "crm_yes",
    "tie",
    "split",
    "late",
)


@dataclass
class Oracle:
    """Who said what, as (second, is it an opt-out), and whether both are one person.

    What was `late` found to be a machine's is as if it had never been said.
    """

    said: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: {who: [] for who in PEOPLE})
    declined: set[str] = field(default_factory=set)
    late: list[tuple[str, int]] = field(default_factory=list)
    is_one: bool = False
    was_split: bool = False

    def take(self, word: str, who: str, second: int) -> None:
        if word == "tie":
            self.is_one = not self.was_split
        elif word == "split":
            self.was_split = self.was_split or self.is_one
            self.is_one = False
        elif word == "late":
            self.late.append((who, second))
            self.said[who].append((second + 0.5, True))
        elif word == "box_empty":
            self.declined.add(who)
        elif word != "machine":
            self.said[who].append((second, word in ("mail_no", "unsubscribe", "crm_no")))

    def find_machines(self) -> None:
        """Take back what machines did."""
        for who, second in self.late:
            self.said[who].remove((second + 0.5, True))

    def answer(self, who: str) -> bool:
        everybody = PEOPLE if self.is_one else (who,)
        said = [what for each in everybody for what in self.said[each]]
        if said:
            return not max(said)[1]
        return not self.declined.intersection(everybody)


@settings(
    max_examples=promise_examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    said=st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(PEOPLE), st.integers(0, 5)), min_size=2, max_size=6
    ),
)
@example(
    said=[("mail_no", BOB, 1), ("tie", ANN, 0), ("late", ANN, 5), ("crm_yes", ANN, 3), ("split", BOB, 0)]
)
def test_any_order_gives_the_same_consent(connection: Connection, said: list[tuple[str, str, int]]) -> None:
    world, oracle = ConsentWorld(connection), Oracle()
    world.clear()
    connection.execute("truncate crm.activities, delivery.external_ids, consent.inbox, consent.records")
    for number, who in enumerate(PEOPLE):
        world.put_in_crm(world.lead(who), f"L-{number}")
    for word, who, second in said:
        # Far apart, so that no act is evidence about another one.
        at = 500 * second
        match word:
            case "mail_no" | "mail_yes":
                world.classify([world.say(at, {"newsletter": word == "mail_yes"}, who=who)])
            case "box_empty":
                world.classify([world.say(at, False, who=who, proof="form")])
            case "unsubscribe":
                world.classify([world.act("unsubscribe", at, who=who)])
            case "machine":
                world.classify([world.act("unsubscribe", at, who=who, user_agent="Googlebot/2.1")])
            case "crm_no" | "crm_yes":
                kind = "opt_out" if word == "crm_no" else "opt_in"
                world.hear_in_crm(f"L-{PEOPLE.index(who)}", kind, at)
            case "late":
                world.classify([world.act("unsubscribe", at + 250, who=who, mail_id=f"late {second}")])
            case "tie":
                if not world.rows("select 1 from cdp.events where event_id like 'tie%%'"):
                    world.classify(
                        Happening(f"tie {email}", "identify", START, email=email, user_id="u")
                        for email in PEOPLE
                    )
            case "split":
                if oracle.is_one:
                    split_leads(
                        connection,
                        settings=world.identity,
                        lead=world.lead(who),
                        reason="two people",
                        by="op",
                        now=LATER,
                    )
        oracle.take(word, who, second)
        for each in PEOPLE:
            assert world.consent(each).may_mail == oracle.answer(each), (each, word, said)
    # Evidence of the same moment that comes after everything: the link that no person can see.
    world.classify(
        world.act("mail_click", 500 * second + 250.5, who=who, mail_id=f"late {second}", link="/x", trap=True)
        for who, second in oracle.late
    )
    oracle.find_machines()
    for each in PEOPLE:
        assert world.consent(each).may_mail == oracle.answer(each), (each, said)


def test_each_opt_out_arrives_once_under_lost_answers_and_kills(database_url: str, tmp_path: Path) -> None:
    """The MA loses answers and the passing process is killed before its commit; then all is done again."""
    with serve_in_thread(tmp_path) as url:
        ma = SteppedDelivery(database_url, url, guards=CONSENT_GUARDS)
        leads = [ma.add_lead() for _ in range(4)]
        ma.push()
        ma.fault("reset_after", method="PUT", path="/api/leads/*", probability=0.5, seed=7)
        with connect(database_url) as connection:
            for lead in leads:
                connection.execute(
                    "insert into consent.statements (lead_id, word, said_at, noted_by, because)"
                    " values (%s, 'opt_out', %s, 'op', '')",
                    [lead, START],
                )
                connection.execute("insert into consent.inbox (lead_id) values (%s)", [lead])
        for _ in range(3):
            with connect(database_url) as killed:
                killed.execute("select 1")
                pass_on_consents(killed, settings=SHIPPED.consent, now=ma.now)
                killed.rollback()
            with connect(database_url) as connection:
                pass_on_consents(connection, settings=SHIPPED.consent, now=ma.now, limit=2)
            ma.push()
        for _ in range(10):
            ma.now += timedelta(minutes=5)
            ma.push()
        headers = {"Authorization": f"Bearer {ma.token}"}
        shown = requests.get(f"{url}/api/leads", headers=headers, timeout=60).json()["items"]
        assert [lead.get("may_mail") for lead in shown] == [False] * 4
        query = (
            "select array_agg(distinct state), count(*) from delivery.outbox where operation = 'opt_out_lead'"
        )
        with connect(database_url) as connection:
            assert connection.execute(query).fetchone() == (["done"], 4)
        effects = (tmp_path / "journal.jsonl").read_text().count('"kind":"ma.consent"')
        assert effects == 4
