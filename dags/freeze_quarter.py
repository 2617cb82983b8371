"""Each quarter: freeze what MQL, SAL and SQL mean."""

from airflow.sdk import dag

from leadops.orchestration.defaults import quarter_param, quarterly_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import reports

PARAMS = {"quarter": quarter_param("2026-Q3; empty: the one that has just begun")}


@dag(**quarterly_dag(tags=["kpi"], hour=6), params=PARAMS)
def freeze_quarter() -> None:
    """
    ### The meaning of MQL, SAL and SQL is frozen for the quarter

    **What**: stores `kpi.yaml`, whole and with its hash, as the contract of the quarter
    (`lifecycle.frozen_quarters`). From then on, a `kpi.yaml` that differs for days of that quarter opens the
    incident `contract_changed`; leads are still evaluated by `kpi.yaml`. **When**: at 06:00 of the first day
    of each quarter of the company's year, for the quarter that begins; by hand for any quarter. Idempotent.
    A scheduled run more than seven days late freezes nothing and logs a warning. **Connections**: only
    `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*; an error in `kpi.yaml` is named with
    its line. Correct it and clear the task, or run `leadops freeze-quarter 2026-Q3`. If marketing and sales
    agree on a change in mid-quarter: `leadops freeze-quarter 2026-Q3 --reason "…"`.
    """
    leadops_task(reports.freeze)()


freeze_quarter()
