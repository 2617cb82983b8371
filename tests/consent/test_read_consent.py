"""Who may get mail, by statements worked out by hand."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.consent.note_statement import note_statement
from leadops.consent.read_consent import list_statements, read_consent
from leadops.errors import PermanentError
from leadops.identity.split_leads import split_leads
from tests.consent.conftest import ConsentWorld
from tests.machines.conftest import LATER, START
from tests.scoring.oracle import Happening

ANN, BOB = "ann@buyer.example", "bob@buyer.example"


def test_of_whom_nobody_heard_anything_the_settings_decide(world: ConsentWorld) -> None:
    assert world.answer() == (True, "unsaid")
    world.follow(unsaid_may_mail=False)
    assert world.answer() == (False, "unsaid")
    world.connection.execute("delete from consent.settings")
    assert world.answer() == (False, "unsaid"), "before any settings are in force, nobody"
    assert read_consent(world.connection, []) == {}


@pytest.mark.parametrize(
    ("consent", "facts", "expected"),
    [
        ({"newsletter": True}, {}, (True, "event")),
        ({"newsletter": False}, {}, (False, "event")),
        ({"E-Mail Marketing": False, "analytics": True}, {}, (False, "event")),
        ({"newsletter": True, "email": False}, {}, (False, "event")),
        ({"marketing": False, "analytics": False}, {}, (True, "unsaid")),
        ({"newsletter": True}, {"proof": "verified"}, (True, "event")),
        ({"newsletter": True}, {"proof": "form"}, (True, "form")),
        ({"newsletter": False}, {"proof": "form"}, (False, "form")),
        (True, {"proof": "form"}, (True, "form")),
        (False, {"proof": "form"}, (False, "form")),
        (True, {}, (True, "unsaid")),
        (False, {}, (True, "unsaid")),
    ],
)
def test_what_context_consent_means(
    world: ConsentWorld, consent: Any, facts: dict[str, Any], expected: tuple[bool, str]
) -> None:
    """A plain yes or no is about tracking, but in a signed form; of purposes the settings' alone count."""
    world.classify([world.say(5, consent, **facts)])
    assert world.answer() == expected


def test_a_browser_may_opt_out_and_never_in(world: ConsentWorld) -> None:
    tie = Happening("tie", "identify", START, email=ANN, anonymous_id="b1")
    yes = Happening(
        "yes",
        "page_view",
        START,
        anonymous_id="b1",
        proof="claim",
        context={"consent": {"newsletter": True}},
    )
    no = Happening(
        "no", "page_view", START, anonymous_id="b1", proof="claim", context={"consent": {"newsletter": False}}
    )
    world.classify([tie, yes])
    assert world.answer() == (True, "unsaid")
    world.classify([no])
    assert world.answer() == (False, "event")


def test_the_newest_wins_and_at_a_tie_the_opt_out(world: ConsentWorld) -> None:
    world.classify([world.say(10, {"email": True}), world.say(20, {"email": False})])
    assert world.answer() == (False, "event")
    world.classify([world.say(30, {"email": True})])
    assert world.answer() == (True, "event")
    world.classify([world.say(30, {"email": False})])
    consent = world.consent()
    assert (consent.may_mail, consent.word, consent.since) == (
        False,
        "opt_out",
        START + timedelta(seconds=30),
    )
    world.classify([world.say(25, {"email": True})])
    assert world.answer() == (False, "event"), "late evidence of an earlier time changes nothing"


def test_an_empty_box_takes_nothing_back(world: ConsentWorld) -> None:
    world.classify([world.say(10, {"email": True}), world.say(20, False, proof="form")])
    assert world.answer() == (True, "event")
    world.follow(form_no="opt_out")
    assert world.answer() == (False, "form")


def test_an_unsubscription_counts_and_a_machines_does_not(world: ConsentWorld) -> None:
    world.classify([world.act("unsubscribe", 100)])
    assert world.answer() == (False, "ma")
    world.follow(unsubscribe_by=None)
    assert world.answer() == (False, "event")
    machine = {"user_agent": "Googlebot/2.1", "who": BOB}
    world.classify([world.act("unsubscribe", 100, **machine)])
    assert world.answer(BOB) == (True, "unsaid")
    world.connection.execute("update machines.verdicts set freed_because = 'allowed', freed_at = now()")
    assert world.answer(BOB) == (False, "event"), "a verdict that was taken back"


def test_an_unsubscription_stops_while_it_still_waits_for_evidence(world: ConsentWorld) -> None:
    world.classify([world.act("unsubscribe", 0)], now=START + timedelta(seconds=1), received_at=START)
    assert world.rows("select 1 from machines.waiting_acts")
    assert world.answer() == (False, "ma")


def test_the_crm_says_it_by_activities_of_any_id_of_the_lead(world: ConsentWorld) -> None:
    lead = world.lead()
    world.hear_in_crm("L-1", "opt_out", 10)
    assert world.answer() == (True, "unsaid")
    world.put_in_crm(lead, "L-1")
    assert world.answer() == (False, "crm")
    world.connection.execute("update delivery.external_ids set external_id = 'L-2', merged_into = 'L-3'")
    assert world.answer() == (True, "unsaid")
    world.connection.execute(
        "insert into lifecycle.links (crm_lead_id, lead_id, linked_at) values ('L-1', %s, now())", [lead]
    )
    assert world.answer() == (False, "crm"), "a former id"
    world.hear_in_crm("L-3", "opt_in", 20)
    assert world.answer() == (True, "crm"), "the lead that goes on after a merge there"
    world.connection.execute("delete from crm.activities where crm_lead_id = 'L-3'")
    assert world.answer() == (False, "crm")


def test_a_clock_that_is_ahead_does_not_win_for_years(world: ConsentWorld) -> None:
    world.put_in_crm(world.lead(), "L-1")
    world.hear_in_crm("L-1", "opt_in", 3_000_000_000, recorded_at=START + timedelta(seconds=50))
    world.hear_in_crm("L-1", "opt_out", 60)
    assert world.answer() == (False, "crm")


def test_an_operator_notes_what_a_person_said(world: ConsentWorld) -> None:
    lead = world.lead()
    with world.connection.transaction():
        note_statement(world.connection, lead, "opt_out", noted_by="op", because="", now=START)
    assert world.answer() == (False, "operator")
    with pytest.raises(PermanentError, match="needs a reason"), world.connection.transaction():
        note_statement(world.connection, lead, "opt_in", noted_by="op", because=" ", now=LATER)
    with world.connection.transaction():
        note_statement(world.connection, lead, "opt_in", noted_by="op", because="her letter", now=LATER)
    assert world.answer() == (True, "operator")
    said = [(found.word, found.reference, found.because) for found in list_statements(world.connection, lead)]
    assert said == [("opt_out", "op", ""), ("opt_in", "op", "her letter")]


def test_it_holds_for_all_leads_of_a_person_and_for_nobody_who_was_parted(world: ConsentWorld) -> None:
    world.classify([world.say(10, {"email": False}), world.say(20, {"email": True}, who=BOB)])
    assert (world.answer(ANN), world.answer(BOB)) == ((False, "event"), (True, "event"))
    tie = [
        Happening("ann", "identify", START, email=ANN, user_id="u"),
        Happening("bob", "identify", START, email=BOB, user_id="u"),
    ]
    world.classify(tie)
    assert world.rows("select count(*) from identity.people") == [(2,)]
    assert (world.answer(ANN), world.answer(BOB)) == ((True, "event"), (True, "event"))
    assert len(list_statements(world.connection, world.lead(ANN))) == 2
    split_leads(
        world.connection,
        settings=world.identity,
        lead=world.lead(BOB),
        reason="two people",
        by="op",
        now=LATER,
    )
    assert (world.answer(ANN), world.answer(BOB)) == ((False, "event"), (True, "event"))


def test_of_somebody_erased_nothing_is_left_but_no_mail(world: ConsentWorld) -> None:
    lead = world.lead()
    world.connection.execute("update identity.leads set email = null, erased_at = %s", [LATER])
    consent = read_consent(world.connection, [lead])[lead]
    assert (consent.may_mail, consent.source, consent.since) == (False, "erased", LATER)


def test_each_way_by_which_an_event_gets_its_lead_marks_it(world: ConsentWorld) -> None:
    """An event of nobody is marked when its lead becomes known; others never."""
    world.classify(
        [
            Happening("before", "page_view", START, anonymous_id="b", context={"consent": {"email": False}}),
            Happening("plain", "page_view", START, anonymous_id="b", context={"consent": True}),
            Happening("tie", "identify", START, email=ANN, anonymous_id="b"),
        ]
    )
    world.classify([world.say(1, {"email": True}), world.act("mail_open", 2)])
    marked = world.rows(
        "select event_id from identity.resolved_events join cdp.events on seq = event_seq"
        " where says_consent order by 1"
    )
    assert marked == [("before",), ("s1",)]
    assert world.answer() == (True, "event")


def accept(world: ConsentWorld, *acts: Happening) -> None:
    """Take `acts` in, as the gateway does; nobody has resolved them yet."""
    world.accept(acts, received_at=LATER)


TIE = Happening("tie", "identify", START, email=ANN, user_id="u1", anonymous_id="b1")
OTHERS_TIE = Happening("others", "identify", START, email=BOB, anonymous_id="b2")
NO = {"consent": {"newsletter": False}}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"email": "Ann@Buyer.example "}, (False, "ma")),
        ({"user_id": "u1"}, (False, "ma")),
        ({"anonymous_id": "b1"}, (False, "ma")),
        ({"anonymous_id": "b1", "proof": "claim"}, (False, "ma")),
        ({"anonymous_id": "b1", "proof": "claim", "email": ANN}, (False, "ma")),
        ({"anonymous_id": "b2", "user_id": "u1"}, (False, "ma")),
        ({"event": "page_view", "user_id": "u1", "context": NO}, (False, "event")),
        ({"event": "form_submit", "proof": "form", "email": ANN, "context": NO}, (True, "unsaid")),
        ({"event": "page_view", "user_id": "u1"}, (True, "unsaid")),
        ({"email": BOB, "anonymous_id": "b2"}, (True, "unsaid")),
        ({"email": ANN, "proof": "claim"}, (True, "unsaid")),
        ({"email": BOB, "anonymous_id": "b1", "proof": "claim"}, (True, "unsaid")),
        ({"anonymous_id": "b9"}, (True, "unsaid")),
    ],
)
def test_an_opt_out_counts_from_when_it_is_accepted(
    world: ConsentWorld, facts: dict[str, Any], expected: tuple[bool, str]
) -> None:
    """Whose it is, is decided as it will be when it is resolved; an empty box waits until then."""
    world.classify([TIE, OTHERS_TIE])
    accept(world, Happening("no", **{"event": "unsubscribe", "ts": START + timedelta(minutes=5)} | facts))
    assert world.rows("select 1 from identity.inbox")
    assert world.answer() == expected
    world.classify()
    if facts.get("proof") != "form":
        assert world.answer() == expected, "nothing changes when it is resolved"


def test_an_opt_in_counts_when_it_is_resolved_and_an_unresolved_opt_out_is_shown(world: ConsentWorld) -> None:
    world.follow(unsaid_may_mail=False)
    world.classify([TIE])
    accept(world, world.say(10, {"newsletter": True}))
    assert world.answer() == (False, "unsaid")
    world.classify()
    assert world.answer() == (True, "event")
    accept(world, world.act("unsubscribe", 20))
    assert world.answer() == (False, "ma")
    said = [statement.word for statement in list_statements(world.connection, world.lead())]
    assert said == ["opt_in", "opt_out"]
