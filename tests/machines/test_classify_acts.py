"""Which acts are a machine's: each signal at its bound, by hand."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.machines.allow_acts import allow_acts, disallow_acts, list_allowed
from tests.machines.conftest import LATER, START, MailWorld
from tests.scoring.oracle import Happening
from tests.shipped import change

pytestmark = pytest.mark.uncommitted


def test_two_links_of_one_mail_within_a_second_are_worth_nothing(world: MailWorld) -> None:
    world.classify(
        [
            world.act("mail_click", 0, link="https://x.example/a", event_id="a"),
            world.act("mail_click", 1, link="https://x.example/b", event_id="b"),
            world.act("mail_click", 2.001, link="https://x.example/c", event_id="c"),
        ]
    )
    assert world.signals() == {"a": "same_moment", "b": "same_moment"}
    assert world.counted() == {"c": 3}


def test_late_evidence_takes_the_points_back_with_its_reason(world: MailWorld) -> None:
    world.classify([world.act("mail_click", 0, link="https://x.example/a", event_id="a")])
    assert world.counted() == {"a": 3}
    world.classify([world.act("mail_click", 0.4, link="https://x.example/b", event_id="b")])
    assert world.counted() == {}
    assert world.rows("select kind, points, reason from scoring.ledger order by seq") == [
        ("rule", 3, "click"),
        (
            "correction",
            -3,
            "click: a machine's act: same_moment, another link of the same mail was fetched within 1 s",
        ),
    ]
    assert world.totals_differ() == []


def test_one_link_twice_is_a_double_click(world: MailWorld) -> None:
    link = "https://x.example/a"
    world.classify(
        [
            world.act("mail_click", 0, link=link, event_id="a"),
            world.act("mail_click", 0.2, link=link + "#top", event_id="b"),
        ]
    )
    assert world.signals() == {}


def test_two_mails_in_one_second_are_no_evidence(world: MailWorld) -> None:
    world.classify(
        [
            world.act("mail_click", 0, link="https://x.example/a", mail_id="m1"),
            world.act("mail_click", 0.1, link="https://x.example/b", mail_id="m2"),
        ]
    )
    assert world.signals() == {}


def test_an_act_through_a_mail_waits_before_it_counts(world: MailWorld) -> None:
    act = world.act("mail_click", 0, link="https://x.example/a", event_id="a")
    almost = START + timedelta(seconds=9.9)
    world.classify([act], now=almost)
    assert world.counted() == {}
    world.classify(now=almost)
    assert world.counted() == {}
    world.classify(now=START + timedelta(seconds=10))
    assert world.counted() == {"a": 3}
    assert world.rows("select is_live, lane from scoring.ledger") == [(True, 0)]
    world.classify(now=LATER)
    assert world.rows("select count(*) from machines.waiting_acts") == [(0,)]


#: A link, and what is told of the act beside it: seconds after the first, event, facts.
A, B = "https://x.example/a", "https://x.example/b"


@pytest.mark.parametrize(
    ("acts", "machines"),
    [
        # Whole seconds: the first second is :00, so these acts begin 0.75 s after the start.
        ([(0.75, "mail_click", {"link": A}), (0.75, "mail_click", {"link": B})], {"0", "1"}),
        ([(0.75, "mail_click", {"link": A}), (1.75, "mail_click", {"link": B})], set()),
        ([(0.75, "mail_click", {"link": A}), (0.75, "mail_click", {"link": A})], set()),
        ([(0.75, "mail_open", {}), (0.75, "mail_click", {"link": A})], set()),
        # One sender cuts, the other does not: still the same second.
        ([(0.75, "mail_click", {"link": A}), (1.7, "mail_click", {"link": B})], {"0", "1"}),
        ([(0.7, "mail_click", {"link": A}), (0.75, "mail_click", {"link": B})], set()),
        # An open and a click after it.
        ([(0, "mail_open", {}), (1, "mail_click", {"link": A})], {"0", "1"}),
        ([(0, "mail_open", {}), (1.001, "mail_click", {"link": A})], set()),
        ([(0, "mail_open", {}), (0, "mail_click", {"link": A})], set()),
        ([(0.1, "mail_open", {}), (0, "mail_click", {"link": A})], set()),
        # A trap link, and what lies beside it.
        ([(0, "mail_click", {"link": A, "trap": True})], {"0"}),
        ([(0, "mail_click", {"link": A, "trap": "true"}), (0.5, "mail_open", {})], {"0", "1"}),
        ([(0, "mail_click", {"link": A, "trap": False}), (0.5, "mail_open", {})], set()),
        # Without a mail's id, two such acts are compared; with one on one side only they are not.
        (
            [
                (0, "mail_click", {"link": A, "mail_id": None}),
                (0.5, "mail_click", {"link": B, "mail_id": None}),
            ],
            {"0", "1"},
        ),
        ([(0, "mail_click", {"link": A, "mail_id": None}), (0.5, "mail_click", {"link": B})], set()),
        # Right after the delivery; a delivery after the act is a wrong clock.
        ([(0, "mail_delivered", {}), (2.999, "mail_open", {})], {"1"}),
        ([(0, "mail_delivered", {}), (3, "mail_open", {})], set()),
        ([(0.1, "mail_delivered", {}), (0, "mail_open", {})], set()),
        ([(0, "mail_delivered", {"mail_id": "m2"}), (1, "mail_open", {})], set()),
        ([(0, "mail_open", {"delivered_at": "2026-03-01T09:00:00Z"})], {"0"}),
        ([(0, "mail_open", {"delivered_at": 1772355600})], {"0"}),
        ([(0, "mail_open", {"delivered_at": "2026-03-01T08:59:57Z"})], set()),
        ([(0, "mail_open", {"delivered_at": "2026-03-01T09:05:00Z"})], set()),
        ([(0, "mail_open", {"delivered_at": "2026-13-01T09:00:00Z"})], set()),
        ([(0, "mail_open", {"delivered_at": "yesterday"})], set()),
        # Marks of mail services.
        ([(0, "mail_open", {"sg_machine_open": True})], {"0"}),
        ([(0, "mail_open", {"sg_machine_open": False})], set()),
        ([(0, "mail_click", {"client-info": {"bot": "apple"}})], {"0"}),
        ([(0, "mail_click", {"client-info": {"bot": ""}})], set()),
        # User agents.
        ([(0, "mail_open", {"user_agent": "Mozilla/5.0"})], {"0"}),
        ([(0, "mail_open", {"user_agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"})], set()),
        ([(0, "mail_click", {"user_agent": "Slackbot-LinkExpanding 1.0"})], {"0"}),
        ([(0, "mail_click", {"user_agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})], set()),
        ([(0, "mail_click", {"ip": "192.0.2.77"}), (9, "mail_click", {"ip": "::ffff"})], {"0"}),
        ([(0, "mail_click", {"ip": "192.0.3.1"}), (9, "mail_click", {"ip": "of a person"})], set()),
        # Unsubscriptions.
        (
            [(0, "mail_click", {"link": A}), (0.3, "mail_click", {"link": B}), (0.6, "unsubscribe", {})],
            {"0", "1", "2"},
        ),
        (
            [
                (0, "mail_click", {"link": A}),
                (0.3, "mail_click", {"link": B}),
                (0.6, "unsubscribe", {"one_click": True}),
                (0.7, "unsubscribe", {"confirmed": True}),
            ],
            {"0", "1"},
        ),
        ([(0, "mail_click", {"link": A}), (0.6, "unsubscribe", {})], set()),
        ([(0, "unsubscribe", {"user_agent": "Mozilla/5.0", "one_click": "yes"})], set()),
        ([(0, "unsubscribe", {"user_agent": "Mozilla/5.0"})], {"0"}),
    ],
)
def test_each_signal_at_its_bound(
    world: MailWorld, acts: list[tuple[float, str, dict[str, Any]]], machines: set[str]
) -> None:
    own = ["192.0.2.0/24", "192.0.2.64/26"]
    networks = {"network": {"crawlers": False, "never": [], "networks": own}}
    world.classify(
        [
            world.act(event, seconds, event_id=str(place), **facts)
            for place, (seconds, event, facts) in enumerate(acts)
        ],
        settings=change(world.settings, signals=world.settings.signals.model_dump() | networks),
    )
    assert set(world.signals()) == machines
    assert world.totals_differ() == []


def test_one_link_for_five_people_of_a_company_within_five_seconds(world: MailWorld) -> None:
    def click(place: int, seconds: float, name: str = "") -> Happening:
        who = f"p{place}@buyer.example"
        return world.act("mail_click", seconds, who=who, link=A, event_id=name or str(place))

    world.classify([click(0, 0), click(1, 2), click(2, 4), click(3, 6)])
    world.classify([world.act("mail_click", 4, who="p9@gmail.com", link=A, event_id="free")])
    world.classify([click(0, -1, "again")])
    assert world.signals() == {}
    world.classify([click(4, 9)])
    # Within 5 s of the click at 4 s lie those of all five people; of any other, one is further away.
    assert world.signals() == {"2": "many_people"}
    assert world.counted().keys() == {"0", "1", "3", "4", "again", "free"}


def test_the_visit_of_a_machines_click_is_a_machines_until_it_shows_a_person(world: MailWorld) -> None:
    known = world.act("identify", -600, visitor="v1")
    clicks = [
        world.act("mail_click", 0, link=A, event_id="a"),
        world.act("mail_click", 0.5, link=B, event_id="b"),
    ]
    views = [
        world.act("page_view", 1.5, visitor="v1", person=False, event_id="view"),
        world.act("view_pricing", 10.5, visitor="v1", person=False, event_id="prices"),
        world.act("page_view", 10.6, visitor="v1", person=False, event_id="late"),
        world.act("page_view", -1, visitor="v1", event_id="early"),
    ]
    world.classify([known, *clicks, *views])
    assert world.signals() == {"a": "same_moment", "b": "same_moment", "view": "visit", "prices": "visit"}
    assert world.counted() == {"late": 5, "early": 5}
    # 30 minutes later is another visit.
    world.classify([world.act("page_view", 10.6 + 30 * 60 + 1, visitor="v1", person=True, event_id="next")])
    assert len(world.signals()) == 4


def test_a_sign_of_a_person_frees_the_visit_and_its_click(world: MailWorld) -> None:
    known = world.act("identify", -9000, visitor="v1")
    clicks = [
        world.act("mail_click", 0, link=A, event_id="a"),
        world.act("mail_click", 0.5, link=B, event_id="b"),
        world.act("mail_click", 0.7, link="https://x.example/c", event_id="c"),
    ]
    view = world.act("page_view", 1.5, visitor="v1", person=False, event_id="view")
    world.classify([known, clicks[2], view])
    assert world.counted() == {"c": 3, "view": 5}
    world.classify(clicks[:2])
    assert set(world.signals()) == {"a", "b", "c", "view"}
    assert world.counted() == {}
    world.classify([world.act("page_view", 200, visitor="v1", person=True, event_id="read")])
    assert world.signals() == {"a": "same_moment", "b": "same_moment"}
    assert world.counted() == {"c": 3, "view": 5, "read": 5}
    reasons = world.rows("select reason from scoring.ledger where kind = 'correction' and points > 0")
    assert {reason for (reason,) in reasons} == {
        "click: not a machine's after all, the visit shows a person",
        "page: not a machine's after all, the visit shows a person",
    }


def test_an_open_is_freed_with_its_click(world: MailWorld) -> None:
    """A person whose images load when they click: open and click within a second, and then they read."""
    acts = [
        world.act("identify", -9000, visitor="v1"),
        world.act("mail_open", 0, event_id="open"),
        world.act("mail_click", 0.8, link=A, event_id="click"),
        world.act("page_view", 2, visitor="v1", person=False),
        world.act("view_pricing", 60, visitor="v1", person=True),
    ]
    world.classify(acts)
    assert world.signals() == {}


def test_a_signal_that_is_null_is_off_and_a_changed_file_classifies_all_acts_again(world: MailWorld) -> None:
    world.classify(
        [
            world.act("mail_click", 0, link=A, event_id="a"),
            world.act("mail_click", 0.5, link=B, event_id="b"),
        ]
    )
    assert len(world.signals()) == 2
    none = dict.fromkeys(type(world.settings.signals).model_fields)
    world.classify(settings=change(world.settings, signals=none))
    assert world.signals() == {}
    assert world.counted() == {"a": 3, "b": 3}
    world.classify()
    assert world.counted() == {}


def test_an_allowed_company_and_an_allowed_mail_count(world: MailWorld) -> None:
    connection = world.connection
    world.classify(
        [
            world.act("mail_click", 0, link=A, event_id="a"),
            world.act("mail_click", 0.5, link=B, event_id="b"),
            world.act("mail_click", 0, who="bob@other.example", link=A, mail_id="m2", event_id="c"),
            world.act("mail_click", 0.5, who="bob@other.example", link=B, mail_id="m2", event_id="d"),
        ]
    )
    given: dict[str, Any] = {"by": "ops", "reason": "asked them", "now": LATER}
    assert allow_acts(connection, kind="company", value="buyer.example", **given) == 1
    world.classify()
    assert set(world.signals()) == {"c", "d"}
    assert allow_acts(connection, kind="mail", value="m2", **given) == 1
    assert allow_acts(connection, kind="mail", value="m2", **given) == 0
    world.classify()
    assert world.signals() == {}
    assert world.counted() == dict.fromkeys("abcd", 3)
    assert [row.value for row in list_allowed(connection)] == ["buyer.example", "m2"]
    assert disallow_acts(connection, kind="company", value="buyer.example") == 1
    assert disallow_acts(connection, kind="company", value="buyer.example") is None
    world.classify()
    assert set(world.signals()) == {"a", "b"}
