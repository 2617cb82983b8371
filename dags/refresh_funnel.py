"""Every day: what happened, which touches led to it, what it cost, and what nurture added."""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import funnel


@dag(**daily_dag(tags=["every-day", "funnel"]))
def refresh_funnel() -> None:
    """
    ### What happened, which touches led to it, what it cost, and what nurture added

    **What**: counts the leads and stages of the day by campaign and source, with rates, lead times and
    response times; rebuilds earlier days that late rows changed; checks the quality of what it built; shares
    the conversions among the touches; computes cost and payback; compares the members of nurture programmes
    with those held out. **When**: at midnight of the company's zone, for the local day that is over.
    **Connections**: only `LEADOPS_DATABASE_URL`; `check_alerts` posts the findings to Slack.

    **When it is red**
    - *yesterday's tables stand*: each day is written whole or not at all. Read the log below *Task failed
      with exception*, fix the cause, then clear the task. Re-running a day produces the same tables.
    - *refresh*: a setting is wrong (the log names file and line), or the database did not answer.
    - *attribute, economics or lift*: the funnel itself is built; only that page is a day old.
    - *numbers look wrong, but nothing is red*: `leadops funnel findings` lists what the checks found, and
      `analytics.left_out` what is not counted.

    **Backfill**: `airflow backfill create --dag-id refresh_funnel --from-date 2026-05-01T00:00+09:00
    --to-date 2026-05-31T23:59+09:00`, in any order, any number of times; or
    `leadops funnel refresh --from … --to …`. Give the offset of the company's zone: Airflow reads a bare date
    as midnight UTC, and a day at one end would be missing.
    """
    refresh, check_quality = leadops_task(funnel.refresh)(), leadops_task(funnel.check_quality)()
    attribute, economics = leadops_task(funnel.attribute)(), leadops_task(funnel.economics)()
    lift = leadops_task(funnel.lift)()

    refresh >> check_quality >> [attribute, economics, lift]


refresh_funnel()
