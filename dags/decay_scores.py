"""Every night: old behaviour loses points."""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import nightly


@dag(**daily_dag(tags=["every-day", "scoring"]))
def decay_scores() -> None:
    """
    ### Old behaviour loses points

    **What**: applies score decay up to the end of the day, as ledger rows of kind `decay`; `scoring.yaml`
    sets how fast points decay. The changes go to the MA after the live ones. **When**: at midnight of the
    company's zone, for the day that has ended. The log also says of how many leads no fit rule fits a value
    (`leadops score --unmatched` lists them). **Connections**: only `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. Scores stay as they were the night
    before; the next good run catches up on all missed nights. `leadops decay --dry-run` shows what it would
    do.

    **Backfill**: not needed. It makes no difference if a day is skipped, repeated or run out of order; a day
    before the last one that ran changes nothing.
    """
    leadops_task(nightly.decay)()


decay_scores()
