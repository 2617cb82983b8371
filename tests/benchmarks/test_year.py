"""A few days of the year; housekeeping keeps most for a day: what is old goes, and the rest is right."""

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.year.company import Company
from benchmarks.year.installation import ALL, KEEP_HOUSE, MINUTE, Installation, YearClock, open_installation
from benchmarks.year.measure_year import START
from benchmarks.year.minute_cost import Moment, measure_minutes, measure_quiet_minutes
from benchmarks.year.play import Played, Year, play_days, split_into_rounds
from benchmarks.year.table_sizes import list_sizes
from leadops.configuration import Config
from leadops.housekeeping.retention_settings import TableRetention
from leadops.identity.compare_rebuilt import compare_rebuilt
from tests.dags.test_dags import EXPECTED
from tests.shipped import SHIPPED, change

DAYS = 6
COMPANY = Company(
    events=300, active_leads=40, new_leads=4, loyal_leads=5, known_share=0.6, claims=2, refused=5, bots=5
)
#: Days of each kind of row; visitors without a name have to be kept for a month.
KEPT = dict.fromkeys(TableRetention.model_fields, 1) | {"anonymous_events": 30}

#: For each setting: how many rows from before %(before)s nobody waits for, and the tables that shrink.
OLD = {
    "calls": (
        "select (select count(*) from delivery.batches where state <> 'ready' and settled_at < %(before)s)"
        " + (select count(*) from delivery.outbox where state in ('done', 'dropped') and body is not null"
        " and settled_at < %(before)s)",
        ["delivery.batches"],
    ),
    "quarantine": (
        "select count(*) from cdp.quarantine where (state <> 'waiting' and settled_at < %(before)s)"
        " or (reason = 'known_bot' and received_at < %(before)s)",
        ["cdp.quarantine"],
    ),
    "quarantined_forms": (
        "select count(*) from intake.quarantined_forms where state <> 'waiting' and settled_at < %(before)s",
        ["intake.quarantined_forms"],
    ),
    "form_refusals": (
        "select count(*) from intake.form_refusals where counted_at < %(before)s",
        ["intake.form_refusals"],
    ),
    "refused_calls": (
        "select count(*) from cdp.refused_calls where counted_at < %(before)s",
        ["cdp.refused_calls"],
    ),
    "crm_refused": ("select count(*) from crm.refused where refused_at < %(before)s", ["crm.refused"]),
    "canary": (
        "select count(*) from canary.visits where started_at < %(before)s",
        [],  # its task is not played
    ),
    "changes": (
        "select count(*) from changes.changes where ended_at < %(before)s",
        [],  # nobody changes a setting in these days
    ),
    "freed_acts": (
        "select count(*) from machines.verdicts where freed_at < %(before)s",
        [],  # few verdicts are taken back in these days
    ),
    "incidents": (
        "select (select count(*) from incidents.incidents where resolved_at < %(before)s)"
        " + (select count(*) from alerts.messages where state = 'final' and created_at < %(before)s"
        " and not exists (select from incidents.incidents where incidents.message_id"
        " in (messages.message_id, messages.parent_id)))",
        ["incidents.incidents", "alerts.messages"],
    ),
    "notices": (
        "select count(*) from routing.notices where state <> 'open' and settled_at < %(before)s",
        ["routing.notices"],
    ),
    "task_results": (
        "select count(*) from incidents.task_results where finished_at < %(before)s",
        ["incidents.task_results"],
    ),
    "anonymous_events": (
        "select count(*) from cdp.events where received_at < %(before)s and not exists (select"
        " from identity.resolved_events where event_seq = seq) and not exists (select from identity.claims"
        " where event_seq = seq and lead_id is not null)",
        ["cdp.events", "identity.unresolved_events"],
    ),
}


#: Left out: nobody answers, there is no Airflow, and no table grows by them.
UNPLAYED = {
    "approve_changes": {"approve"},
    "compare_warehouses": {"compare"},
    "export_marts": {"export"},
    "run_canary": {"visit"},
    "freeze_quarter": {"freeze"},
    "keep_house": {"clean_airflow"},
    "report_response_times": {"draw", "post"},
    "retrain_thresholds": {"approve"},
}


def test_every_task_is_played() -> None:
    played = {dag_id: {verb.name for verb in ALL if verb.dag_id == dag_id} for dag_id in EXPECTED}
    expected = {dag_id: tasks - UNPLAYED.get(dag_id, set()) for dag_id, tasks in EXPECTED.items()}
    assert played == expected


def short_retention() -> Config:
    return Config().replace(retention=change(SHIPPED.retention, tables=KEPT))


def count_old(installation: Installation) -> dict[str, int]:
    counts = {}
    for setting, (statement, _) in OLD.items():
        before = installation.clock() - timedelta(days=KEPT[setting])
        row = installation.connection.execute(statement, {"before": before}).fetchone()
        assert row
        counts[setting] = row[0]
    installation.connection.commit()
    return counts


def check_promises(installation: Installation, year: Year) -> None:
    """The MA has each lead with the ledger's sum, and what identity keeps is what its events say."""
    connection = installation.connection
    audits = connection.execute(
        "select leads, ma_leads, under_way, differing, missing_in_ma, inconsistent from delivery.audits"
        " order by audit_id desc limit 1"
    ).fetchone()
    leads = connection.execute("select count(*) from identity.leads").fetchone()
    wrong = connection.execute(
        "select lead_id from scoring.scores full join (select lead_id, sum(points) as points from"
        " scoring.ledger group by lead_id) as sums using (lead_id)"
        " where coalesce(total, 0) <> coalesce(points, 0)"
    ).fetchall()
    connection.commit()
    assert audits
    assert leads
    assert audits == (leads[0], leads[0], 0, 0, 0, 0)
    assert leads[0] > year.company.active_leads
    assert wrong == []
    assert compare_rebuilt(connection, settings=installation.config.identity).differences == {}
    connection.commit()


@pytest.mark.timeout(900)
def test_after_days_nothing_is_older_than_its_days_and_the_promises_hold(
    database_url: str, tmp_path: Path
) -> None:
    assert set(OLD) == set(TableRetention.model_fields)
    year, played, clock = Year(COMPANY, START), Played(), YearClock(START)
    with open_installation(database_url, tmp_path, clock, config=short_retention()) as installation:
        for day in range(DAYS):
            play_days(installation, year, range(day, day + 1), played)
        check_promises(installation, year)
        assert list_sizes(installation.connection)["identity.unresolved_events"].rows > 0
    # The gateway has written the refusals that it counted.
    with open_installation(database_url, tmp_path, clock, config=short_retention()) as installation:
        installation.run(KEEP_HOUSE)
        assert count_old(installation) == dict.fromkeys(OLD, 0)
        # A month is not over yet, and results are of Airflow's tasks, which a year does without.
        not_here = {"anonymous_events", "task_results"}
        shrunk = {
            table for setting, (_, tables) in OLD.items() if setting not in not_here for table in tables
        }
        assert {table for table in shrunk if not played.deleted[table]} == set()
        # A month later those who never said who they are go, and nothing else does.
        kept = list_sizes(installation.connection)
        clock.set(year.begin(DAYS) + timedelta(days=31))
        old = count_old(installation)["anonymous_events"]
        assert old > 0
        installation.run(KEEP_HOUSE)
        assert count_old(installation)["anonymous_events"] == 0
        now = list_sizes(installation.connection)
        assert now["cdp.events"].rows == kept["cdp.events"].rows - old
        for table in (
            "identity.resolved_events",
            "identity.leads",
            "scoring.ledger",
            "lifecycle.transitions",
        ):
            assert now[table].rows == kept[table].rows > 0
        check_promises(installation, year)


@pytest.mark.timeout(900)
def test_a_minute_with_nothing_to_do_writes_only_that_it_was_there(database_url: str, tmp_path: Path) -> None:
    year, played = Year(COMPANY, START), Played()
    with open_installation(database_url, tmp_path, YearClock(START)) as installation:
        play_days(installation, year, range(1), played)
        moment = Moment(1, installation)
        quiet = measure_quiet_minutes(moment, year, minutes=3)
        # Each run of a DAG says that it succeeded, the CRM how fresh its feed is, and its poll is a call
        # of the day and has an outcome; others do now and then.
        always = {
            "incidents.heartbeats",
            "crm.feeds",
            "delivery.call_counts",
            "delivery.call_outcomes",
            "delivery.quotas",
        }
        rarely = {
            "housekeeping.space_samples",
            "cdp.site_traffic",
            "cdp.traffic_progress",
            "scoring.rule_files",
        }
        open_problems = {"incidents.incidents", "alerts.messages", "mart.inbox"}
        assert always <= set(quiet.rows) <= always | rarely | open_problems
        measure_minutes([moment], year, minutes=1)
        assert {verb.name for verb in MINUTE} == set(moment.quiet) == set(moment.busy)


def test_a_year_is_played_by_days_at_its_ends_and_by_weeks_between() -> None:
    year = Year(COMPANY, START, settled=3)
    rounds = [*split_into_rounds(year, 0, 12, length=30), *split_into_rounds(year, 12, 30, length=30)]
    assert [day for days in rounds for day in days] == list(range(30))
    assert [len(days) for days in rounds] == [1, 1, 1, 7, 2, 7, 4, 1, 1, 1, 1, 1, 1, 1]
