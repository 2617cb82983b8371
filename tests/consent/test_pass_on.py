"""Each opt-out reaches each system that did not hear it, once; worked out by hand."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.consent.consent_guards import find_outdated
from leadops.consent.note_statement import note_statement
from leadops.consent.pass_on import PassOnResult, pass_on_consents
from leadops.delivery.effect_guard import WaitingEffect
from leadops.identity.split_leads import split_leads
from tests.consent.conftest import ConsentWorld
from tests.machines.conftest import LATER, START
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

ANN, BOB = "ann@buyer.example", "bob@buyer.example"


def know(world: ConsentWorld, target: str, external_id: str, who: str = ANN, **values: Any) -> None:
    """Let a system know the lead of an address by an id."""
    world.connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at) values (%s, %s, %s, %s)"
        " on conflict (target, lead_id) do update set external_id = excluded.external_id",
        [target, world.lead(who), external_id, START],
    )
    world.connection.commit()


def pass_on(world: ConsentWorld) -> PassOnResult:
    while (result := pass_on_consents(world.connection, settings=SHIPPED.consent, now=LATER)).remaining:
        pass
    return result


def sent(world: ConsentWorld) -> list[tuple[str, str, str, int]]:
    """Return what was passed on: to whom, what, who had heard it, in which lane."""
    pass_on(world)
    rows = world.rows(
        "select target, operation, payload ->> 'said_by', lane from delivery.outbox"
        " where operation like 'opt_%%' order by outbox_id"
    )
    assert world.rows("select 1 from consent.inbox") == []
    return [(target, operation.removesuffix("_lead"), by, lane) for target, operation, by, lane in rows]


@pytest.fixture
def known(world: ConsentWorld) -> ConsentWorld:
    """A world in which both systems know Ann."""
    know(world, "ma", "48211")
    know(world, "crm", "L-1")
    return world


def test_what_the_ma_heard_the_crm_hears_once(known: ConsentWorld) -> None:
    known.classify([known.act("unsubscribe", 100)])
    expected = [("crm", "opt_out", "ma", 0)]
    assert sent(known) == expected
    known.classify([known.act("unsubscribe", 200)])
    assert sent(known) == expected, "the CRM knows it already"
    payload = known.rows("select payload ->> 'said_at' from delivery.outbox where target = 'crm'")
    assert payload == [((START + timedelta(seconds=100)).isoformat(),)]


def test_what_the_crm_heard_the_ma_hears(known: ConsentWorld) -> None:
    known.hear_in_crm("L-1", "opt_out", 100)
    assert sent(known) == [("ma", "opt_out", "crm", 0)]


def test_what_an_operator_or_an_event_says_both_hear(known: ConsentWorld) -> None:
    known.classify([known.say(100, {"newsletter": False})])
    assert sent(known) == [("crm", "opt_out", "event", 0), ("ma", "opt_out", "event", 0)]
    note_statement(known.connection, known.lead(), "opt_out", noted_by="op", because="", now=LATER)
    assert len(sent(known)) == 2


def test_an_opt_in_is_passed_on_where_the_person_said_it_themselves(known: ConsentWorld) -> None:
    known.classify([known.say(50, {"newsletter": True})])
    assert sent(known) == [], "nobody knows an opt-out"
    known.hear_in_crm("L-1", "opt_out", 100)
    known.hear_in_crm("L-1", "opt_in", 150)
    assert sent(known) == []
    known.hear_in_crm("L-1", "opt_out", 160)
    assert sent(known) == [("ma", "opt_out", "crm", 0)]
    known.hear_in_crm("L-1", "opt_in", 200)
    assert sent(known) == [("ma", "opt_out", "crm", 0)], "a salesperson heard it"
    assert known.answer() == (True, "crm")
    known.classify([known.say(300, {"newsletter": True})])
    assert sent(known)[1:] == [("ma", "opt_in", "event", 0)], "the CRM knows it"
    known.classify([known.say(400, {"newsletter": False})])
    assert sent(known)[2:] == [("crm", "opt_out", "event", 0), ("ma", "opt_out", "event", 0)]


def test_an_unsubscription_that_waits_for_evidence_is_not_passed_on(known: ConsentWorld) -> None:
    known.classify([known.act("unsubscribe", 0)], now=START + timedelta(seconds=1), received_at=START)
    assert sent(known) == []
    known.score_all()
    assert sent(known) == [("crm", "opt_out", "ma", 0)]


def test_a_system_that_gets_a_record_later_hears_of_it_then(world: ConsentWorld) -> None:
    world.classify([world.act("unsubscribe", 100)])
    assert sent(world) == []
    know(world, "crm", "L-1")
    assert sent(world) == [("crm", "opt_out", "ma", 0)]
    know(world, "crm", "L-2")
    assert len(sent(world)) == 1, "the first is still on its way, and goes to the record of then"
    world.connection.execute("update delivery.outbox set state = 'done'")
    know(world, "crm", "L-3")
    assert len(sent(world)) == 2, "another record knows nothing"
    know(world, "ma", "48211")
    assert len(sent(world)) == 2, "the MA heard it itself"


def test_a_person_with_two_leads_and_their_split(known: ConsentWorld) -> None:
    know(known, "ma", "48218", who=BOB)
    known.classify([known.act("unsubscribe", 100)])
    assert sent(known) == [("crm", "opt_out", "ma", 0)]
    tie = [
        Happening("ann", "identify", START, email=ANN, user_id="u"),
        Happening("bob", "identify", START, email=BOB, user_id="u"),
    ]
    known.classify(tie)
    assert sent(known)[1:] == [("ma", "opt_out", "ma", 0)], "the MA has another record of the same person"
    split_leads(
        known.connection, settings=known.identity, lead=known.lead(BOB), reason="two", by="op", now=LATER
    )
    known.classify()
    assert len(sent(known)) == 2, "nothing is taken back"


def test_the_past_goes_in_the_lane_behind(known: ConsentWorld) -> None:
    known.classify([known.say(100, {"newsletter": False})])
    known.connection.execute("update consent.inbox set lane = 1")
    assert {lane for *_, lane in sent(known)} == {1}


def test_a_guard_drops_what_no_longer_stands_and_it_is_looked_at_again(known: ConsentWorld) -> None:
    known.hear_in_crm("L-1", "opt_out", 100)
    assert len(sent(known)) == 1

    def ask() -> dict[int, str]:
        row = known.rows(
            "select outbox_id, operation, lead_id, idempotency_key, payload, created_at from delivery.outbox"
            " where operation = 'opt_out_lead' order by outbox_id desc limit 1"
        )[0]
        return dict(find_outdated(known.connection, [WaitingEffect(*row)], "ma"))

    assert ask() == {}
    known.hear_in_crm("L-1", "opt_in", 150)
    pass_on(known)
    assert list(ask().values()) == ["the opt-out no longer stands"]
    known.connection.execute("update delivery.outbox set state = 'dropped'")
    known.hear_in_crm("L-1", "opt_out", 200)
    assert len(sent(known)) == 2, "what was dropped is not known there"
