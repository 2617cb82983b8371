"""Each quarter: what MQL, SAL and SQL mean in it is fixed."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import reports
from leadops.orchestration.defaults import daily_dag, quarter_param

PARAMS = {"quarter": quarter_param("2026-Q3; empty: the one that has just begun")}


@dag(**daily_dag(tags=["quarterly", "kpi"], cron="0 6 1 1,4,7,10 *"), params=PARAMS)
def freeze_quarter() -> None:
    """
    ### What MQL, SAL and SQL mean this quarter is fixed

    **What**: keeps `kpi.yaml` as it is, whole and with its hash, as the contract of the quarter
    (`lifecycle.frozen_quarters`). From then on, a `kpi.yaml` that says something else for days of that
    quarter opens the incident `contract_changed`; leads are still judged by `kpi.yaml`. **When**: at 6:00
    of the first day of each quarter, for the quarter that begins; by hand for any. Frozen again, nothing is
    added. A scheduled run more than seven days late freezes nothing and says so. **Connections**: none but
    `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*; a fault in `kpi.yaml` is named with
    its line. Correct it and clear the task, or `leadops freeze-quarter 2026-Q3`. A change in mid-quarter that
    marketing and sales have agreed to: `leadops freeze-quarter 2026-Q3 --reason "…"`.
    """

    @task
    @database_errors_in_one_line()
    def freeze() -> dict[str, Any]:
        """Keep the KPI contract of the quarter, if none is kept yet."""
        return reports.freeze(get_current_context())

    freeze()


freeze_quarter()
