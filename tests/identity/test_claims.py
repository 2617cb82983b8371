"""Events without proof: what they may do, and what they never may."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from leadops.events.event_store import insert_admitted
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.lifecycle.qualify import qualify_leads
from leadops.subscribers import SUBSCRIBERS
from tests.scoring.conftest import NOW, World, at
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, change, make_rules

#: 7 points for a page, 20 for prices; of a lead that is only claimed, 10 at most.
RULES = make_rules(
    behaviour=[
        {"name": "page", "event": "page_view", "points": 7},
        {"name": "prices", "event": "view_pricing", "points": 20},
    ],
    fit=[{"name": "big", "trait": "employees", "points": 30, "when": {"at_least": 100}}],
    claims_cap=10,
)


def claim(name: str, event: str = "page_view", minutes: float = 0, **fields: Any) -> Happening:
    return Happening(name, event, at(minutes), **fields, proof="claim")


def proven(name: str, event: str = "page_view", minutes: float = 0, **fields: Any) -> Happening:
    return Happening(name, event, at(minutes), **fields, proof="verified")


def scores(world: World) -> dict[str, int]:
    return dict(world.rows("select email, total from scoring.scores join identity.leads using (lead_id)"))


def states(world: World) -> dict[str, bool]:
    return dict(world.rows("select email, only_claimed from identity.leads"))


def run(world: World, *happenings: Happening) -> None:
    world.run(RULES, happenings)


def test_an_outsider_joins_no_leads(world: World) -> None:
    run(world, proven("a", email="ann@x.example", user_id="u-ann"), proven("b", email="bob@x.example"))
    run(
        world,
        claim("c", "identify", email="ann@x.example", user_id="made-up"),
        claim("d", "identify", email="bob@x.example", user_id="made-up"),
        claim("e", "identify", email="bob@x.example", user_id="u-ann"),
    )
    assert world.owners() == {"a": "ann@x.example", "b": "bob@x.example"}
    assert world.rows("select * from identity.people") == []
    assert world.rows("select * from identity.sightings") == []
    assert scores(world) == {"ann@x.example": 7, "bob@x.example": 7}
    assert world.rows("select reason, count(*) from identity.claims group by 1") == [("proven_lead", 3)]


def test_a_claim_changes_nothing_that_is_known_of_a_lead(world: World) -> None:
    run(world, proven("a", "identify", email="ann@x.example", properties={"employees": 5}))
    before = world.rows("select * from identity.traits order by trait"), scores(world)
    facts = {"employees": 5000, "website": "https://evil.example", "enrichment_id": "e-1"}
    run(world, claim("b", "identify", minutes=9, email="ann@x.example", properties=facts))
    run(world, claim("c", "view_pricing", minutes=9, email="ann@x.example", anonymous_id="outsider"))
    assert (world.rows("select * from identity.traits order by trait"), scores(world)) == before
    assert world.rows("select kind from identity.aliases") == [("email",)]
    assert world.rows("select count(*) from identity.accounts") == [(0,)]


def test_an_outsider_cannot_tie_a_browser_to_a_lead(world: World) -> None:
    run(world, proven("a", email="ann@x.example", user_id="u-ann"))
    run(world, claim("b", "identify", email="ann@x.example", user_id="u-ann", anonymous_id="outsider"))
    run(world, *(claim(f"v{n}", "view_pricing", anonymous_id="outsider") for n in range(5)))
    assert world.owners() == {"a": "ann@x.example"}
    assert scores(world) == {"ann@x.example": 7}


def test_what_a_proven_browser_does_counts(world: World) -> None:
    run(world, claim("before", anonymous_id="anns"))
    run(world, proven("a", "identify", email="ann@x.example", user_id="u-ann", anonymous_id="anns"))
    run(world, claim("after", "view_pricing", anonymous_id="anns"))
    facts = {"employees": 400}
    run(world, claim("same", "identify", email="ann@x.example", anonymous_id="anns", properties=facts))
    assert world.owners() == dict.fromkeys(("before", "a", "after", "same"), "ann@x.example")
    assert scores(world) == {"ann@x.example": 7 + 20 + 30}
    assert world.rows("select * from identity.claims") == []


def test_another_address_in_a_proven_browser_is_of_neither(world: World) -> None:
    run(world, proven("a", email="ann@x.example", anonymous_id="anns"), proven("b", email="bob@x.example"))
    run(world, claim("c", "view_pricing", email="bob@x.example", anonymous_id="anns"))
    run(world, claim("d", "view_pricing", email="new@x.example", anonymous_id="anns"))
    assert world.owners() == {"a": "ann@x.example", "b": "bob@x.example"}
    assert scores(world) == {"ann@x.example": 7, "bob@x.example": 7, "new@x.example": 10}


def test_a_lead_of_claims_alone_is_marked_and_capped(world: World) -> None:
    run(
        world,
        claim("a", "identify", email="ann@x.example", anonymous_id="b-1", properties={"employees": 900}),
        claim("v1", anonymous_id="b-1", minutes=1),
        claim("v2", anonymous_id="b-1", minutes=2),
    )
    assert states(world) == {"ann@x.example": True}
    assert world.owners() == {}
    assert scores(world) == {"ann@x.example": 10}
    assert world.rows("select reason, points from scoring.ledger order by seq") == [
        ("page: only a claim says so", 7),
        ("page: only a claim says so", 3),
    ]
    assert world.rows("select trait from identity.traits") == [("email_domain",)]
    (payload,) = world.rows("select payload from delivery.outbox")
    assert payload == ({"email": "ann@x.example", "externalId": "1"},)
    run(world, claim("v3", "view_pricing", anonymous_id="b-1", minutes=3))  # a later minute adds nothing
    assert scores(world) == {"ann@x.example": 10}
    assert not world.totals_differ()


def test_proof_that_comes_later_takes_back_what_only_claims_said(world: World) -> None:
    run(world, claim("a", email="ann@x.example", anonymous_id="outsider"))
    run(world, claim("v", "view_pricing", anonymous_id="outsider"))
    assert scores(world) == {"ann@x.example": 10}
    run(world, proven("p", email="ann@x.example", minutes=5, properties={"firstName": "Ann"}))
    assert states(world) == {"ann@x.example": False}
    assert world.owners() == {"p": "ann@x.example"}
    assert scores(world) == {"ann@x.example": 7}
    assert world.points() == {("ann@x.example", "p", "page"): 7}
    taken_back = world.rows(
        "select reason from scoring.ledger where kind = 'correction' group by 1 order by 1"
    )
    assert taken_back == [
        ("page: only a claim says so, and the lead is proven now",),
        ("prices: only a claim says so, and the lead is proven now",),
    ]
    assert world.rows("select first_event_seq, event_seq from identity.leads, identity.aliases") == [(3, 3)]
    assert world.rows("select idempotency_key, payload ->> 'firstName' from delivery.outbox order by 1") == [
        ("ma-lead-1", None),
        ("ma-lead-1-proven", "Ann"),
    ]
    assert not world.totals_differ()


def test_of_two_proofs_at_once_the_first_makes_the_lead(world: World) -> None:
    run(world, claim("a", email="ann@x.example", anonymous_id="outsider"))
    world.accept(
        proven(name, email="ann@x.example", minutes=5, properties={"firstName": first})
        for name, first in (("p1", "Ann"), ("p2", "Bea"))
    )
    world.connection.execute("update identity.inbox set lane = 1 where event_seq = 3")
    world.resolve()
    assert world.rows("select first_event_seq, event_seq from identity.leads, identity.aliases") == [(2, 2)]
    assert world.rows(
        "select payload ->> 'firstName', lane from delivery.outbox where idempotency_key like '%%proven'"
    ) == [("Ann", 0)]
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def only_claimed_ann(world: World) -> None:
    """Ann, of whom an outsider says that she looked at prices: 10 points, as much as claims may give."""
    run(world, claim("a", "identify", email="ann@x.example", anonymous_id="outsider"))
    run(world, claim("v", "view_pricing", anonymous_id="outsider"))
    assert (states(world), scores(world)) == ({"ann@x.example": True}, {"ann@x.example": 10})


def qualify(world: World, *, claims: bool = False, behaviour: int = 10) -> int:
    """Qualify by a contract that asks for `behaviour` points; return how many became MQL."""
    wanted = {"fit": 0, "behaviour": behaviour, "total": None, "claims": claims}
    versions = [change(version, mql=change(version.mql, **wanted)) for version in SHIPPED.kpi.versions]
    result = qualify_leads(
        world.connection,
        contract=SHIPPED.kpi.model_copy(update={"versions": versions}),
        subscribers=SUBSCRIBERS,
        fold_case=True,
        now=NOW,
    )
    world.connection.commit()
    return result.mql


def test_a_lead_of_claims_is_mql_only_where_the_contract_says_so(world: World) -> None:
    only_claimed_ann(world)
    assert qualify(world) == 0
    assert qualify(world, claims=True, behaviour=11) == 0
    assert qualify(world, claims=True) == 1
    assert qualify(world, claims=True) == 0


def test_an_import_proves_a_lead_as_if_it_were_new(world: World) -> None:
    only_claimed_ann(world)
    first_contact = NOW - timedelta(days=30)
    row = ImportedLead("crm-7", "ann@x.example", first_contact, campaign="fair", source="trade")
    imported = import_leads(world.connection, [row], now=NOW)
    world.connection.commit()
    assert imported.lead_ids == [1]
    run(world)
    assert (states(world), scores(world)) == ({"ann@x.example": False}, {"ann@x.example": 0})
    assert world.rows("select created_at, first_event_seq, campaign, source from identity.leads") == [
        (first_contact, None, "fair", "trade")
    ]
    assert world.rows("select kind, event_seq from identity.aliases order by 1") == [
        ("crm_id", None),
        ("email", None),
    ]
    assert qualify(world) == 0
    run(world, proven("p", "view_pricing", email="ann@x.example", minutes=5))
    assert scores(world) == {"ann@x.example": 20}
    assert qualify(world) == 1
    assert not world.totals_differ()
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def test_a_form_proves_a_lead_as_if_it_were_new(world: World) -> None:
    only_claimed_ann(world)
    form = replace(proven("form", "view_pricing", email="ann@x.example", minutes=5), proof="form")
    world.accept([form])
    (seq,) = (row[0] for row in world.rows("select seq from cdp.events where event_id = 'form'"))
    later = NOW + timedelta(minutes=6)
    made = "select identity.get_or_create_lead('ann@x.example', seq, ts, event_id, %s) from cdp.events"
    assert world.rows(f"{made} where event_id = 'form'", later) == [(1,)]
    assert states(world) == {"ann@x.example": False}
    assert world.rows("select created_at, first_event_seq, is_from_form from identity.leads") == [
        (later, seq, True)
    ]
    run(world)
    assert world.owners() == {"form": "ann@x.example"}
    assert scores(world) == {"ann@x.example": 20}
    assert world.points() == {("ann@x.example", "form", "prices"): 20}
    assert world.rows("select event_id from identity.traits") == [("form",)]
    assert qualify(world, behaviour=20) == 1
    assert not world.totals_differ()
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def send_proven(world: World, name: str, event: str, **fields: Any) -> None:
    """Let a server send the event `name`, as the gateway stores it."""
    row: dict[str, Any] = {"position": 0, "event_id": name, "event": event, "ts": at(5).isoformat()}
    row |= {"anonymous_id": None, "user_id": None, "email": None, "payload": {}, "is_history": False}
    sent = row | fields | {"proof": "write_key"}
    assert insert_admitted(world.connection, [sent], now=NOW) == 1
    assert insert_admitted(world.connection, [sent], now=NOW) == 0
    world.connection.commit()


@pytest.mark.parametrize("resolved", [True, False], ids=["after it counted", "before it was resolved"])
def test_the_server_has_the_id_that_a_claim_took(world: World, resolved: bool) -> None:
    if resolved:
        only_claimed_ann(world)
    else:
        world.accept(
            [
                claim("a", "identify", email="ann@x.example", anonymous_id="outsider"),
                claim("v", "view_pricing", anonymous_id="outsider"),
            ]
        )
    send_proven(world, "v", "view_pricing", email="bob@x.example")
    run(world)
    assert states(world) == {"ann@x.example": True, "bob@x.example": False}
    assert world.owners() == {"v": "bob@x.example"}
    assert {email: total for email, total in scores(world).items() if total} == {"bob@x.example": 20}
    taken_back = world.rows("select points, reason from scoring.ledger where kind = 'correction'")
    assert taken_back == ([(-10, "prices: an event with more proof has its event_id")] if resolved else [])
    assert world.rows("select event_seq, event ->> 'anonymous_id' from cdp.replaced_events") == [
        (2, "outsider")
    ]
    assert not world.totals_differ()
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def test_a_browser_whose_claim_lost_its_id_gives_that_lead_nothing(world: World) -> None:
    only_claimed_ann(world)
    send_proven(world, "a", "page_view", email="bob@x.example")
    run(world)
    assert {email: total for email, total in scores(world).items() if total} == {"bob@x.example": 7}
    assert world.rows("select * from identity.claims") == []
    assert world.rows("select * from identity.claimed_events") == []
    assert not world.totals_differ()


def test_proof_that_ties_the_browser_makes_its_claims_count(world: World) -> None:
    facts = {"employees": 400}
    run(world, claim("a", "identify", email="ann@x.example", anonymous_id="anns", properties=facts))
    run(world, claim("v", "view_pricing", anonymous_id="anns"))
    run(world, claim("o", "view_pricing", email="ann@x.example", anonymous_id="outsider"))
    assert scores(world) == {"ann@x.example": 10}
    run(world, proven("p", email="ann@x.example", anonymous_id="anns", minutes=5))
    assert world.owners() == dict.fromkeys(("a", "v", "p"), "ann@x.example")
    assert scores(world) == {"ann@x.example": 20 + 7 + 30}
    assert world.rows("select event_id from identity.claims join cdp.events on seq = event_seq") == [("o",)]


def test_a_browser_that_proves_to_be_anothers_leaves_the_lead_it_claimed(world: World) -> None:
    run(world, claim("a", email="ann@x.example", anonymous_id="b-1"), claim("v", anonymous_id="b-1"))
    run(world, proven("p", email="bob@x.example", anonymous_id="b-1"))
    assert world.owners() == {"p": "bob@x.example", "v": "bob@x.example"}
    assert scores(world) == {"ann@x.example": 7, "bob@x.example": 14}
    assert not world.totals_differ()


def test_the_first_lead_that_a_browser_claims_has_its_events(world: World) -> None:
    run(world, *(claim(f"c{n}", "identify", email=f"l{n}@x.example", anonymous_id="b-1") for n in range(3)))
    run(world, claim("v", anonymous_id="b-1"))
    assert scores(world) == {"l0@x.example": 7}


def test_claims_use_up_no_guard(world: World) -> None:
    world.identity = change(world.identity, emails_per_identifier=1, identifiers_per_lead=1)
    run(world, proven("a", email="ann@x.example", user_id="u-ann"))
    run(world, *(claim(f"c{n}", email=f"l{n}@x.example", user_id="u-ann") for n in range(4)))
    run(world, *(claim(f"d{n}", email="ann@x.example", anonymous_id=f"b-{n}") for n in range(4)))
    assert world.rows("select * from identity.violations") == []
    run(world, proven("z", user_id="u-ann"))
    assert world.owners() == {"a": "ann@x.example", "z": "ann@x.example"}


def test_a_site_signs_no_enrichment_id(world: World) -> None:
    properties = {"enrichment_id": "of-ann"}
    run(
        world,
        replace(proven("a", "identify", email="ann@x.example", properties=properties), proof="write_key"),
    )
    run(world, proven("b", "identify", email="bob@x.example", properties=properties))
    assert world.rows("select * from identity.people") == []


def test_the_old_way_is_a_setting(world: World) -> None:
    world.identity = change(SHIPPED.identity, trust_claims=True)
    run(world, claim("a", email="ann@x.example", user_id="u"), claim("b", email="bob@x.example", user_id="u"))
    assert states(world) == {"ann@x.example": False, "bob@x.example": False}
    assert len(world.rows("select * from identity.people")) == 2
    assert world.rows("select * from identity.claims") == []


STORY = (
    claim("c1", "identify", email="ann@x.example", anonymous_id="anns"),
    claim("c2", "view_pricing", email="ann@x.example", anonymous_id="outsider"),
    claim("v1", anonymous_id="anns", minutes=1),
    proven("p1", "identify", email="ann@x.example", user_id="u-ann", anonymous_id="anns", minutes=2),
    proven("p2", email="bob@x.example", minutes=3),
    claim("c3", "identify", email="bob@x.example", anonymous_id="anns", minutes=4),
    claim("c4", "identify", email="new@x.example", user_id="u-ann", minutes=5),
)


@pytest.mark.parametrize("order", [STORY, STORY[::-1], *list(permutations(STORY))[700:4900:1000]])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_how_runs_are_cut_decides_nothing(world: World, order: tuple[Happening, ...], limit: int) -> None:
    def outcome() -> tuple[Any, ...]:
        assert compare_rebuilt(world.connection, settings=world.identity).differences == {}
        assert not world.totals_differ()
        return (
            world.owners(),
            world.points(),
            world.rows("select lead_id, email, only_claimed, first_event_seq from identity.leads order by 1"),
            world.rows("select event_seq, lead_id from identity.claims order by 1"),
            world.rows("select event_seq, lead_id from identity.claimed_events order by 1"),
        )

    world.accept(order)
    world.resolve()
    world.score(RULES)
    whole = outcome()
    world.clear()
    world.accept(order)
    world.resolve(limit=limit, now=NOW)
    world.score(RULES)
    assert outcome() == whole
