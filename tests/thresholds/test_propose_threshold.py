from datetime import timedelta

import pytest

from .conftest import DAY, Firm


def busy(firm: Firm) -> None:
    """Leads of five scores, half of which one salesperson cannot contact in time."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)


def test_enough_salespeople_for_everybody_change_nothing(firm: Firm) -> None:
    firm.history()
    firm.reps(10)
    firm.arrive(60, 65, 70, 80, 90, leads=20)
    choice = firm.propose().choice
    assert choice.plan == "keep"
    assert choice.reason == "what is in force is the best"
    # 100 leads in 4 weeks; each of 20 leads a score becomes SQL as the labels say: 19.4 in all, over 4 weeks.
    assert choice.now.leads == 25
    assert choice.now.sqls == pytest.approx(19.4 / 4 / firm_responded(choice), rel=0.01)
    assert choice.now.in_time == pytest.approx(1)


def firm_responded(choice) -> float:
    """All were contacted after 5 minutes: 0.2 + 0.8 / 2^(5/120) of the chance was left."""
    assert choice.facts["labels"]["responded"] == pytest.approx(0.2 + 0.8 * 2 ** (-5 / 120))
    return choice.facts["labels"]["responded"]


def test_what_a_salesperson_can_do(firm: Firm) -> None:
    """1 to 14 July 2026 has ten working days of nine hours in Tokyo, half of them for leads of 45 minutes."""
    firm.reps(2)
    firm.history()
    firm.arrive(60, leads=20)
    capacity = firm.propose().choice.facts["capacity"]
    assert capacity == {
        "salespeople": 2,
        "minutes": 2 * 10 * 540,
        "open_minutes": 10 * 540,
        "leads": 2 * 10 * 540 * 0.5 / 45,
        "backlog": 0,
    }


def test_days_away_limits_a_day_and_what_waits_count(firm: Firm) -> None:
    firm.reps(1, away=[{"from": "2026-07-01", "to": "2026-07-07"}], capacity_per_day=2)
    firm.history()
    firm.arrive(60, leads=20)
    firm.mqls(60, leads=7, day=DAY - timedelta(days=2), wait=None)
    firm.mqls(60, leads=5, day=DAY - timedelta(days=2), wait=None, backfill=True)
    capacity = firm.propose().choice.facts["capacity"]
    assert capacity["minutes"] == 5 * 540
    assert capacity["leads"] == 5 * 2
    assert capacity["backlog"] == 7


def test_a_large_step_asks_a_human(firm: Firm) -> None:
    busy(firm)
    choice = firm.propose().choice
    assert choice.plan == "ask"
    assert choice.reason.startswith("a step of more than 5 points: ")
    assert choice.then.threshold > 65
    assert choice.then.sqls > choice.now.sqls
    assert 0 < choice.interval[0] < choice.then.sqls - choice.now.sqls < choice.interval[1]
    ((_, value, sla, decided_by, plan, proposed, _),) = firm.rows()
    assert (value, sla, decided_by, plan, proposed) == (None, None, "kept", "ask", choice.then.threshold)


def test_a_small_one_does_not(firm: Firm) -> None:
    busy(firm)
    firm.set(max_step=40, sla_minutes=[240])
    assert firm.propose().choice.plan == "apply"
    firm.set(automatic=False)
    choice = firm.propose().choice
    assert choice.plan == "ask"
    assert "automatic: false" in choice.reason


def test_a_jump_in_the_list_of_targets_asks_a_human(firm: Firm) -> None:
    """All leads are alike and far too many: a short target serves fresh leads first.

    The shortest would be too short: whoever is busy with an overdue lead lets the fresh one go overdue too.
    """
    firm.history()
    firm.reps(1)
    firm.arrive(80, leads=300)
    firm.set(sla_minutes=[30, 60, 120, 240], service_level=0.0)
    choice = firm.propose().choice
    assert choice.plan == "ask"
    assert choice.reason.startswith("a step of more than one place in the list of SLA targets: ")
    assert choice.then.sla_minutes == 60
    assert choice.then.leads == choice.now.leads
    # Only the target changes: no total comes into force where there was none.
    found = firm.connection.execute("select proposed_value, proposed_sla_minutes from lifecycle.thresholds")
    assert found.fetchall() == [(None, 60)]


def test_a_gain_inside_the_noise_keeps(firm: Firm) -> None:
    """Hardly a difference between the scores, and a few more leads than there is time for."""
    for total, sqls in ((60, 9), (65, 12)):
        firm.mqls(total, leads=100, sqls=sqls)
    firm.reps(1)
    firm.arrive(60, 65, leads=90)
    firm.set(sla_minutes=[240], service_level=0.0, max_step=10)
    choice = firm.propose().choice
    assert choice.plan == "keep", choice
    assert choice.reason.startswith("the gain is inside the noise: "), choice.reason
    assert choice.interval[0] <= 0 < choice.then.sqls - choice.now.sqls


def test_too_little_data_is_an_answer(firm: Firm) -> None:
    firm.reps(1)
    firm.mqls(60, leads=199, sqls=30)
    firm.arrive(60, leads=20)
    choice = firm.propose().choice
    assert choice.plan == "keep"
    assert "199 mature MQLs (imported ones without a total do not count)" in choice.reason
    assert "of which 30 became SQL; 200 and 20 are needed" in choice.reason
    assert firm.rows()[0][3] == "kept"


def test_without_salespeople_nothing_can_be_said(firm: Firm) -> None:
    firm.history()
    firm.arrive(60, leads=20)
    assert "no salesperson works on leads" in firm.propose().choice.reason


def test_nor_without_leads(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    assert "no lead came over the threshold" in firm.propose().choice.reason


def test_labels_are_mature_live_and_in_time(firm: Firm) -> None:
    firm.reps(1)
    firm.arrive(60, leads=2)
    firm.mqls(60, leads=4, sqls=1, day=DAY - timedelta(days=40))
    firm.mqls(60, leads=4, sqls=2, day=DAY - timedelta(days=40), sql_after_days=31)
    firm.mqls(60, leads=4, sqls=4, day=DAY - timedelta(days=20))
    firm.mqls(60, leads=4, sqls=4, day=DAY - timedelta(days=40), backfill=True)
    firm.mqls(60, leads=4, sqls=4, day=DAY - timedelta(days=500))
    labels = firm.propose().choice.facts["labels"]
    assert (labels["mature"], labels["sqls"]) == (8, 1)


def test_the_same_day_gives_the_same_answer_whatever_came_later(firm: Firm) -> None:
    busy(firm)
    first = firm.propose()
    later = DAY + timedelta(days=3)
    firm.mqls(90, leads=500, day=later)
    firm.mqls(60, leads=500, sqls=500, day=DAY - timedelta(days=60), known=firm.after(DAY, hours=1))
    firm.reps(9)
    again = firm.propose(dry_run=True)
    assert (
        again.choice.facts["capacity"]["salespeople"] == 9
    )  # the last whole day is planned with who is there
    past = firm.propose_at(DAY, now=firm.after(later))
    assert past.hash == first.hash
    assert past.choice == first.choice


def test_a_dry_run_writes_nothing(firm: Firm) -> None:
    busy(firm)
    assert firm.propose(dry_run=True).choice.plan == "ask"
    assert firm.rows() == []


def test_leads_under_the_threshold_are_known_by_their_points_alone(firm: Firm) -> None:
    """A total of 80 is in force: who would come over a lower one is read from the ledger, without a label."""
    firm.history()
    firm.reps(10)
    firm.arrive(80, 90, leads=20)
    firm.decide(80, DAY - timedelta(days=20))
    for lead, behaviour in ((9001, 58), (9002, 50), (9003, 30), (9004, 60)):
        firm.points(lead, fit=20, behaviour=behaviour, day=DAY - timedelta(days=3))
    choice = firm.propose().choice
    assert choice.now.leads * 4 == 40
    # 78 and 70 came over; 50 fails the behaviour, 80 has reached the total and is no near miss.
    assert choice.then.leads * 4 == 42
    assert choice.then.threshold == 70


def test_leads_far_below_all_labels_cannot_be_judged(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(30, leads=200)
    choice = firm.propose().choice
    assert choice.plan == "keep"
    assert choice.then == choice.now


def test_a_small_step_that_makes_more_mqls_at_once_than_a_change_may_asks_a_human_once(firm: Firm) -> None:
    firm.history()
    firm.reps(20)
    firm.arrive(80, 90, leads=20)
    firm.decide(80, DAY - timedelta(days=60))
    for lead in range(9001, 9031):
        firm.points(lead, fit=20, behaviour=50, day=DAY - timedelta(days=3))
    firm.set(max_step=40, sla_minutes=[240])
    before = firm.propose(dry_run=True).choice
    assert (before.plan, before.then.threshold) == ("apply", 70)
    # 50 leads with 75 points that are not MQL yet would be at once: 50 may, 51 may not.
    firm.connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at)"
        " select 900000 + n, 20, 55, now() from generate_series(1, 50) as n"
    )
    firm.connection.commit()
    assert firm.propose(dry_run=True).choice.plan == "apply"
    firm.connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at) values (900051, 20, 55, now())"
    )
    firm.connection.commit()
    choice = firm.propose().choice
    assert choice.plan == "ask"
    assert choice.reason.startswith("51 leads would become MQL at once: ")
