"""Which acts are a machine's: each signal at its bound, by hand."""

from datetime import timedelta

from tests.machines.conftest import LATER, START, MailWorld


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
