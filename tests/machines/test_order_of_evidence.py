"""Evidence in any order, in any pieces, after points, after a merge, after a split, in a backfill, twice."""

from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.identity.find_lead import find_lead
from leadops.identity.split_leads import split_leads
from leadops.lanes import Lane
from leadops.scoring.scoring_inbox import enqueue_every_lead
from tests.machines.conftest import LATER, START, MailWorld
from tests.promises import promise_examples
from tests.scoring.oracle import Happening
from tests.shipped import change

ANN, HOME, BOB = "ann@buyer.example", "ann@home.example", "bob@buyer.example"
#: Ann's two addresses and Bob; Ann's browser, and what ties her addresses.
TIES = [
    {"event": "identify", "seconds": -9000, "who": ANN, "visitor": "v1", "user_id": "u"},
    {"event": "identify", "seconds": -9000, "who": HOME, "visitor": "v2", "user_id": "u"},
]
EVENTS = ("mail_open", "mail_click", "mail_click", "unsubscribe", "mail_delivered", "page_view")
#: Most acts hold neither.
TRAPS = st.sampled_from([None, None, None, None, True])
AGENTS = st.sampled_from([None, None, None, None, "Slackbot-LinkExpanding 1.0"])


@st.composite
def acts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Deliveries, opens, clicks, visits and unsubscriptions of three addresses within some seconds."""
    made = []
    for _ in range(draw(st.integers(1, 9))):
        event = draw(st.sampled_from(EVENTS))
        act: dict[str, Any] = {
            "event": event,
            "seconds": draw(st.sampled_from([0, 0.5, 0.75, 1.75, 3, 12, 100])),
            "who": draw(st.sampled_from([ANN, HOME, BOB])),
        }
        if event == "page_view":
            act |= {"visitor": draw(st.sampled_from(["v1", "v2"])), "person": draw(st.booleans())}
        elif event == "mail_click":
            act |= {"link": draw(st.sampled_from(["/a", "/b", "/c"])), "trap": draw(TRAPS)}
        if event != "page_view":
            act |= {"mail_id": draw(st.sampled_from(["m1", "m1", "m2", None])), "user_agent": draw(AGENTS)}
        made.append(act)
    return made


def make(world: MailWorld, act: dict[str, Any], name: str) -> Happening:
    facts = dict(act)
    user_id = facts.pop("user_id", None)
    happening = world.act(facts.pop("event"), facts.pop("seconds"), event_id=name, **facts)
    return Happening(**{**happening.__dict__, "user_id": user_id})


def split(world: MailWorld) -> None:
    world.resolve(now=LATER)
    lead = find_lead(world.connection, HOME).lead_id
    split_leads(
        world.connection, settings=world.identity, reason="two", by="ops", now=LATER, lead=lead, merge_id=None
    )


def outcome(world: MailWorld) -> dict[str, Any]:
    assert world.totals_differ() == []
    assert world.rows("select * from machines.waiting_acts") == []
    awarded = world.rows(
        "select lead_id, event_seq, rule from scoring.ledger where kind = 'rule'"
        " group by 1, 2, 3 having count(*) > 1"
    )
    assert awarded == []
    unmarked = world.rows(
        "select event_seq from identity.resolved_events join cdp.events on seq = event_seq"
        " where coalesce(is_mail_act, false) <> (event like 'mail%%' or event = 'unsubscribe')"
    )
    assert unmarked == []
    return {"signals": world.signals(), "points": world.counted()}


@settings(
    max_examples=promise_examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=acts(), seed=st.integers(0, 10_000), is_split=st.booleans())
def test_the_end_is_that_of_all_evidence_known_from_the_start(
    world: MailWorld, acts: list[dict[str, Any]], seed: int, is_split: bool
) -> None:
    # Ann and Bob are many people of their company.
    signals = world.settings.signals.model_dump() | {"many_people": {"people": 2, "seconds": 5}}
    world.settings = change(world.settings, signals=signals)
    world.clear()
    everything = [make(world, act, f"e{place}") for place, act in enumerate([*TIES, *acts])]
    world.classify(everything)
    if is_split:
        split(world)
        world.classify()
    wanted = outcome(world)

    world.clear()
    random = Random(seed)
    random.shuffle(everything)
    pending, was_split = list(everything), False
    while pending or (is_split and not was_split):
        step = random.random()
        ties = {happening.event_id for happening in pending} & {"e0", "e1"}
        if is_split and not was_split and not ties and (step < 0.3 or not pending):
            split(world)
            was_split = True
        elif step < 0.15 and pending != everything:
            with world.connection.transaction():
                enqueue_every_lead(world.connection)
            world.score_all(lane=Lane.BACKFILL)
        else:
            size = random.randint(1, 3)
            world.accept(pending[:size], received_at=START)
            del pending[:size]
            if random.random() < 0.7:
                world.classify()
    world.classify()
    assert outcome(world) == wanted
    world.classify()
    with world.connection.transaction():
        enqueue_every_lead(world.connection)
    rows = world.rows("select count(*) from scoring.ledger")
    world.classify()
    assert world.rows("select count(*) from scoring.ledger") == rows, "once more changes nothing"
