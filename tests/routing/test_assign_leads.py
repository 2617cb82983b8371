"""Who gets a lead, where it waits, and where it moves on to."""

from typing import Any

import pytest

from tests.routing.conftest import Office, everybody, rules


def test_a_new_mql_gets_an_owner_once(office: Office) -> None:
    office.rep("a")
    office.mql(1)
    assert office.assign().assigned == 1
    assert office.assign(1).assigned == 0
    assert office.story() == [("a", "share", "mql")]
    assert office.wanted() == [("crm-set-owner-1-1-1", "a", 0)]


def test_region_industry_and_language_come_first(office: Office) -> None:
    office.rules = rules()
    office.rep("kanto")
    office.rep("kansai", regions=["Kansai"])
    office.rep("berlin", regions=["EMEA"], languages=["de", "en"], zone="Europe/Berlin")
    office.rep("steel", industries=["manufacturing"])
    office.mql(1, country="jp", region="KANTO ", industry="Software")
    office.mql(2, country="DE", industry="software")
    office.mql(3, country="JP", region="Kanto", industry="farming")
    office.assign(6 * 60)  # 16:00 in Tokyo, 09:00 in Berlin
    assert [office.owner(lead) for lead in (1, 2, 3)] == ["kanto", "berlin", "steel"]
    assert office.passed_over(1) == {
        "berlin": "does not cover region KANTO , language ja",
        "kansai": "does not cover region KANTO ",
        "steel": "does not cover industry Software",
    }
    assert office.passed_over(3)["kanto"] == "had 1 leads lately, weight 1"


def test_a_rule_that_waits_keeps_the_lead_from_the_next_rules(office: Office) -> None:
    office.rules = rules(
        rules=[
            {"name": "vip", "when": {"campaign": ["summit"]}, "reps": ["a"], "if_nobody": "wait"},
            {"name": "rest"},
        ]
    )
    office.rep("a", capacity_per_day=0)
    office.rep("b")
    office.mql(1, campaign="Summit")
    office.mql(2)
    office.assign()
    assert (office.owner(1), office.owner(2)) == ("sales", "b")
    office.rules = rules(
        rules=[
            {"name": "vip", "when": {"campaign": ["summit"]}, "reps": ["a"], "if_nobody": "next"},
            {"name": "rest"},
        ]
    )
    office.assign(1)
    assert office.owner(1) == "b"


@pytest.mark.parametrize(
    ("changes", "minute", "why"),
    [
        ({"away": [{"from": "2026-05-30", "to": "2026-06-01"}]}, 0, "is away"),
        ({"zone": "Europe/Berlin"}, 0, "does not work now"),
        ({}, 12 * 60, "does not work now"),
        ({}, 5 * 24 * 60, "does not work now"),  # Saturday
        ({"capacity_per_day": 0}, 0, "has had 0 leads today, capacity 0"),
        ({"zone": "Mars"}, 0, "profile cannot be read: zone is not an IANA time zone"),
        ({"away": [{"from": "soon"}]}, 0, "profile cannot be read: an away date is not from and to"),
    ],
)
def test_who_cannot_take_it_is_passed_over_with_the_reason(
    office: Office, changes: dict[str, Any], minute: float, why: str
) -> None:
    office.rep("a", **changes)
    office.mql(1)
    office.assign(minute)
    assert office.story()[0][1] == "queue"
    assert office.passed_over() == {"a": why}


def test_a_public_holiday_is_one_in_the_zone_of_the_salesperson(office: Office) -> None:
    office.rep("a")  # 2026-07-20 is Marine Day in Japan, and a Monday
    office.rep("b", zone="Asia/Singapore")
    office.mql(1, 49 * 24 * 60)
    office.assign(49 * 24 * 60)
    assert office.owner() == "b"
    assert office.passed_over() == {"a": "does not work now"}


def test_capacity_is_counted_by_the_salespersons_own_day(office: Office) -> None:
    office.rep("a", capacity_per_day=1)
    for lead in (1, 2):
        office.mql(lead)
    assert office.assign().queued == 1
    assert office.owner(2) == "sales"
    office.assign(13.9 * 60 + 0)  # 23:54 in Tokyo
    assert office.owner(2) == "inside-sales"
    office.assign(23 * 60)  # 09:00 in Tokyo
    assert office.owner(2) == "a"
    assert office.story(2) == [
        ("sales", "queue", "mql"),
        ("inside-sales", "queue", "queue"),
        ("a", "share", "queue"),
    ]


def test_a_queue_has_its_own_clock_of_working_time(office: Office) -> None:
    office.rep("a", capacity_per_day=0)
    office.mql(1, 7 * 60 + 50)  # 17:50
    office.assign(7 * 60 + 50)
    (alarm,) = office.rows("select alarm_at from routing.leads")[0]
    assert alarm == office.at(23 * 60 + 5), "ten minutes today, five tomorrow"


def test_after_hours_inside_sales_and_the_bot_have_it(office: Office) -> None:
    office.rules = everybody(after_hours={"name": "night", "bot": True, "owner_id": "desk"})
    office.rep("a")
    office.mql(1, 12 * 60)
    office.assign(12 * 60)
    assert office.owner() == "night"
    assert office.wanted() == [("crm-set-owner-1-1-1", "desk", 0), ("bot-take-over-1-1-1", None, 0)]
    assert office.rows("select count(*) from routing.notices") == [(1,)]
    office.assign(23 * 60)
    assert office.owner() == "a"
    assert office.wanted()[2:] == [("crm-set-owner-1-1-2", "a", 0)]


def test_a_lead_that_sales_took_unasked_leaves_the_queue(office: Office) -> None:
    office.rep("a", capacity_per_day=0)
    office.mql(1)
    office.mql(2)
    office.assign()
    office.did(1, "taken", 1, rep="b")
    office.did(2, "lost", 1)
    assert office.assign(2).closed == 2
    assert office.story(1)[-1] == ("b", "taken", "queue")
    assert office.story(2) == [("sales", "queue", "mql")]
    assert office.wanted() == []


def test_the_owner_of_the_account_stays(office: Office) -> None:
    office.rep("a", capacity_per_day=1)
    office.rep("b")
    office.mql(1, company="Acme K.K.")
    office.mql(2, 1, company="acme k.k. ")
    office.mql(3, 2, company="Other")
    office.assign(3)
    assert [office.owner(lead) for lead in (1, 2, 3)] == ["a", "a", "b"]
    assert office.story(2) == [("a", "account", "mql")]


def test_the_account_that_identity_knows_comes_before_the_companys_name(office: Office) -> None:
    for rep in "ab":
        office.rep(rep)
    office.mql(1, company="Acme")
    office.mql(2, 1, company="Acme Europe")
    office.mql(3, 2, company="Acme")
    office.connection.execute("update identity.leads set account_id = 7 where lead_id in (1, 2)")
    office.assign(3)
    assert [office.owner(lead) for lead in (1, 2, 3)] == ["a", "a", "b"]


def test_a_colleague_stands_in_for_the_owner_of_an_account(office: Office) -> None:
    office.rep("a")
    office.mql(1, company="Acme")
    office.assign()
    office.rep("b")
    office.rep("a", away=[{"from": "2026-06-01", "to": "2026-06-01"}])
    office.mql(2, 1, company="Acme")
    office.assign(1)
    assert (office.owner(2), office.passed_over(2)["a"]) == ("b", "is away")
    office.rep("a")
    office.mql(3, 2, company="Acme")
    office.assign(2)
    assert office.owner(3) == "a"


def test_an_account_whose_owner_has_left_gets_another(office: Office) -> None:
    office.rep("a")
    office.mql(1, company="Acme")
    office.assign()
    office.connection.execute("delete from crm.reps")
    office.rep("b")
    office.rep("c")
    for lead, minute in ((2, 1), (3, 2)):
        office.mql(lead, minute, company="Acme")
        office.assign(minute)
    assert [office.owner(lead) for lead in (2, 3)] == ["b", "b"]
    assert office.passed_over(2)["a"] == "owns the account, but has left"


def test_the_owner_of_a_lead_gets_its_next_cycle(office: Office) -> None:
    for rep in "ab":
        office.rep(rep)
    office.mql(1)
    office.assign()
    office.mql(1, 5, cycle=2)
    office.assign(5)
    assert office.story() == [("a", "share", "mql"), ("a", "account", "mql")]


def test_after_a_breach_it_moves_on_twice_and_no_further(office: Office) -> None:
    for rep in "abcd":
        office.rep(rep)
    office.mql(1)
    office.assign()
    office.wake(1)
    assert office.assign(10).moved_on == 1
    assert office.assign(39).moved_on == 0
    office.feed(35)
    assert office.assign(45).moved_on == 0, "the feed is not complete up to the thirtieth minute"
    office.feed(50)
    assert office.assign(50).moved_on == 1
    office.wake(1)
    office.feed(500)
    assert office.assign(400).moved_on == 0
    assert [row[0] for row in office.story()] == ["a", "b", "c"]
    assert [row[1] for row in office.wanted()] == ["a", "b", "c"]
    assert office.passed_over()["a"] == "had this lead before"


def test_a_contact_ends_the_moving_on(office: Office) -> None:
    for rep in "ab":
        office.rep(rep)
    office.mql(1)
    office.assign()
    office.wake(1)
    office.assign(10)
    office.did(1, "contact", 20)
    office.feed(60)
    assert office.assign(60).moved_on == 0
    assert office.rows("select recheck_at from routing.leads") == [(None,)]


def test_the_owner_keeps_it_until_somebody_else_is_free(office: Office) -> None:
    office.rep("a")
    office.mql(1)
    office.assign()
    office.wake(1)
    assert office.assign(10).moved_on == 0
    assert office.owner() == "a"
    office.rep("b")
    office.feed(12)
    assert office.assign(12).moved_on == 1
    assert office.owner() == "b"


def test_a_breach_in_the_queue_starts_the_next_owners_time(office: Office) -> None:
    office.rep("a", capacity_per_day=0)
    office.mql(1)
    office.assign()
    office.wake(1)
    office.assign(10)
    office.rep("a")
    office.rep("b")
    office.assign(20)
    assert office.owner() == "a"
    office.feed(60)
    office.assign(50)
    assert office.owner() == "b"


def test_quiet_leads_use_no_capacity_and_tell_nobody(office: Office) -> None:
    for rep in "ab":
        office.rep(rep, capacity_per_day=1)
    for lead in range(1, 7):
        office.mql(lead, quiet=True)
    office.mql(7)
    office.assign(12 * 60)  # at night
    assert sorted(office.owner(lead) or "" for lead in range(1, 7)) == list("aaabbb")
    assert office.owner(7) == "inside-sales"
    assert office.rows("select count(*) from routing.notices") == [(1,)]
    assert {lane for _, _, lane in office.wanted()} == {1}
    office.assign(24 * 60)
    assert office.owner(7) == "a"


def test_a_large_inbox_is_taken_in_parts(office: Office) -> None:
    office.rep("a", capacity_per_day=100)
    for lead in range(1, 6):
        office.mql(lead)
    assert office.assign(max_cycles=3).remaining is True
    assert office.assign(max_cycles=3).remaining is False
    assert office.rows("select count(*) from routing.leads where state = 'owned'") == [(5,)]


@pytest.mark.parametrize("is_waiting", [False, True])
def test_a_lead_that_no_rule_fits_goes_to_the_owner_its_account_gets_in_the_same_run(
    office: Office, is_waiting: bool
) -> None:
    """Leads 1 and 3 fit no rule; 4, of the same company, fits one; 2 is of a company without an owner."""
    office.rules = rules(rules=[{"name": "japan", "when": {"country": ["Japan"]}}])
    office.rep("a", capacity_per_day=3)
    office.rep("b", capacity_per_day=0)
    office.mql(1, company="Acme", country="Germany")
    office.mql(2, company="Other", country="Germany")
    office.mql(3, 1, company="ACME Inc.", country="Germany")
    if is_waiting:
        assert office.assign(2).queued == 3
    office.mql(4, 3, company="acme", country="Japan")
    result = office.assign(5)
    assert (result.assigned, result.to_account_owner, result.queued) == (3, 2, 0 if is_waiting else 1)
    assert [office.owner(lead) for lead in range(1, 5)] == ["a", "sales", "a", "a"]
    before = [("sales", "queue", "mql")] if is_waiting else []
    cause = "queue" if is_waiting else "mql"
    assert office.story(1) == office.story(3) == [*before, ("a", "account", cause)]
    order = office.rows(
        "select lead_id from routing.assignments where assigned_at = %s order by assignment_id", office.at(5)
    )
    assert [lead for (lead,) in order] == [4, 1, 3] + ([] if is_waiting else [2])
    result = office.assign(5)
    assert (result.assigned, result.queued, result.closed) == (0, 0, 0)


def test_the_second_look_keeps_to_the_capacity_of_the_accounts_owner(office: Office) -> None:
    office.rules = rules(
        rules=[{"name": "japan", "when": {"country": ["Japan"]}}], account_owner_beyond_capacity=False
    )
    office.rep("a", capacity_per_day=2)
    for lead in (1, 2):
        office.mql(lead, lead, company="Acme", country="Germany")
    office.mql(3, 3, company="Acme", country="Japan")
    assert office.assign(5).assigned == 2
    assert [office.owner(lead) for lead in (1, 2, 3)] == ["a", "sales", "a"]
    assert office.passed_over(2) == {"a": "owns the account, but has had 2 leads today, capacity 2"}
    assert office.assign(5).assigned == 0


def test_a_lead_that_sales_took_gives_its_account_to_leads_that_wait(office: Office) -> None:
    office.rules = rules(rules=[{"name": "japan", "when": {"country": ["Japan"]}}])
    office.rep("a")
    office.mql(1, company="Acme", country="Germany")
    office.mql(2, 1, company="Acme", country="Germany")
    office.did(2, "taken", 2, rep="a")
    assert office.assign(5).closed == 1
    assert [office.owner(lead) for lead in (1, 2)] == ["a", "a"]
    assert office.story(1) == [("a", "account", "mql")]
