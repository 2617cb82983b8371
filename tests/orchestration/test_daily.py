"""The bodies of refresh_funnel's tasks, on a real database."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leadops.db import Connection
from leadops.orchestration import daily
from tests.funnel.conftest import Books, at, on

#: Midnight of 2 June 2026 in Tokyo: the run that it begins is for the first.
MIDNIGHT = datetime(2026, 6, 1, 15, tzinfo=UTC)


def context(task_id: str, end: datetime = MIDNIGHT) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id="refresh_funnel",
        run_type="scheduled",
        data_interval_start=end - timedelta(days=1),
        data_interval_end=end,
        run_after=end,
        start_date=end,
    )
    return {"dag_run": run, "task_instance": SimpleNamespace(task_id=task_id)}


@pytest.fixture
def books(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setattr(daily, "now", lambda: MIDNIGHT + timedelta(seconds=5))
    return Books(connection)


def test_a_run_counts_judges_shares_and_prices_the_day_that_is_over(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, "won", at("06-01 12:00"), value=500)
    books.reach(lead, "sql", at("06-01 09:00"))

    counted = daily.refresh(context("refresh"))
    judged = daily.gate()
    daily.attribute(context("attribute"))
    assert books.ask("select name from incidents.heartbeats where name = 'refresh_funnel'") == []
    priced = daily.economics(context("economics"))

    assert counted == {"day": "2026-06-01", "mqls": 1, "wons": 1, "again": [], "waiting": 0}
    assert judged == {"days": 1, "findings": 1}
    assert priced["won"] == 1
    assert books.daily("dt, mqls, wons, left_out") == [(on("06-01"), 1, 1, 1)]
    assert books.ask("select count(*) from incidents.heartbeats where name = 'refresh_funnel'") == [(1,)]


def test_the_next_run_says_which_days_it_built_again(books: Books) -> None:
    daily.refresh(context("refresh"))
    books.mql(at("06-01 10:00"))

    again = daily.refresh(context("refresh", MIDNIGHT))

    assert again["mqls"] == 1
    assert again["again"] == []  # it was the run's own day
    books.mql(at("06-01 11:00"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(daily, "now", lambda: MIDNIGHT + timedelta(days=1))
        done = daily.refresh(context("refresh", MIDNIGHT + timedelta(days=1)))
    assert done == {"day": "2026-06-02", "mqls": 0, "wons": 0, "again": ["2026-06-01"], "waiting": 0}


def test_a_run_says_how_many_earlier_days_still_wait(
    tmp_path: Path, books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        daily.refresh(context("refresh", MIDNIGHT - timedelta(days=number)))
    books.mql(at("05-30 10:00"))
    books.mql(at("05-31 10:00"))
    (tmp_path / "funnel.yaml").write_text("dirty_days_at_most: 1\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))

    # The run's own day, whose figures look back on both of them, is built anyway.
    done = daily.refresh(context("refresh"))

    assert (done["again"], done["waiting"]) == (["2026-05-30"], 1)
    assert "1 of the earlier days still wait to be built again; the next run takes at most 1" in caplog.text


def test_nothing_heavy_is_loaded_before_a_task_needs_it() -> None:
    check = (
        "import sys; import leadops.orchestration.daily, leadops.cli.funnel;"
        " print(', '.join({'numpy', 'scipy', 'pandas', 'sklearn'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)

    assert (done.stdout.strip(), done.stderr) == ("", "")
