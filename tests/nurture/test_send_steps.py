"""Which message goes out when, and what stops it: each with the answer worked out by hand."""

import pytest

from leadops.db import connect
from leadops.nurture.nurture_settings import NurtureSettings
from leadops.nurture.send_steps import send_due
from tests.nurture.programme_world import STEPS, VISIT, ProgrammeWorld, make_programme


def visit(world: ProgrammeWorld, text: str = "06-02 10:00", lead: int = 1) -> None:
    world.lead(lead)
    world.act(lead, world.at(text))


def test_the_steps_come_an_hour_later_the_next_morning_and_after_a_week(world: ProgrammeWorld) -> None:
    visit(world)
    assert world.run_until(world.at("06-12 10:00")) == {
        "1 first": world.at("06-02 11:00"),
        "1 second": world.at("06-03 09:00"),
        "1 third": world.at("06-09 10:00"),
    }
    assert world.members() == [(1, 1, "finished", None)]
    assert world.payloads()[0] == {
        "programme": "trial",
        "step": "first",
        "message_key": "m.first",
        "language": "en",
        "subject": "x",
        "preview": "y",
        "depth": None,
        "cycle": 1,
    }


def test_who_reads_japanese_gets_it_in_japanese(world: ProgrammeWorld) -> None:
    world.lead(1, country="JP")
    world.act(1)
    world.lead(2, country="DE")
    world.act(2, context={"locale": "ja-JP"})
    world.lead(3, country="DE")
    world.act(3)
    world.lead(4, country="jp")
    world.act(4, context={"locale": "?"})  # says no language
    world.run(world.at("06-02 17:00"))
    by_lead = dict(zip(world.queued(), [row["subject"] for row in world.payloads()], strict=True))
    assert by_lead == {"1 first": "あx", "2 first": "あx", "3 first": "x", "4 first": "あx"}


def test_what_is_due_at_night_goes_out_when_the_lead_may_be_awake(world: ProgrammeWorld) -> None:
    visit(world, "06-02 19:30")  # due at 20:30, in the quiet hours
    came = world.run_until(world.at("06-03 12:00"))
    assert came == {"1 first": world.at("06-03 08:00"), "1 second": world.at("06-03 09:00")}


def test_the_leads_own_clock_counts(world: ProgrammeWorld) -> None:
    world.lead(1)
    world.act(1, world.at("06-02 10:00"), context={"timezone": "America/New_York"})  # 21:00 there
    world.lead(2, country="DE")
    world.act(2, world.at("06-02 10:00"))  # 03:00 there
    came = world.run_until(world.at("06-03 23:30"))
    assert came["1 first"] == world.at("06-02 21:00")  # 08:00 in New York
    assert came["2 first"] == world.at("06-02 15:00")  # 08:00 in Berlin
    # The day after the visit: in New York that was 1 June, so 2 June 09:00; in Berlin 3 June 09:00.
    assert came["1 second"] == world.at("06-02 22:00")
    assert came["2 second"] == world.at("06-03 16:00")


@pytest.mark.parametrize(
    ("exit_", "reason"),
    [
        ("sal", "sal"),
        ("sql", "sal"),
        ("contact", "contacted"),
        ("won", "customer"),
        ("bounce", "bounced"),
        ("opt_out", "opt_out"),
        ("internal", "internal"),
        ("erased", "erased"),
    ],
)
def test_an_exit_is_read_at_the_moment_of_sending(world: ProgrammeWorld, exit_: str, reason: str) -> None:
    visit(world)
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    at = world.at("06-03 08:59")
    if exit_ == "contact":
        world.stage("mql", at)
        world.contact(at)
    elif exit_ == "bounce":
        world.act(1, at, "mail_bounced")
    elif exit_ == "opt_out":
        world.act(1, at, "unsubscribe")
    elif exit_ == "internal":
        world.connection.execute("insert into identity.uncounted_leads values (1, 'internal', 'x', %s)", [at])
    elif exit_ == "erased":
        world.connection.execute("update identity.leads set erased_at = %s", [at])
    else:
        world.stage("mql", at)
        world.stage(exit_, at)
    assert world.run_until(world.at("06-12 10:00")) == {}
    assert world.members() == [(1, 1, "exited", reason)]


@pytest.mark.parametrize(
    ("contact", "kind", "status", "goes_out"),
    [
        ("05-03 10:00", "call", None, False),  # 30 days before the visit of 2 June, 10:00: the last moment
        ("05-03 09:59", "call", None, True),
        ("06-02 10:59", "meeting", None, False),
        ("06-02 10:59", "status", "workingcontacted", False),
        ("06-02 10:59", "status", "open", True),
        ("06-02 10:59", "note", None, True),
    ],
)
def test_whom_sales_contacted_gets_nothing_mql_or_not(
    world: ProgrammeWorld, contact: str, kind: str, status: str | None, goes_out: bool
) -> None:
    visit(world)
    world.crm_activity(world.at(contact), kind, status)
    assert world.run(world.at("06-02 11:00")) == (["1 first"] if goes_out else [])
    assert world.members()[0][2:] == (("active", None) if goes_out else ("exited", "contacted"))


def test_what_sales_did_in_an_earlier_cycle_is_no_exit_unless_it_was_won(world: ProgrammeWorld) -> None:
    for lead in (1, 2):
        world.lead(lead)
        for stage, day in (("mql", "01-05"), ("sal", "01-06"), ("lost" if lead == 1 else "won", "01-30")):
            world.stage(stage, world.at(f"{day} 10:00"), lead)
        world.contact(world.at("01-06 10:00"), lead)
        world.act(lead, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    assert world.members() == [(1, 1, "active", None), (2, 1, "exited", "customer")]


@pytest.mark.parametrize("what", ["sal", "contact"])
def test_what_sales_did_while_the_membership_ran_counts_in_a_later_cycle_too(
    world: ProgrammeWorld, what: str
) -> None:
    visit(world)
    world.stage("mql", world.at("06-02 10:10"))
    if what == "sal":
        world.stage("sal", world.at("06-02 10:20"))
    else:
        world.contact(world.at("06-02 10:20"))
    world.stage("lost", world.at("06-02 10:30"))
    world.stage("mql", world.at("06-02 10:40"), cycle=2)
    assert world.run(world.at("06-02 11:00")) == []
    assert world.members() == [(1, 1, "exited", "sal" if what == "sal" else "contacted")]


def test_a_customers_colleague_leaves_where_the_programme_says_so(world: ProgrammeWorld) -> None:
    world.connection.execute(
        "insert into identity.accounts (account_id, domain, created_at) overriding system value"
        " values (7, 'x.example', now())"
    )
    for lead in (1, 2):
        world.lead(lead)
    world.connection.execute("update identity.leads set account_id = 7")
    world.stage("mql", world.at("05-01 10:00"), 2)
    world.stage("won", world.at("05-02 10:00"), 2)
    world.act(1, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == []
    assert world.members() == [(1, 1, "exited", "customer")]


def test_a_soft_bounce_or_a_mail_that_arrives_again_is_no_exit(world: ProgrammeWorld) -> None:
    visit(world)
    world.act(1, world.at("06-02 10:10"), "mail_bounced", type="soft")
    visit(world, lead=2)
    world.act(2, world.at("06-02 10:10"), "mail_bounced")
    world.act(2, world.at("06-02 10:20"), "mail_delivered")
    assert sorted(world.run(world.at("06-02 11:00"))) == ["1 first", "2 first"]


def test_an_exit_that_a_programme_does_not_name_does_not_count(world: ProgrammeWorld) -> None:
    world.set(trial={"exits": ["sal"]})
    world.enter(now=world.at("05-01 10:00"))
    visit(world)
    world.stage("mql", world.at("06-02 10:10"))
    world.contact(world.at("06-02 10:10"))
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    world.stage("sal", world.at("06-02 11:10"))
    assert world.run(world.at("06-03 09:00")) == []


def test_an_event_that_comes_a_week_late_gets_only_what_is_not_stale(world: ProgrammeWorld) -> None:
    world.lead(1)
    # It happened on 2 June 10:00: the first step was stale on 3 June 11:00, the second on 4 June 09:00.
    world.act(1, world.at("06-02 10:00"), received_at=world.at("06-09 11:00"))
    world.run(world.at("06-09 11:00"))
    assert world.sends() == {"1 first": "stale", "1 second": "stale", "1 third": "queued"}
    world.lead(2)
    # Of 9 June 10:00 + 2 days nothing is left.
    world.act(2, world.at("06-02 10:00"), received_at=world.at("06-11 10:00"))
    assert world.run(world.at("06-11 10:00")) == []
    assert [member[0] for member in world.members()] == [1]


def test_two_steps_never_come_at_once(world: ProgrammeWorld) -> None:
    world.lead(1)
    # At 09:30 the next day both are due, and neither is stale: the later one counts.
    world.act(1, world.at("06-02 10:00"), received_at=world.at("06-03 09:30"))
    assert world.run(world.at("06-03 09:30")) == ["1 second"]
    assert world.sends() == {"1 first": "overtaken", "1 second": "queued"}


def test_history_machines_claims_and_our_own_people_enter_nothing(world: ProgrammeWorld) -> None:
    world.lead(1)
    world.act(1, is_history=True)
    world.lead(2)
    seq = world.act(2)
    world.connection.execute(
        "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " values (%s, 2, 'trap_link', 'x', now())",
        [seq],
    )
    world.lead(3, only_claimed=True)
    world.act(3)
    world.lead(4)
    world.connection.execute("insert into identity.uncounted_leads values (4, 'internal', 'x', now())")
    world.act(4)
    world.lead(5)
    world.connection.execute("update identity.leads set erased_at = now() where lead_id = 5")
    world.act(5)
    world.lead(6)
    world.act(6, context={"page": "https://x.example/trial-balance"})
    assert world.run(world.at("06-02 11:00")) == []
    assert world.members() == []


def test_nobody_enters_by_what_was_done_before_the_programme_was_there(world: ProgrammeWorld) -> None:
    world.lead(1)
    world.act(1, world.at("06-02 10:00"))
    trial, new = make_programme(), make_programme(entry=[{"event": "page_view"}])
    world.set(programmes={"trial": trial, "new": new})
    world.run(world.at("06-02 10:30"))
    assert world.rows("select programme from nurture.memberships") == [("trial",)]
    world.act(1, world.at("06-02 10:31"))
    world.run(world.at("06-02 10:35"))
    assert world.rows("select programme, cycle from nurture.memberships order by 1") == [
        ("new", 1),
        ("trial", 1),
    ]


def test_who_comes_again_too_early_is_not_taken_again(world: ProgrammeWorld) -> None:
    visit(world)
    world.run(world.at("06-02 11:00"))
    assert world.claim() == {}
    world.act(1, world.at("06-05 10:00"))
    world.run_until(world.at("06-15 10:00"))
    assert world.members() == [(1, 1, "finished", None)]
    world.act(1, world.at("07-02 09:59"))  # a minute too early: 30 days are up on 2 July 10:00
    world.run(world.at("07-02 09:59"))
    assert len(world.members()) == 1
    world.act(1, world.at("07-02 10:00"))
    assert world.run(world.at("07-02 11:00")) == ["1 first"]
    assert world.members() == [(1, 1, "finished", None), (1, 2, "active", None)]
    assert world.payloads()[-1]["cycle"] == 2


def test_where_nobody_enters_twice_a_year_changes_nothing(world: ProgrammeWorld) -> None:
    world.set(trial={"reentry_after": None})
    world.enter(now=world.at("05-01 10:00"))
    visit(world)
    world.run_until(world.at("06-15 10:00"))
    world.act(1, world.at("12-02 10:00"))
    assert world.run(world.at("12-02 12:00")) == []
    assert world.members() == [(1, 1, "finished", None)]


def cap(settings: NurtureSettings, messages: int, days: int) -> dict[str, dict[str, int]]:
    return {"frequency_cap": {"messages": messages, "per_days": days}}


def test_the_cap_counts_the_messages_of_all_programmes(world: ProgrammeWorld) -> None:
    first = [STEPS[0] | {"stale_after": "3d"}]
    world.set(
        programmes={name: make_programme(steps=first) for name in ("a", "b")},
        **cap(world.settings, 1, 2),
    )
    world.enter(now=world.at("05-01 10:00"))
    visit(world)
    came = world.run_until(world.at("06-06 10:00"))
    # 11:00 on 2 June, and 48 hours after it; due at the same time, the older membership comes first.
    assert sorted(came.values()) == [world.at("06-04 11:00")]  # the second of two equal keys
    assert world.queued() == ["1 first", "1 first"]
    assert world.rows("select decided_at from nurture.sends order by 1") == [
        (world.at("06-02 11:00"),),
        (world.at("06-04 11:00"),),
    ]


def test_what_finds_no_room_before_it_is_stale_is_skipped(world: ProgrammeWorld) -> None:
    world.set(**cap(world.settings, 1, 10))
    world.enter(now=world.at("05-01 10:00"))
    visit(world)
    world.run_until(world.at("06-12 11:00"))
    assert world.sends() == {"1 first": "queued", "1 second": "frequency_cap", "1 third": "frequency_cap"}


def test_the_depth_is_the_deepest_that_any_act_reached(world: ProgrammeWorld) -> None:
    depth = [
        {"name": "under_25", "when": {"properties.percent": {"below": 25}}, "message": "m.low"},
        {
            "name": "to_75",
            "when": {"properties.percent": {"at_least": 25, "at_most": 75}},
            "message": "m.mid",
        },
        {"name": "over_75", "when": {"properties.percent": {"above": 75}}, "message": "m.high"},
    ]
    world.set(trial={"entry": [{"event": "watch"}], "steps": [STEPS[0] | {"message": None, "depth": depth}]})
    world.enter(now=world.at("05-01 10:00"))
    watched = {1: [24.9], 2: [25], 3: [75], 4: [75.1], 5: [90, 10], 6: [10, "60"], 7: [None], 8: []}
    for lead, percents in watched.items():
        world.lead(lead)
        for minute, percent in enumerate(percents):
            world.act(lead, world.at(f"06-02 10:0{minute}"), "watch", percent=percent)
    world.run(world.at("06-02 11:01"))
    depths = dict(zip(world.queued(), [row["depth"] for row in world.payloads()], strict=True))
    assert depths == {
        "1 first": "under_25",
        "2 first": "to_75",
        "3 first": "to_75",
        "4 first": "over_75",
        "5 first": "over_75",
        "6 first": "to_75",
    }
    assert world.sends()["7 first"] == "no_message"


def test_members_finish_the_version_that_they_began(world: ProgrammeWorld) -> None:
    visit(world)
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    world.set(trial={"steps": [STEPS[0] | {"message": "m.other"}]})
    world.run(world.at("06-02 12:00"))
    visit(world, "06-02 12:30", lead=2)
    came = world.run_until(world.at("06-12 10:00"))
    assert sorted(came) == ["1 second", "1 third", "2 first"]
    assert world.rows("select lead_id, version, state from nurture.memberships order by 1") == [
        (1, 1, "finished"),
        (2, 2, "finished"),
    ]
    # What was done before the edit belongs to the version of its time, however late it arrives.
    world.lead(3)
    world.act(3, world.at("06-02 11:30"), received_at=world.at("06-02 13:00"))
    world.run(world.at("06-02 13:00"))
    assert world.rows("select version from nurture.memberships where lead_id = 3") == [(1,)]


def test_a_programme_that_is_taken_out_ends_and_one_that_is_closed_runs_out(world: ProgrammeWorld) -> None:
    world.set(programmes={"trial": make_programme(), "other": make_programme(entry=[VISIT])})
    world.enter(now=world.at("05-01 10:00"))
    visit(world)
    assert len(world.run(world.at("06-02 11:00"))) == 2
    world.set(programmes={"other": make_programme(takes_members=False)})
    visit(world, "06-02 12:30", lead=2)
    came = world.run_until(world.at("06-12 10:00"))
    assert sorted(came) == ["1 second", "1 third"]
    assert world.rows("select lead_id, programme, state, reason from nurture.memberships order by 2") == [
        (1, "other", "finished", None),
        (1, "trial", "exited", "removed"),
    ]


def test_the_file_of_a_machine_that_a_rollout_has_not_reached_changes_nothing(world: ProgrammeWorld) -> None:
    older, newer = world.settings, {"steps": [STEPS[0] | {"message": "m.other"}]}
    world.set(trial=newer)
    world.run(world.at("06-02 12:00"))
    world.settings = older
    world.run(world.at("06-02 12:05"))
    assert world.rows("select max(version) from nurture.programmes") == [(2,)]
    world.run(world.at("06-02 12:10"))  # ten minutes later it is meant
    assert world.rows("select max(version) from nurture.programmes") == [(3,)]


def test_who_is_held_out_is_taken_along_and_gets_nothing(world: ProgrammeWorld) -> None:
    world.set(trial={"holdout_share": 0.5})
    world.enter(now=world.at("05-01 10:00"))
    for lead in range(1, 41):
        visit(world, lead=lead)
    world.run(world.at("06-02 11:00"))
    held = {row[0] for row in world.rows("select lead_id from nurture.memberships where is_held_out")}
    assert 5 < len(held) < 35
    assert {int(name.split()[0]) for name in world.queued()} == set(range(1, 41)) - held
    assert {became for name, became in world.sends().items() if int(name.split()[0]) in held} == {"held_out"}


def test_a_step_without_a_counterpart_in_the_ma_waits_and_then_goes_without(world: ProgrammeWorld) -> None:
    world.gaps = {("trial", "first"): "no list"}
    visit(world)
    assert world.run(world.at("06-02 11:00")) == []
    world.gaps = {}
    assert world.run(world.at("06-02 12:00")) == ["1 first"]
    world.gaps = {("trial", "second"): "no list"}
    world.run_until(world.at("06-05 10:00"))
    assert world.sends() == {"1 first": "queued", "1 second": "not_set_up"}


def test_a_message_goes_to_the_lead_that_the_ma_knows(world: ProgrammeWorld) -> None:
    world.lead(1)
    world.lead(2)
    world.connection.execute("insert into delivery.external_ids values ('ma', 2, '77', now())")
    world.join(1, 2)
    world.act(1, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["2 first"]


def know_in_ma(world: ProgrammeWorld, lead: int, external_id: str) -> None:
    world.connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('ma', %s, %s, now())",
        [lead, external_id],
    )
    world.connection.commit()


def test_no_two_enrolments_of_a_lead_in_the_ma_are_the_same_after_a_split(world: ProgrammeWorld) -> None:
    """The MA would answer `duplicate`, and the message of the younger lead would be lost."""
    world.lead(1)
    world.lead(2)
    know_in_ma(world, 2, "77")
    world.join(1, 2)
    world.act(1, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["2 first"]
    assert world.claim() == {}
    world.split(1, 2)
    world.act(2, world.at("07-10 10:00"))
    assert world.run(world.at("07-10 11:00")) == ["2 first"]
    assert world.members()[-1] == (2, 1, "active", None), "its own first membership"
    assert [payload["cycle"] for payload in world.payloads()] == [1, 2]


def test_two_leads_that_are_one_in_the_ma_have_different_enrolments(world: ProgrammeWorld) -> None:
    for lead in (1, 2, 3):
        world.lead(lead)
        know_in_ma(world, lead, "77" if lead < 3 else "78")
        world.act(lead, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["1 first", "2 first", "3 first"]
    assert [payload["cycle"] for payload in world.payloads()] == [1, 2, 1]


def test_an_enrolment_that_was_dropped_before_it_was_sent_leaves_its_number(world: ProgrammeWorld) -> None:
    visit(world)
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    assert world.claim(world.at("06-02 22:30")) == {"1 first": "quiet_hours"}
    assert world.run(world.at("06-03 08:00")) == ["1 first"]
    assert [payload["cycle"] for payload in world.payloads()] == [1, 1]


def test_leads_that_are_joined_between_entering_and_sending_get_a_step_once(world: ProgrammeWorld) -> None:
    for lead in (1, 2):
        world.lead(lead)
        world.act(lead, world.at("06-02 10:00"))
    world.enter(now=world.at("06-02 11:00"))
    world.join(1, 2)
    send_due(world.connection, context=world.context, gaps={}, now=world.at("06-02 11:00"))
    assert world.queued() == ["1 first"]
    assert world.sends() == {"1 first": "queued", "2 first": "already_sent"}


def test_an_enrolment_of_a_lead_that_the_ma_never_knows_ends_when_it_is_stale(world: ProgrammeWorld) -> None:
    visit(world)
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    assert world.run(world.at("06-03 10:55")) == ["1 second"]
    assert world.sends()["1 first"] == "queued"
    assert world.run(world.at("06-03 11:00")) == []
    assert world.sends()["1 first"] == "stale"
    states = world.rows("select payload ->> 'step', state, error from delivery.outbox order by outbox_id")
    assert states == [("first", "dropped", "stale"), ("second", "pending", None)]


def test_an_enrolment_that_is_being_sent_is_not_dropped_as_stale(
    world: ProgrammeWorld, database_url: str
) -> None:
    visit(world)
    world.run(world.at("06-02 11:00"))
    world.connection.commit()
    with connect(database_url) as sender:
        sender.execute("select 1 from delivery.outbox for update")
        world.run(world.at("06-04 11:00"))
        assert world.sends()["1 first"] == "queued"
        world.connection.commit()
    world.connection.execute("update delivery.outbox set state = 'sending'")
    world.run(world.at("06-04 11:05"))
    assert world.sends()["1 first"] == "queued"
