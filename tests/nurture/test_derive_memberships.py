"""Joins, splits, late and withdrawn acts: who is in a programme, worked out by hand."""

from itertools import permutations

from tests.nurture.programme_world import ProgrammeWorld


def two(world: ProgrammeWorld) -> None:
    for lead in (1, 2):
        world.lead(lead)


def test_leads_that_are_joined_before_anything_was_sent_are_in_it_once(world: ProgrammeWorld) -> None:
    two(world)
    world.act(2, world.at("06-02 10:00"))
    world.act(1, world.at("06-02 10:20"))
    world.run(world.at("06-02 10:30"))
    assert len(world.members()) == 2
    world.join(1, 2)
    # The person entered with the first act, of whichever lead.
    assert world.run_until(world.at("06-02 12:00")) == {"1 first": world.at("06-02 11:00")}
    assert world.members() == [(1, 1, "active", None)]


def test_leads_that_are_joined_under_way_go_on_as_the_older_membership(world: ProgrammeWorld) -> None:
    two(world)
    world.act(2, world.at("06-02 10:00"))
    world.act(1, world.at("06-02 11:30"))
    assert world.run(world.at("06-02 12:30")) == ["2 first", "1 first"]
    world.join(1, 2)
    assert world.run(world.at("06-02 13:00")) == []
    assert world.members() == [(2, 1, "active", None), (1, 1, "exited", "joined")]
    came = world.run_until(world.at("06-12 10:00"))
    # The older membership is that of lead 2; what it sends goes to the person.
    assert came == {"1 second": world.at("06-03 09:00"), "1 third": world.at("06-09 10:00")}


def test_a_step_that_the_other_lead_got_is_left_out(world: ProgrammeWorld) -> None:
    two(world)
    world.act(1, world.at("06-02 10:00"))
    world.run(world.at("06-02 11:00"))
    world.act(2, world.at("06-01 10:00"), received_at=world.at("06-02 11:10"))
    # Lead 2 entered a day earlier: its second step is due at 09:00 on 2 June.
    assert world.run(world.at("06-02 11:30")) == ["2 second"]
    world.join(1, 2)
    came = world.run_until(world.at("06-12 10:00"))
    # The membership of lead 2 is older and goes on: its first step is overtaken, its second sent.
    assert came == {"1 third": world.at("06-08 10:00")}
    assert world.queued() == ["1 first", "2 second", "1 third"]


def test_a_split_leaves_what_was_sent_with_the_lead_that_got_it(world: ProgrammeWorld) -> None:
    two(world)
    world.connection.execute("insert into delivery.external_ids values ('ma', 2, '77', now())")
    world.join(1, 2)
    world.act(2, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["2 first"]
    world.split(1, 2)
    came = world.run_until(world.at("06-12 10:00"))
    # Lead 1 did nothing, so it leaves. Lead 2 begins anew, and does not get again what it got.
    assert world.members() == [(1, 1, "exited", "withdrawn"), (2, 1, "finished", None)]
    assert came == {"2 second": world.at("06-03 09:00"), "2 third": world.at("06-09 10:00")}
    assert world.sends()["2 first"] == "already_sent"


def test_a_split_before_anything_was_sent_leaves_no_trace(world: ProgrammeWorld) -> None:
    two(world)
    world.join(1, 2)
    world.act(2, world.at("06-02 10:00"))
    world.run(world.at("06-02 10:10"))
    world.split(1, 2)
    assert world.run(world.at("06-02 11:00")) == ["2 first"]
    assert world.members() == [(2, 1, "active", None)]


def test_an_act_that_turns_out_a_machines_takes_the_membership_back(world: ProgrammeWorld) -> None:
    two(world)
    seqs = [world.act(lead, world.at("06-02 10:00")) for lead in (1, 2)]
    world.run(world.at("06-02 10:30"))
    world.lead(3)
    seqs.append(world.act(3, world.at("06-02 10:00")))
    world.act(3, world.at("06-02 10:05"))
    for lead, seq in ((1, seqs[0]), (3, seqs[2])):
        world.connection.execute(
            "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
            " values (%s, %s, 'trap_link', 'x', now())",
            [seq, lead],
        )
        world.look_at(lead)
    assert world.run(world.at("06-02 11:05")) == ["2 first", "3 first"]
    # Lead 3 is in it by its second visit; lead 2 leaves after its message.
    assert world.members() == [(2, 1, "active", None), (3, 1, "active", None)]
    world.connection.execute(
        "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " values (%s, 2, 'trap_link', 'x', now())",
        [seqs[1]],
    )
    world.look_at(2)
    world.run(world.at("06-02 12:00"))
    assert world.members() == [(2, 1, "exited", "withdrawn"), (3, 1, "active", None)]


def test_the_order_of_arrival_does_not_matter(world: ProgrammeWorld) -> None:
    days = ["05-20 10:00", "06-02 10:00", "06-02 10:30"]
    ends = []
    for lead, order in enumerate(permutations(days), start=1):
        world.lead(lead)
        for day in order:
            world.act(lead, world.at(day), received_at=world.at("06-02 10:40"))
            world.enter(now=world.at("06-02 10:40"))
        ends.append(
            world.rows(
                "select cycle, entered_at, due_at, state from nurture.memberships where lead_id = %s", [lead]
            )
        )
    # The visit of 20 May is stale as a whole; that of 10:30 is the same person again.
    assert ends == [[(1, world.at("06-02 10:00"), world.at("06-02 11:00"), "active")]] * 6


def test_looking_again_changes_nothing(world: ProgrammeWorld) -> None:
    two(world)
    world.act(1, world.at("06-02 10:00"))
    world.run(world.at("06-02 10:30"))
    before = world.rows("select * from nurture.memberships")
    world.look_at(1, 1, 2)
    world.run(world.at("06-02 10:35"))
    assert world.rows("select * from nurture.memberships") == before
