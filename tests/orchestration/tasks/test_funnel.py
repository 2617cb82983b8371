"""The bodies of refresh_funnel's tasks, on a real database."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.run import TaskRun
from leadops.orchestration.tasks import funnel
from tests.funnel.conftest import Books, at, on
from tests.nurture.lift_world import Programmes
from tests.roles import as_role
from tests.runs import make_run

#: Midnight of 2 June 2026 in Tokyo: the run that it begins is for the first.
MIDNIGHT = datetime(2026, 6, 1, 15, tzinfo=UTC)


def run(end: datetime = MIDNIGHT) -> TaskRun:
    return make_run(end=end, clock=lambda: end + timedelta(seconds=5))


@pytest.fixture
def books(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    return Books(connection)


def test_a_run_counts_judges_shares_and_prices_the_day_that_is_over(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, "won", at("06-01 12:00"), value=500)
    books.reach(lead, "sql", at("06-01 09:00"))

    counted = funnel.refresh(run())
    judged = funnel.check_quality(run())
    funnel.attribute(run())
    priced = funnel.economics(run())

    published = {"published": 4}  # the lead and its three stages
    assert counted == {"day": "2026-06-01", "mqls": 1, "wons": 1, "again": [], "waiting": 0, **published}
    assert judged == {"days": 1, "findings": 1}
    assert priced["won"] == 1
    assert books.daily("dt, mqls, wons, left_out") == [(on("06-01"), 1, 1, 1)]


def test_the_next_run_says_which_days_it_built_again(books: Books) -> None:
    funnel.refresh(run())
    books.mql(at("06-01 10:00"))

    again = funnel.refresh(run())

    assert again["mqls"] == 1
    assert again["again"] == []  # it was the run's own day
    books.mql(at("06-01 11:00"))
    done = funnel.refresh(run(MIDNIGHT + timedelta(days=1)))
    again = {"again": ["2026-06-01"], "waiting": 0}
    assert done == {"day": "2026-06-02", "mqls": 0, "wons": 0, **again, "published": 2}


def test_a_run_says_how_many_earlier_days_still_wait(
    tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        funnel.refresh(make_run(end=MIDNIGHT - timedelta(days=number), clock=run().clock))
    books.mql(at("05-30 10:00"))
    books.mql(at("05-31 10:00"))
    (tmp_path / "funnel.yaml").write_text("dirty_days_at_most: 1\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))

    # The run's own day, whose figures look back on both of them, is built anyway.
    done = funnel.refresh(run())

    assert (done["again"], done["waiting"]) == (["2026-05-30"], 1)
    assert "1 of the earlier days still wait to be built again; the next run takes at most 1" in caplog.text


def test_nothing_heavy_is_loaded_before_a_task_needs_it() -> None:
    check = (
        "import sys; import leadops.orchestration.tasks.funnel, leadops.cli.funnel;"
        " print(', '.join({'numpy', 'scipy', 'pandas', 'sklearn'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_run_compares_the_members_of_programmes_with_those_held_out(books: Books) -> None:
    programmes = Programmes(books.connection)
    version = programmes.version("webinar", 0.5)
    programmes.enter("webinar", version, at("03-01 10:00"), held_out=False)
    programmes.enter("webinar", version, at("03-01 10:00"), held_out=True)
    programmes.enter("webinar", version, at("05-31 10:00"), held_out=True)
    books.connection.commit()

    assert funnel.lift(run()) == {"day": "2026-06-01", "programmes": 1, "members": 1, "held_out": 1}
