"""The simulation gives what routing itself would have given."""

from collections import Counter
from random import Random

from leadops.routing.simulate import read_past_mqls, simulate
from leadops.routing.team import read_team
from tests.routing.conftest import START, TOKYO, Office, rules

DAY = 1440


def test_it_gives_what_runs_in_every_hour_give(office: Office) -> None:
    office.rules = rules(
        rules=[{"name": "language", "same": ["language"]}, {"name": "everybody"}], weights={"b": 2}
    )
    office.rep("a", capacity_per_day=2)
    office.rep("b", capacity_per_day=3, languages=["ja", "de"])
    office.rep("c", zone="Europe/Berlin", languages=["de"], capacity_per_day=1)
    rng = Random(5)
    for lead in range(1, 31):
        language = rng.choice(["ja", "ja", "de"])
        office.mql(lead, rng.randrange(0, 3 * 24) * 60, language=language, company=rng.choice("xyzuvw"))
    office.mql(31, 5, quiet=True, language="ja")
    office.connection.execute("delete from routing.inbox where lead_id = 31")
    held = office.rows("delete from routing.inbox returning lead_id")
    assert len(held) == 30
    until = START.replace(day=6)
    past = read_past_mqls(office.connection, since=START.replace(day=1, hour=0), now=until)
    assert len(past) == 30
    team = read_team(office.connection, rules=office.rules, zone=TOKYO)
    done = simulate(past, team=team, rules=office.rules, until=until)
    for hour in range(5 * 24):
        for lead in past:
            if lead.qualified_at == office.at(hour * 60):
                office.wake(lead.lead_id, why="mql")
        while office.assign(hour * 60).assigned:  # the new owner of an account may take what waits of it
            pass
    real = Counter(rep for (rep,) in office.rows("select rep_id from routing.leads where rep_id is not null"))
    waits = [
        wait
        for (wait,) in office.rows("select waited_minutes from routing.assignments where rep_id is not null")
    ]
    assert done.by_rep == real
    assert sorted(done.waits) == sorted(waits)
    assert done.still_waiting == 30 - len(waits)
    assert done.busiest_day["a"] >= 2


def test_who_still_waits_counts_with_the_time_so_far(office: Office) -> None:
    office.rep("a", capacity_per_day=1)
    office.mql(1)
    office.mql(2, 10)
    team = read_team(office.connection, rules=office.rules, zone=TOKYO)
    past = read_past_mqls(office.connection, since=office.at(-1), now=office.at(60))
    done = simulate(past, team=team, rules=office.rules, until=office.at(60))
    assert (done.still_waiting, done.wait(0), done.wait(0.5), done.wait(1)) == (1, 0.0, 50.0, 50.0)


def test_what_nobody_takes_has_no_wait_and_no_leads_are_no_fault(office: Office) -> None:
    office.rep("a", capacity_per_day=0)
    office.mql(1)
    team = read_team(office.connection, rules=office.rules, zone=TOKYO)
    past = read_past_mqls(office.connection, since=office.at(-1), now=office.at(60))
    done = simulate(past, team=team, rules=office.rules, until=office.at(60))
    assert (done.still_waiting, done.waits_so_far, done.wait(1)) == (1, [60.0], None)
    nothing = simulate([], team=team, rules=office.rules, until=office.at(60))
    assert (nothing.wait(0.5), nothing.at_once, nothing.still_waiting) == (None, 0, 0)
